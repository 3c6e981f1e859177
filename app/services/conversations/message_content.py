"""The content of a message: a text, a place, or a document of the case; each refusal says what to do."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.domain.errors import FieldsError, NotFoundError
from app.domain.texts import has_control_characters, shows_something
from app.models import Case, MessageKind
from app.services.documents import document_access
from app.services.installation import city


@dataclass(frozen=True, slots=True)
class Content:
    """The checked content of a message; `values` is stored encrypted.

    `ours`: a text of the product in place of something that cannot be shown (yet).
    """

    kind: MessageKind
    values: Mapping[str, Any]
    document_id: str | None = None
    ours: bool = False


def of_text(text: str) -> Content:
    """A text of one or more lines. Raises `FieldsError` when it is empty, too long, or has hidden
    characters.
    """
    said = text.strip()
    longest = city.current().talk.message.longest
    if not shows_something(said):
        raise _fault("text", "请输入内容后再发送。")
    if len(said) > longest:
        raise _fault("text", f"内容不能超过{longest}个字，请分几条发送。")
    if has_control_characters(said, multiline=True):
        raise _fault("text", "含有不能识别的字符，请重新输入。")
    return Content(MessageKind.TEXT, {"text": said})


def of_place(place: Mapping[str, Any]) -> Content:
    """A place: `latitude_gcj02`, `longitude_gcj02`, and optionally its `name`."""
    return Content(MessageKind.LOCATION, dict(place))


def of_document(case: Case, document_id: str) -> Content:
    """A photo or drawing among the case's documents. Raises `FieldsError` for any other.

    Staff too may only send what the customer may see, since both sides see the message.
    """
    try:
        document = document_access.one_for_customer(case, document_id)
    except NotFoundError as fault:
        raise _fault("document_id", "没有这份资料，或该资料不向客户展示，请先上传。") from fault
    return Content(MessageKind.DOCUMENT, {}, document.id)


def of_request(body: Mapping[str, Any], case: Case | None) -> Content:
    """The single content of a request. Raises `FieldsError` when there is none or more than one."""
    given = [key for key in ("text", "location", "document_id") if body.get(key) is not None]
    if len(given) != 1:
        raise _fault("text", "请发送文字、位置或资料中的一项。")
    if given[0] == "text":
        return of_text(body["text"])
    if given[0] == "location":
        return of_place(body["location"])
    if case is None:
        raise _fault("document_id", "该咨询没有关联工单，不能发送资料。")
    return of_document(case, body["document_id"])


def _fault(field: str, message: str) -> FieldsError:
    return FieldsError([{"field": field, "code": "invalid", "message": message}])
