"""What people do in WeChat itself, done at the simulator: codes, consents, following, callbacks."""

from typing import Any, Protocol

from app.domain.city_folder import city_folder
from demo.environment.json_client import JsonClient
from notifications.wording import catalogfile


class Controls(Protocol):
    """A way to a simulator's control interface (app/wechat/simulator/control.py)."""

    def ask(self, method: str, control: str, document: dict[str, Any] | None = None) -> Any:
        """The JSON answer of one control."""
        ...


class ControlsOverHttp:
    """The controls of a simulator that listens on loopback."""

    def __init__(self, url: str) -> None:
        self._client = JsonClient(url)

    def ask(self, method: str, control: str, document: dict[str, Any] | None = None) -> Any:
        """The JSON answer of one control. Raises `UnexpectedAnswerError` for a refusal."""
        return self._client.ask(method, f"/_sim/{control}", document)


class SimulatedWeChat:
    """The hands of the fictional people in WeChat."""

    def __init__(self, controls: Controls) -> None:
        self._controls = controls

    def codes(self, openid: str, *, unionid: str | None = None, phone: str | None = None) -> dict[str, Any]:
        """Fresh codes of a user, who is made known by it: `login_code`, and `phone_code` with a phone."""
        user = {"openid": openid, "unionid": unionid, "phone": phone}
        known = {key: value for key, value in user.items() if value is not None}
        codes: dict[str, Any] = self._ask("codes", {"user": known})
        return codes

    def consent(self, openid: str, template_id: str, count: int = 1) -> None:
        """The user taps “允许” for a template, once for each message."""
        self._ask("consents", {"openid": openid, "template_id": template_id, "count": count})

    def know_follower(self, openid: str, unionid: str) -> None:
        """The service account has this follower, without run the server of it."""
        self._ask("followers", {"openid": openid, "unionid": unionid})

    def follow(self, openid: str, unionid: str, server: str) -> None:
        """The user follows the service account, and WeChat tells the server at `server` (its base URL)."""
        self.know_follower(openid, unionid)
        payload = {"FromUserName": openid, "MsgType": "event", "Event": "subscribe"}
        url = f"{server}/wechat/callback/service"
        self._ask("push", {"account": "service", "url": url, "payload": payload})

    def register(self, template: dict[str, object]) -> None:
        """Register a message template, as a utility does in the console of its account."""
        self._ask("templates", template)

    def messages(self, after: int = 0) -> list[dict[str, Any]]:
        """Every message that reached a phone, in order, without the first `after`."""
        arrived: list[dict[str, Any]] = self._controls.ask("GET", f"messages?after={after}")
        return arrived

    def _ask(self, control: str, document: dict[str, Any]) -> Any:
        return self._controls.ask("POST", control, document)


def register_templates(wechat: SimulatedWeChat) -> None:
    """Register every template of the demo city's messages, under the ids the product uses with a simulator.

    Raises `ConfigError` when the city's messages are faulty.
    """
    for template in _declared():
        wechat.register(template)


def template_ids_asked_for() -> list[str]:
    """The templates of the mini-program, for which customers are asked to consent."""
    return [str(template["template_id"]) for template in _declared() if template["account"] == "miniprogram"]


def _declared() -> list[dict[str, object]]:
    return catalogfile.load(city_folder({}), None).declared()
