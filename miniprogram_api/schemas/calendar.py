"""The working calendar: drafts, rehearsal, publication."""

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
    """A holiday notice as text, one line for each date: `2027-02-11,休,春节`.

    休 is a day off, 班 a make-up workday, 常 a day that is ordinary again: where it is that already, or is a
    public holiday, 常 is refused.
    """

    year = Integer(
        allow_none=True,
        load_default=None,
        strict=True,
        validate=within(2020, 2099),
        metadata={"description": "The year of the notice; null takes it from the dates"},
    )
    text = String(
        required=True,
        validate=[
            validate.Length(1, _LONGEST_NOTICE, error=f"长度应为1至{_LONGEST_NOTICE}个字。"),
            _harmless,
        ],
        metadata={"example": "2027-01-01,休,元旦\n2027-02-20,班,春节"},
    )


class DatedPeriodsIn(BaseSchema):
    """The office hours of one day, or from one day on.

    Each period is a pair of local times. No periods remove the entry of that day.
    """

    day = _day()
    periods = periods(required=True)


class CalendarDraftIn(BaseSchema):
    """The changes of a calendar draft against the calendar in force, and the reason."""

    note = text(200, example="国务院办公厅关于2027年部分节假日安排的通知")
    notice = Nested(NoticeIn, allow_none=True, load_default=None)
    office_hours = List(
        Nested(DatedPeriodsIn),
        load_default=list,
        validate=_few(),
        metadata={"description": "New office hours, each from a day on"},
    )
    half_days = List(
        Nested(DatedPeriodsIn),
        load_default=list,
        validate=_few(),
        metadata={"description": "Days with shorter office hours"},
    )


class CalendarVersionOut(BaseSchema):
    """A draft of the working calendar, or a published version with its number."""

    id = String(required=True)
    number = Integer(required=True, allow_none=True, metadata={"description": "null for a draft"})
    note = String(required=True)
    created_at = Moment(required=True)
    published_at = Moment(required=True, allow_none=True, metadata={"description": "null for a draft"})


class DatedPeriodsOut(BaseSchema):
    """Office hours from a day on, or the hours of a day with shorter office hours.

    Pairs of local times.
    """

    day = Date(required=True)
    periods = List(List(String()), required=True)


class NoticeDayOut(BaseSchema):
    """A date of a holiday notice: 休 (day off), 班 (make-up workday) or 常 (ordinary again)."""

    day = Date(required=True)
    kind = String(required=True)
    name = String(required=True)


class CalendarOut(BaseSchema):
    """The working calendar in force and the open drafts."""

    version = String(required=True)
    published = Nested(
        CalendarVersionOut,
        required=True,
        allow_none=True,
        metadata={"description": "null before the first publication"},
    )
    announced_years = List(
        Integer(), required=True, metadata={"description": "Years whose holiday notice has been imported"}
    )
    office_hours = List(Nested(DatedPeriodsOut), required=True)
    half_days = List(Nested(DatedPeriodsOut), required=True)
    days = List(Nested(NoticeDayOut), required=True)
    drafts = List(Nested(CalendarVersionOut), required=True)


class MoveCountsOut(BaseSchema):
    """How many open cases were checked, and how many of their due dates move."""

    checked = Integer(required=True)
    cases = Integer(required=True)
    stages = Integer(required=True)
    tasks = Integer(required=True)
    customers_told = Integer(
        required=True, metadata={"description": "How many customers are notified of a new due date"}
    )


class DueDateMoveOut(BaseSchema):
    """A due date before and after the publication."""

    name = String(required=True)
    department = String(required=True, allow_none=True, metadata={"description": "null for a stage"})
    was = Moment(required=True)
    becomes = Moment(required=True)


class RehearsedCaseOut(BaseSchema):
    """A case whose due dates a publication would move."""

    id = String(required=True)
    number = String(required=True)
    program_name = String(required=True)
    project_name = String(required=True)
    state = String(required=True)
    manager_name = String(required=True)
    customer_told = Boolean(required=True, metadata={"description": "Whether the customer would be notified"})
    stages = List(Nested(DueDateMoveOut), required=True)
    tasks = List(Nested(DueDateMoveOut), required=True)


class DayChangeOut(BaseSchema):
    """A day that a publication would make another one.

    Kinds: `workday`, `weekend`, `holiday`, `make-up workday`. `working_days` is what the day counts.
    """

    day = Date(required=True)
    was = String(required=True)
    becomes = String(required=True)
    name = String(required=True, metadata={"description": "What people will call the day"})
    working_days = String(required=True, metadata={"example": "0.5"})


class RehearsalOut(BaseSchema):
    """Every day that a publication would change and every case whose due dates it would move."""

    days = List(Nested(DayChangeOut), required=True)
    counts = Nested(MoveCountsOut, required=True)
    items = List(Nested(RehearsedCaseOut), required=True)


class PublicationOut(BaseSchema):
    """The published version of the calendar, and how many due dates moved."""

    version = Nested(CalendarVersionOut, required=True)
    counts = Nested(MoveCountsOut, required=True)
