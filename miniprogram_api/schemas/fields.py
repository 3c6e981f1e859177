"""The base of every schema, and field types that schemas share: checked texts, instants with offset."""

from datetime import datetime
from typing import Any

from apiflask import Schema
from marshmallow import ValidationError, fields, validate

from app.domain.texts import has_control_characters
from app.services.installation import city
from miniprogram_api import docstrings

_MOST_PERIODS = 4
_TIME = r"([01][0-9]|2[0-3]):[0-5][0-9]"

# Chinese sentences instead of marshmallow's English ones, since customers read them.
_MESSAGES: dict[type[fields.Field[Any]], dict[str, str]] = {
    fields.Field: {
        "required": "请填写此项。",
        "null": "此项不能为空。",
        "validator_failed": "填写有误，请修改。",
    },
    fields.String: {"invalid": "应为文字。", "invalid_utf8": "应为文字。"},
    fields.Float: {"invalid": "应为数字。", "special": "应为数字。", "too_large": "数值过大。"},
    fields.Integer: {"invalid": "应为整数。", "too_large": "数值过大。"},
    fields.Boolean: {"invalid": "应为是或否。"},
    fields.Dict: {"invalid": "应为一组填写内容。"},
    fields.Mapping: {"invalid": "应为一组填写内容。"},
    fields.List: {"invalid": "应为列表。"},
    fields.Nested: {"type": "应为一组填写内容。"},
}


# Here and not in the factory: a field copies its messages when it is made, and schemas make theirs as
# soon as they are imported.
for _field, _messages in _MESSAGES.items():
    _field.default_error_messages = {**_field.default_error_messages, **_messages}


class BaseSchema(Schema):
    """The body of a request or an answer. An unknown field is refused, not ignored.

    The docstring of a schema is its description in the OpenAPI document.
    """

    error_messages = {"unknown": "没有这一项。", "type": "应为一组填写内容。"}  # noqa: RUF012 - marshmallow's own

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Give the schema its description where APISpec looks for it."""
        super().__init_subclass__(**kwargs)
        meta = type("Meta", (cls.Meta,), {"description": docstrings.description(cls)})
        setattr(cls, "Meta", meta)  # noqa: B010 - mypy forbids the assignment to a class


def within(lowest: int, highest: int) -> validate.Range:
    """A number between two bounds. The message is Chinese."""
    return validate.Range(lowest, highest, error=f"应在{lowest}至{highest}之间。")


def counted(fewest: int, most: int) -> validate.Length:
    """A list with a number of entries between two bounds. The message is Chinese."""
    return validate.Length(fewest, most, error=f"应有{fewest}至{most}项。")


def one_of(*choices: str) -> validate.OneOf:
    """One of a few words. The message is Chinese."""
    return validate.OneOf(choices, error=f"应为以下之一：{'、'.join(choices)}。")


def text(
    longest: int, *, required: bool = True, shortest: int = 1, example: str = "", description: str = ""
) -> fields.String:
    """A text of one line without control characters. Blanks alone are refused.

    `example` and `description` are for the OpenAPI document.
    """

    def harmless(value: str) -> None:
        if value.isspace():
            raise ValidationError("请填写此项。")
        if has_control_characters(value):
            raise ValidationError("含有不能识别的字符，请重新输入。")

    return fields.String(
        required=required,
        validate=[
            validate.Length(shortest, longest, error=f"长度应为{shortest}至{longest}个字。"),
            harmless,
        ],
        metadata=documented(example=example, description=description),
    )


def documented(**texts: str) -> dict[str, str]:
    """Metadata of a field for the OpenAPI document, without what is empty."""
    return {name: text for name, text in texts.items() if text}


def periods(*, required: bool) -> fields.List[Any]:
    """The hours of a day as pairs of local times, such as 08:30 and 12:00."""
    time = fields.String(validate=validate.Regexp(_TIME + r"\Z", error="时间应写成08:30的形式。"))
    pair = fields.List(time, validate=validate.Length(equal=2, error="每个时段应有开始和结束时间。"))
    return fields.List(
        pair,
        required=required,
        validate=validate.Length(max=_MOST_PERIODS, error=f"一天最多{_MOST_PERIODS}个时段。"),
        metadata={"example": [["08:00", "12:00"], ["14:00", "18:00"]]},
    )


class Moment(fields.DateTime):
    """An instant in an answer: ISO 8601 with the city's offset, to the second."""

    def _serialize(self, value: datetime | None, attr: str | None, obj: Any, **kwargs: Any) -> str | None:  # noqa: ARG002
        if value is None:
            return None
        return value.astimezone(city.zone()).isoformat(timespec="seconds")


class Number(fields.Float):
    """A number of working days as the city published it: 1 stays 1, a half is 0.5."""

    def _serialize(self, value: float | None, attr: str | None, obj: Any, **kwargs: Any) -> float | None:  # noqa: ARG002
        return value
