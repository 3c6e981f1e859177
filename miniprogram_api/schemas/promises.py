"""What a promise is checked by: stops and disputes, the clock receipt, the budget, the road permit."""

from typing import Any

from apiflask.fields import Boolean, Integer, List, Nested, String
from marshmallow import fields

from miniprogram_api.schemas.customer import ProgramNameOut
from miniprogram_api.schemas.fields import BaseSchema, Moment, one_of, text


class PastMoment(fields.AwareDateTime):
    """An instant coming in: ISO 8601 with its offset, since a time without one could be any."""

    def __init__(self, **given: Any) -> None:
        said = "应为带时区的时间，例如2026-09-18T09:00:00+08:00。"
        super().__init__(
            format="iso",
            error_messages={"invalid": said, "invalid_awareness": said},
            metadata={"example": "2026-09-18T09:00:00+08:00"},
            **given,
        )


class ReviewOut(BaseSchema):
    """What was said against a stop, and what a supervisor decided."""

    id = String(required=True)
    objection = String(required=True, allow_none=True)
    raised_at = Moment(required=True)
    ruling = String(required=True, allow_none=True)
    grounds = String(required=True, allow_none=True)
    ruled_at = Moment(required=True, allow_none=True)


class StopRecordOut(BaseSchema):
    """A stop of the clock; a struck one counts in no figure."""

    id = String(required=True)
    reason = String(required=True)
    party = String(required=True)
    party_name = String(required=True)
    evidence = String(required=True)
    started_at = Moment(required=True)
    ended_at = Moment(required=True, allow_none=True)
    automatic = Boolean(required=True)
    entered_at = Moment(required=True, allow_none=True)
    struck_at = Moment(required=True, allow_none=True)
    reviews = List(Nested(ReviewOut), required=True)


class StopRecordsOut(BaseSchema):
    """Every stop of a case, in order."""

    items = List(Nested(StopRecordOut), required=True)


class DisputeIn(BaseSchema):
    """Why the customer holds a stop to be wrong."""

    text = text(500, example="当天我已备好款，不应暂停计时。")


class RulingIn(BaseSchema):
    """What a supervisor decides on a stop, and why."""

    ruling = String(required=True, validate=one_of("upheld", "struck"))
    reason = text(500, example="收据日期早于暂停开始时间，撤销该暂停。")


class PeriodOut(BaseSchema):
    """A stretch of time."""

    start = String(required=True)
    end = String(required=True)


class ReceiptDayStopOut(BaseSchema):
    """What a stop took of one day: why, whose time, what shows it."""

    stop_id = String(required=True)
    reason = String(required=True)
    party = String(required=True)
    party_name = String(required=True)
    evidence = String(required=True)
    start = String(required=True)
    end = String(required=True)
    stopped = String(required=True)


class ReceiptDayOut(BaseSchema):
    """A calendar day: what it counted, or why it did not."""

    date = String(required=True)
    weekday = String(required=True)
    kind = String(required=True)
    kind_name = String(required=True)
    why = String(required=True)
    provisional = Boolean(required=True)
    office_hours = List(String(), required=True)
    office_minutes = String(required=True)
    counted_minutes = String(required=True)
    share = String(required=True)
    share_exact = String(required=True, metadata={"description": "分数；逐日相加即为合计"})
    stopped = String(required=True)
    stopped_exact = String(required=True)
    stops = List(Nested(ReceiptDayStopOut), required=True)


class ReceiptSumsOut(BaseSchema):
    """Stretches day by day with their sums; `…_exact` are fractions, rounded once for the others."""

    stretches = List(Nested(PeriodOut), required=True)
    used = String(required=True)
    used_exact = String(required=True)
    stopped = String(required=True)
    stopped_exact = String(required=True)
    length = String(required=True)
    length_exact = String(required=True)
    days = List(Nested(ReceiptDayOut), required=True)


class FullProcessReceiptOut(BaseSchema):
    """The full process against the published total."""

    promised_min = String(required=True, allow_none=True)
    promised_max = String(required=True, allow_none=True)
    left = String(required=True, allow_none=True)
    receipt = Nested(ReceiptSumsOut, required=True)


class HeadlineReceiptOut(BaseSchema):
    """The headline's links against its own working days."""

    name = String(required=True)
    links = Integer(required=True)
    promised_max = String(required=True)
    left = String(required=True)
    warn_at = String(required=True, allow_none=True)
    receipt = Nested(ReceiptSumsOut, required=True)


class StageReceiptOut(BaseSchema):
    """One stage against its limit."""

    key = String(required=True)
    name = String(required=True)
    promised_min = String(required=True, allow_none=True)
    promised_max = String(required=True, allow_none=True)
    receipt = Nested(ReceiptSumsOut, required=True)


class ReceiptStopOut(BaseSchema):
    """A stop as the receipt lists it, the struck ones too."""

    id = String(required=True)
    reason = String(required=True)
    party = String(required=True)
    party_name = String(required=True)
    evidence = String(required=True)
    start = String(required=True)
    end = String(required=True, allow_none=True)
    struck_at = String(required=True, allow_none=True)


class ClosingFiguresOut(BaseSchema):
    """What a closed case was closed with, and whether the calendar is still the same."""

    calendar_version = String(required=True)
    same_calendar = Boolean(required=True)
    full_process_used = String(required=True)
    headline_used = String(required=True, allow_none=True)


class ReceiptOut(BaseSchema):
    """The clock receipt of a case."""

    number = String(required=True)
    program = Nested(ProgramNameOut, required=True)
    project_name = String(required=True)
    state = String(required=True)
    as_of = String(required=True)
    calendar_version = String(required=True)
    snapshot = Nested(ClosingFiguresOut, required=True, allow_none=True)
    full_process = Nested(FullProcessReceiptOut, required=True, allow_none=True)
    headline = Nested(HeadlineReceiptOut, required=True, allow_none=True)
    stages = List(Nested(StageReceiptOut), required=True)
    stops = List(Nested(ReceiptStopOut), required=True)


class TotalBudgetOut(BaseSchema):
    """The published total: `reserve` is what all stages together may still lose."""

    promised = String(required=True, allow_none=True)
    used = String(required=True)
    left = String(required=True, allow_none=True)
    projected = String(required=True)
    reserve = String(required=True, allow_none=True)


class StageBudgetOut(BaseSchema):
    """A stage's own budget."""

    key = String(required=True)
    name = String(required=True)
    departments = List(String(), required=True)
    state = String(required=True)
    promised = String(required=True, allow_none=True)
    used = String(required=True)
    left = String(required=True, allow_none=True)
    projected = String(required=True)


class OverrunOut(BaseSchema):
    """From when on a stage eats the time of later ones."""

    stage = String(required=True)
    name = String(required=True)
    at = String(required=True)
    later = List(String(), required=True)


class HeadlineBudgetOut(BaseSchema):
    """The headline's own budget; `warn_at` while one of its links runs."""

    name = String(required=True)
    links = Integer(required=True)
    promised = String(required=True)
    used = String(required=True)
    left = String(required=True)
    running = String(required=True, allow_none=True)
    warn_at = String(required=True, allow_none=True)


class BudgetOut(BaseSchema):
    """What is left of a case's promises."""

    total = Nested(TotalBudgetOut, required=True)
    stages = List(Nested(StageBudgetOut), required=True)
    threat = Nested(OverrunOut, required=True, allow_none=True)
    headline = Nested(HeadlineBudgetOut, required=True, allow_none=True)


class PermitStepIn(BaseSchema):
    """A dated step of a road-opening permit; now, unless an earlier moment is given."""

    step = String(required=True, validate=one_of("needed", "surveyed", "prepared", "handed_in", "received"))
    at = PastMoment(required=False)
    evidence = text(500, example="受理单：路审〔2026〕0918号")


class PermitStepOut(BaseSchema):
    """A step and the working days that it took, or takes so far."""

    key = String(required=True)
    name = String(required=True)
    at = Moment(required=True, allow_none=True)
    working_days = String(required=True, allow_none=True)
    stops_clock = Boolean(required=True)


class PermitOut(BaseSchema):
    """The road-opening permit of a case."""

    needed = Boolean(required=True)
    waiting_for = String(required=True, allow_none=True)
    steps = List(Nested(PermitStepOut), required=True)
