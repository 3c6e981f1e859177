"""The simulated calls that list an account's message templates, in the form of WeChat's documentation."""

from collections.abc import Callable, Mapping

from werkzeug.wrappers import Request

from app.wechat.port import AccountKind
from app.wechat.simulator.state import State, Template

_ONE_TIME, _LONG_TERM = 2, 3


class TemplateCalls:
    """The calls by method and path."""

    def __init__(self, state: State) -> None:
        self._state = state
        self.calls: Mapping[tuple[str, str], Callable[[Request], dict[str, object]]] = {
            ("GET", "wxaapi/newtmpl/gettemplate"): self._subscribe_templates,
            ("GET", "cgi-bin/template/get_all_private_template"): self._message_templates,
        }

    def _subscribe_templates(self, request: Request) -> dict[str, object]:
        return {
            "data": [
                {
                    "priTmplId": template.template_id,
                    "title": template.title,
                    "content": _content(template),
                    "example": "",
                    "type": _LONG_TERM if template.long_term else _ONE_TIME,
                }
                for template in self._listed(request, AccountKind.MINI_PROGRAM)
            ]
        }

    def _message_templates(self, request: Request) -> dict[str, object]:
        return {
            "template_list": [
                {
                    "template_id": template.template_id,
                    "title": template.title,
                    "primary_industry": "",
                    "deputy_industry": "",
                    "content": _content(template),
                    "example": "",
                }
                for template in self._listed(request, AccountKind.SERVICE)
            ]
        }

    def _listed(self, request: Request, kind: AccountKind) -> list[Template]:
        self._state.check_token(request.args.get("access_token", ""), kind)
        return self._state.templates(kind)


def _content(template: Template) -> str:
    """The fields of a template as WeChat writes them: a line for each."""
    return "".join(f"{label}:{{{{{key}.DATA}}}}\n" for key, label in template.fields.items())
