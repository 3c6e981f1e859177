"""The clock receipt of a case."""

from apiflask.fields import Boolean, Integer, List, Nested, String

from miniprogram_api.schemas.customer import ProgramNameOut
from miniprogram_api.schemas.fields import BaseSchema


class PeriodOut(BaseSchema):
    """A period of time, ISO 8601 with the city's offset."""

    start = String(required=True)
    end = String(required=True)


class ReceiptDayStopOut(BaseSchema):
    """The part of a clock pause that falls on one day."""

    stop_id = String(required=True)
    reason = String(required=True)
    party = String(required=True)
    party_name = String(required=True)
    evidence = String(required=True)
    start = String(required=True)
    end = String(required=True)
    stopped = String(required=True, metadata={"description": "Share of a working day, decimal string"})


class ReceiptDayOut(BaseSchema):
    """A calendar day of a clock receipt: how much of it counted, or why it did not."""

    date = String(required=True)
    weekday = String(required=True)
    kind = String(
        required=True, metadata={"description": "workday, weekend, holiday, make-up workday or half day"}
    )
    kind_name = String(required=True)
    why = String(required=True)
    provisional = Boolean(
        required=True, metadata={"description": "The holidays of this year are not announced yet"}
    )
    office_hours = List(
        String(), required=True, metadata={"description": "Local periods such as 08:30-12:00"}
    )
    office_minutes = String(required=True)
    counted_minutes = String(required=True)
    share = String(required=True, metadata={"description": "Counted share of a working day, four decimals"})
    share_exact = String(
        required=True, metadata={"description": "As a fraction; the shares of all days add up to the total"}
    )
    stopped = String(required=True, metadata={"description": "Paused share of a working day, four decimals"})
    stopped_exact = String(required=True, metadata={"description": "As a fraction such as 1/4"})
    stops = List(Nested(ReceiptDayStopOut), required=True)


class ReceiptSumsOut(BaseSchema):
    """Periods day by day with their totals in working days.

    The `…_exact` fields are fractions; the others are rounded once.
    """

    stretches = List(Nested(PeriodOut), required=True)
    used = String(required=True)
    used_exact = String(required=True)
    stopped = String(required=True)
    stopped_exact = String(required=True)
    length = String(required=True, metadata={"description": "Used and paused together"})
    length_exact = String(required=True)
    days = List(Nested(ReceiptDayOut), required=True)


class FullProcessReceiptOut(BaseSchema):
    """The whole process against the published total."""

    promised_min = String(required=True, allow_none=True)
    promised_max = String(required=True, allow_none=True)
    left = String(required=True, allow_none=True)
    receipt = Nested(ReceiptSumsOut, required=True)


class HeadlineReceiptOut(BaseSchema):
    """The headline promise against its own working days."""

    name = String(required=True)
    links = Integer(required=True, metadata={"description": "Number of 环节"})
    promised_max = String(required=True)
    left = String(required=True)
    warn_at = String(
        required=True, allow_none=True, metadata={"description": "When the promise is warned about"}
    )
    receipt = Nested(ReceiptSumsOut, required=True)


class StageReceiptOut(BaseSchema):
    """One stage against its promised working days."""

    key = String(required=True)
    name = String(required=True)
    promised_min = String(required=True, allow_none=True)
    promised_max = String(required=True, allow_none=True)
    receipt = Nested(ReceiptSumsOut, required=True)


class ReceiptStopOut(BaseSchema):
    """A clock pause with its evidence."""

    id = String(required=True)
    reason = String(required=True)
    party = String(required=True)
    party_name = String(required=True)
    evidence = String(required=True)
    start = String(required=True)
    end = String(required=True, allow_none=True)
    struck_at = String(required=True, allow_none=True, metadata={"description": "When it was revoked"})


class ClosingFiguresOut(BaseSchema):
    """The figures with which a case was closed."""

    calendar_version = String(required=True)
    same_calendar = Boolean(required=True, metadata={"description": "Whether the calendar is still the same"})
    full_process_used = String(required=True)
    headline_used = String(required=True, allow_none=True)


class ReceiptOut(BaseSchema):
    """The clock receipt of a case.

    Working days are decimal strings, times are ISO 8601 with the city's offset.
    """

    number = String(required=True)
    program = Nested(ProgramNameOut, required=True)
    project_name = String(required=True)
    state = String(required=True)
    as_of = String(required=True, metadata={"description": "The instant up to which time was counted"})
    calendar_version = String(required=True)
    snapshot = Nested(
        ClosingFiguresOut, required=True, allow_none=True, metadata={"description": "null for an open case"}
    )
    full_process = Nested(
        FullProcessReceiptOut,
        required=True,
        allow_none=True,
        metadata={"description": "null where the plan promises no total"},
    )
    headline = Nested(
        HeadlineReceiptOut,
        required=True,
        allow_none=True,
        metadata={"description": "null for a program without a headline promise"},
    )
    stages = List(Nested(StageReceiptOut), required=True)
    stops = List(Nested(ReceiptStopOut), required=True)
