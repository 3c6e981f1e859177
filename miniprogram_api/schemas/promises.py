"""Clock pauses and disputes, the budget, and the road permit."""

from typing import Any

from apiflask.fields import Boolean, Integer, List, Nested, String
from marshmallow import fields

from miniprogram_api.schemas.fields import BaseSchema, Moment, one_of, text


class PastMoment(fields.AwareDateTime):
    """An instant in a request: ISO 8601 with its offset. Without an offset it would be ambiguous."""

    def __init__(self, **given: Any) -> None:
        message = "应为带时区的时间，例如2026-09-18T09:00:00+08:00。"
        super().__init__(
            format="iso",
            error_messages={"invalid": message, "invalid_awareness": message},
            metadata={"example": "2026-09-18T09:00:00+08:00"},
            **given,
        )


class ReviewOut(BaseSchema):
    """A dispute about a clock pause, and the supervisor's decision."""

    id = String(required=True)
    objection = String(
        required=True,
        allow_none=True,
        metadata={"description": "The customer's text; null for a decision without a dispute"},
    )
    raised_at = Moment(required=True)
    ruling = String(
        required=True,
        allow_none=True,
        metadata={"description": "upheld or struck (revoked); null while undecided"},
    )
    grounds = String(required=True, allow_none=True, metadata={"description": "The supervisor's reason"})
    ruled_at = Moment(required=True, allow_none=True)


class StopRecordOut(BaseSchema):
    """A clock pause (停钟).

    A revoked pause counts in no figure.
    """

    id = String(required=True)
    reason = String(required=True)
    party = String(required=True, metadata={"description": "Who caused it: customer, authority or utility"})
    party_name = String(required=True)
    evidence = String(required=True)
    started_at = Moment(required=True)
    ended_at = Moment(required=True, allow_none=True)
    automatic = Boolean(required=True, metadata={"description": "Started by a task or a permit step"})
    entered_at = Moment(
        required=True,
        allow_none=True,
        metadata={"description": "When it was recorded afterwards; null when at its time"},
    )
    struck_at = Moment(required=True, allow_none=True, metadata={"description": "When it was revoked"})
    reviews = List(Nested(ReviewOut), required=True)


class StopRecordsOut(BaseSchema):
    """All clock pauses of a case, in order."""

    items = List(Nested(StopRecordOut), required=True)


class DisputeIn(BaseSchema):
    """Why the customer considers the pause wrong."""

    text = text(500, example="当天我已备好款，不应暂停计时。")


class RulingIn(BaseSchema):
    """The supervisor's decision and its reason.

    `upheld`: the pause stands. `struck`: it is revoked.
    """

    ruling = String(required=True, validate=one_of("upheld", "struck"))
    reason = text(500, example="收据日期早于暂停开始时间，撤销该暂停。")


class TotalBudgetOut(BaseSchema):
    """The published total against the used working days, as decimal strings."""

    promised = String(required=True, allow_none=True)
    used = String(required=True)
    left = String(required=True, allow_none=True)
    projected = String(required=True, metadata={"description": "If every later stage uses its whole limit"})
    reserve = String(
        required=True, allow_none=True, metadata={"description": "What all stages together may still lose"}
    )


class StageBudgetOut(BaseSchema):
    """One stage's promised against its used working days, as decimal strings."""

    key = String(required=True)
    name = String(required=True)
    departments = List(String(), required=True)
    state = String(required=True, metadata={"description": "waiting, open or done"})
    promised = String(required=True, allow_none=True)
    used = String(required=True)
    left = String(required=True, allow_none=True)
    internal_aim = String(
        required=True,
        allow_none=True,
        metadata={"description": "What the utility asks of itself, not promised to the customer"},
    )
    internal_aim_left = String(required=True, allow_none=True)
    projected = String(required=True, metadata={"description": "If the stage keeps its limit from now on"})


class OverrunOut(BaseSchema):
    """From when on the open stage uses up the working days of later stages."""

    stage = String(required=True)
    name = String(required=True)
    at = String(required=True)
    later = List(String(), required=True, metadata={"description": "Names of the later stages"})


class HeadlineBudgetOut(BaseSchema):
    """The headline promise against its used working days, as decimal strings."""

    name = String(required=True)
    links = Integer(required=True, metadata={"description": "Number of 环节"})
    promised = String(required=True)
    used = String(required=True)
    left = String(required=True)
    running = String(
        required=True, allow_none=True, metadata={"description": "The stage whose time counts now"}
    )
    warn_at = String(
        required=True,
        allow_none=True,
        metadata={"description": "When its people are warned; null while nothing counts"},
    )


class BudgetOut(BaseSchema):
    """What is left of the promised working days of a case."""

    total = Nested(TotalBudgetOut, required=True)
    stages = List(Nested(StageBudgetOut), required=True)
    threat = Nested(
        OverrunOut,
        required=True,
        allow_none=True,
        metadata={"description": "null while no stage uses up later ones"},
    )
    headline = Nested(HeadlineBudgetOut, required=True, allow_none=True)


class PermitStepIn(BaseSchema):
    """A step of the road-opening permit, at an earlier time or now."""

    step = String(required=True, validate=one_of("needed", "surveyed", "prepared", "handed_in", "received"))
    at = PastMoment(required=False)
    evidence = text(500, example="受理单：路审〔2026〕0918号")


class PermitStepOut(BaseSchema):
    """A step of the road-opening permit and the working days it took, or takes so far."""

    key = String(required=True)
    name = String(required=True)
    at = Moment(required=True, allow_none=True)
    working_days = String(required=True, allow_none=True, metadata={"description": "Decimal string"})
    stops_clock = Boolean(
        required=True, metadata={"description": "Whether the clock is paused during this step"}
    )


class PermitOut(BaseSchema):
    """The road-opening permit of a case."""

    needed = Boolean(required=True)
    waiting_for = String(
        required=True, allow_none=True, metadata={"description": "Name of the next step; null at the end"}
    )
    steps = List(Nested(PermitStepOut), required=True)
