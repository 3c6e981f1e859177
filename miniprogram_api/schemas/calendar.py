"""What supervisors send and get at the calendar desk."""

from apiflask.fields import Boolean, Date, Integer, List, Nested, String
from marshmallow import ValidationError, validate

from app.domain.texts import has_control_characters
from miniprogram_api.schemas.fields import BaseSchema, Moment, periods, text, within

_LONGEST_NOTICE = 20_000
_MOST_ENTRIES = 100


def _harmless(value: str) -> None:
    if has_control_characters(value, multiline=True):
        raise ValidationError("含有不能识别的字符，请重新粘贴。")


def _day() -> Date:
    return Date(required=True, error_messages={"invalid": "日期应写成2027-02-11的形式。"})


def _few() -> validate.Length:
    return validate.Length(max=_MOST_ENTRIES, error=f"一次最多{_MOST_ENTRIES}项。")


class NoticeIn(BaseSchema):
    """A holiday notice as the text of its file: a line for each date, `2027-02-11,休,春节`."""

    year = Integer(allow_none=True, load_default=None, strict=True, validate=within(2020, 2099))
    text = String(
        required=True,
        validate=[
            validate.Length(1, _LONGEST_NOTICE, error=f"长度应为1至{_LONGEST_NOTICE}个字。"),
            _harmless,
        ],
        metadata={"example": "2027-01-01,休,元旦\n2027-02-20,班,春节"},
    )


class DatedPeriodsIn(BaseSchema):
    """The hours of a day, or from a day on: pairs of local times; no periods take an entry back."""

    day = _day()
    periods = periods(required=True)


class CalendarDraftIn(BaseSchema):
    """What a draft changes of the calendar in force, and why."""

    note = text(200, example="国务院办公厅关于2027年部分节假日安排的通知")
    notice = Nested(NoticeIn, allow_none=True, load_default=None)
    office_hours = List(Nested(DatedPeriodsIn), load_default=list, validate=_few())
    half_days = List(Nested(DatedPeriodsIn), load_default=list, validate=_few())


class CalendarVersionOut(BaseSchema):
    """A draft, or a published version with its number."""

    id = String(required=True)
    number = Integer(required=True, allow_none=True)
    note = String(required=True)
    created_at = Moment(required=True)
    published_at = Moment(required=True, allow_none=True)


class DatedPeriodsOut(BaseSchema):
    """Office hours from a day on, or those of a half-open day."""

    day = Date(required=True)
    periods = List(List(String()), required=True)


class NoticeDayOut(BaseSchema):
    """What a notice says of a date: 休 or 班."""

    day = Date(required=True)
    kind = String(required=True)
    name = String(required=True)


class CalendarOut(BaseSchema):
    """The calendar in force; `published` is null before the first publication."""

    version = String(required=True)
    published = Nested(CalendarVersionOut, required=True, allow_none=True)
    announced_years = List(Integer(), required=True)
    office_hours = List(Nested(DatedPeriodsOut), required=True)
    half_days = List(Nested(DatedPeriodsOut), required=True)
    days = List(Nested(NoticeDayOut), required=True)
    drafts = List(Nested(CalendarVersionOut), required=True)


class MoveCountsOut(BaseSchema):
    """How many cases with open work were looked at, and what moves in them."""

    checked = Integer(required=True)
    cases = Integer(required=True)
    stages = Integer(required=True)
    tasks = Integer(required=True)
    customers_told = Integer(required=True)


class DueDateMoveOut(BaseSchema):
    """A due date, old and new."""

    name = String(required=True)
    department = String(required=True, allow_none=True)
    was = Moment(required=True)
    becomes = Moment(required=True)


class RehearsedCaseOut(BaseSchema):
    """A case of which a due date would move."""

    id = String(required=True)
    number = String(required=True)
    program_name = String(required=True)
    project_name = String(required=True)
    state = String(required=True)
    manager_name = String(required=True)
    customer_told = Boolean(required=True)
    stages = List(Nested(DueDateMoveOut), required=True)
    tasks = List(Nested(DueDateMoveOut), required=True)


class RehearsalOut(BaseSchema):
    """Every case that would move, and how many of everything."""

    counts = Nested(MoveCountsOut, required=True)
    items = List(Nested(RehearsedCaseOut), required=True)


class PublicationOut(BaseSchema):
    """A published version, and what it moved."""

    version = Nested(CalendarVersionOut, required=True)
    counts = Nested(MoveCountsOut, required=True)
