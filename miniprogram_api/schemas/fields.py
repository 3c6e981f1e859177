"""Field types that every schema uses: texts without control characters, instants with offset."""

from datetime import datetime
from typing import Any

from apiflask import Schema
from marshmallow import ValidationError, fields, validate

from app.domain.texts import has_control_characters
from app.services.installation import city

_MOST_PERIODS = 4
_TIME = r"([01][0-9]|2[0-3]):[0-5][0-9]"

# What marshmallow says in English, said to a customer.
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
    """A body or an answer; a field that is not known is refused, not ignored."""

    error_messages = {"unknown": "没有这一项。", "type": "应为一组填写内容。"}  # noqa: RUF012 - marshmallow's own


def within(lowest: int, highest: int) -> validate.Range:
    """A number between two bounds, said in Chinese."""
    return validate.Range(lowest, highest, error=f"应在{lowest}至{highest}之间。")


def counted(fewest: int, most: int) -> validate.Length:
    """A list of so many entries, said in Chinese."""
    return validate.Length(fewest, most, error=f"应有{fewest}至{most}项。")


def one_of(*choices: str) -> validate.OneOf:
    """One of a few words, said in Chinese."""
    return validate.OneOf(choices, error=f"应为以下之一：{'、'.join(choices)}。")


def text(longest: int, *, required: bool = True, shortest: int = 1, example: str = "") -> fields.String:
    """A text of one line without control characters; blanks alone say nothing."""

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
        metadata={"example": example} if example else {},
    )


def periods(*, required: bool) -> fields.List[Any]:
    """The hours of a day: pairs of local times."""
    time = fields.String(validate=validate.Regexp(_TIME + r"\Z", error="时间应写成08:30的形式。"))
    pair = fields.List(time, validate=validate.Length(equal=2, error="每个时段应有开始和结束时间。"))
    return fields.List(
        pair,
        required=required,
        validate=validate.Length(max=_MOST_PERIODS, error=f"一天最多{_MOST_PERIODS}个时段。"),
        metadata={"example": [["08:00", "12:00"], ["14:00", "18:00"]]},
    )


class Moment(fields.DateTime):
    """An instant going out: ISO 8601 with the city's offset, to the second."""

    def _serialize(self, value: datetime | None, attr: str | None, obj: Any, **kwargs: Any) -> str | None:  # noqa: ARG002
        if value is None:
            return None
        return value.astimezone(city.zone()).isoformat(timespec="seconds")


class Number(fields.Float):
    """A number of working days as the city published it: 1 stays 1, a half is 0.5."""

    def _serialize(self, value: float | None, attr: str | None, obj: Any, **kwargs: Any) -> float | None:  # noqa: ARG002
        return value
