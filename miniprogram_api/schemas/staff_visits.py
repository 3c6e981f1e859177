"""Visits as staff see and handle them: what they send and get."""

from apiflask.fields import Boolean, Date, Float, Integer, List, Nested, Raw, String
from marshmallow import fields

from miniprogram_api.schemas.fields import BaseSchema, Moment, one_of, text, within
from miniprogram_api.schemas.visits import LONGEST_REASON, Start, VisitOut

LONGEST_STRETCH = 31
_LONGEST_DELAY = 180


class DaysIn(BaseSchema):
    """So many days from a day on; without `first` from today."""

    first = Date(
        load_default=None, allow_none=True, error_messages={"invalid": "日期应写成2026-09-21的形式。"}
    )
    days = Integer(load_default=1, validate=within(1, LONGEST_STRETCH))


class StaffRescheduleIn(BaseSchema):
    """One of the openings, and what the customer said."""

    starts_at = Start()
    reason = text(LONGEST_REASON, example="客户来电，上午不在现场")


class MyPositionIn(BaseSchema):
    """Where the visitor's phone is."""

    latitude_gcj02 = Float(required=True, validate=within(-90, 90))
    longitude_gcj02 = Float(required=True, validate=within(-180, 180))


class ArrivalIn(BaseSchema):
    """Checking in: the place, or a note why it is unknown or far; the customer's code where it was read."""

    position = Nested(MyPositionIn, load_default=None, allow_none=True)
    note = text(LONGEST_REASON, required=False)
    code = text(6, required=False, shortest=6, example="123456")


class DelayIn(BaseSchema):
    """How many minutes after the agreed time it will begin."""

    minutes = Integer(required=True, strict=True, validate=within(5, _LONGEST_DELAY))


class StaffNoShowIn(BaseSchema):
    """Who was not there, and what was seen."""

    absent = String(required=True, validate=one_of("customer", "visitor"))
    note = text(LONGEST_REASON, example="敲门无人，电话未接")


class FinishIn(BaseSchema):
    """With `outputs` the visit's task is completed in the same step."""

    outputs = fields.Dict(keys=String(), values=Raw(allow_none=True), load_default=None, allow_none=True)


class VisitContactOut(BaseSchema):
    """Whom to meet: masked, or in full where the read is recorded."""

    name = String(required=True)
    phone = String(required=True)
    address = String(required=True)


class StaffVisitOut(BaseSchema):
    """A visit with its case. `code` only for those who come; `proposed` are outputs known by the check-in."""

    visit = Nested(VisitOut, required=True)
    case_id = String(required=True)
    case_number = String(required=True)
    project_name = String(required=True)
    contact = Nested(VisitContactOut, required=True)
    code = String(required=True, allow_none=True)
    task_id = String(required=True, allow_none=True)
    proposed = fields.Dict(keys=String(), values=String(), required=True)


class StaffVisitsOut(BaseSchema):
    """Visits in the order of their time."""

    items = List(Nested(StaffVisitOut), required=True)


class LoadOut(BaseSchema):
    """How busy a person is."""

    number = String(required=True)
    name = String(required=True)
    department = String(required=True)
    visits = Integer(required=True)
    taken_minutes = Integer(required=True)
    working_minutes = Integer(required=True)


class LoadsOut(BaseSchema):
    """The busiest first."""

    items = List(Nested(LoadOut), required=True)


class LeaveIn(BaseSchema):
    """Who is away and who stands in; with `ask` customers of visits that it hits are asked, not moved."""

    staff_number = text(64, example="G001")
    deputy_number = text(64, example="G002")
    starts_at = Start()
    ends_at = Start()
    ask = Boolean(load_default=False)


class ClosureIn(BaseSchema):
    """A department, or without one everything, and why."""

    department = text(64, required=False, example="network")
    starts_at = Start()
    ends_at = Start()
    reason = text(LONGEST_REASON, example="全员抢修")
    ask = Boolean(load_default=False)


class AffectedVisitOut(BaseSchema):
    """A visit that is hit, and the time it is given; null when the customer is asked."""

    visit_id = String(required=True)
    case_id = String(required=True)
    case_number = String(required=True)
    project_name = String(required=True)
    purpose_name = String(required=True)
    starts_at = Moment(required=True)
    becomes = Moment(required=True, allow_none=True)
    visitors = List(String(), required=True)


class AffectedVisitsOut(BaseSchema):
    """The visits that are hit, in order; `more` beyond those that are listed."""

    items = List(Nested(AffectedVisitOut), required=True)
    more = Integer(required=True)
