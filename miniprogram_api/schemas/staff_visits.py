"""Visits for staff, leaves and closures."""

from apiflask.fields import Boolean, Date, Float, Integer, List, Nested, Raw, String
from marshmallow import fields

from miniprogram_api.schemas.fields import BaseSchema, Moment, one_of, text, within
from miniprogram_api.schemas.staff import ContactOut
from miniprogram_api.schemas.visits import LONGEST_REASON, Start, VisitOut

LONGEST_STRETCH = 31
_LONGEST_DELAY = 180


class DaysIn(BaseSchema):
    """A number of days, from a day on."""

    first = Date(
        load_default=None,
        allow_none=True,
        error_messages={"invalid": "日期应写成2026-09-21的形式。"},
        metadata={"description": "Today when left out"},
    )
    days = Integer(load_default=1, validate=within(1, LONGEST_STRETCH))


class StaffRescheduleIn(BaseSchema):
    """One of the openings, and what the customer said."""

    starts_at = Start()
    reason = text(LONGEST_REASON, example="客户来电，上午不在现场")


class MyPositionIn(BaseSchema):
    """The position of the visitor's phone in degrees, GCJ-02."""

    latitude_gcj02 = Float(required=True, validate=within(-90, 90))
    longitude_gcj02 = Float(required=True, validate=within(-180, 180))


class ArrivalIn(BaseSchema):
    """A check-in: position, or a note why it is unknown or far from the site."""

    position = Nested(MyPositionIn, load_default=None, allow_none=True)
    note = text(LONGEST_REASON, required=False, description="Needed without a position or far from the site")
    code = text(
        6,
        required=False,
        shortest=6,
        example="123456",
        description="The code on the customer's phone, if the visitor compares it",
    )


class DelayIn(BaseSchema):
    """How many minutes after the agreed time the visit begins."""

    minutes = Integer(required=True, strict=True, validate=within(5, _LONGEST_DELAY))


class StaffNoShowIn(BaseSchema):
    """Who was absent, and what was seen."""

    absent = String(required=True, validate=one_of("customer", "visitor"))
    note = text(LONGEST_REASON, example="敲门无人，电话未接")


class FinishIn(BaseSchema):
    """With `outputs` the task of the visit is completed in the same transaction."""

    outputs = fields.Dict(keys=String(), values=Raw(allow_none=True), load_default=None, allow_none=True)


class VisitContactOut(ContactOut):
    """The contact of a visit.

    Masked, or in full where the read is recorded.
    """


class StaffVisitOut(BaseSchema):
    """A visit with its case."""

    visit = Nested(VisitOut, required=True)
    case_id = String(required=True)
    case_number = String(required=True)
    project_name = String(required=True)
    contact = Nested(VisitContactOut, required=True)
    code = String(
        required=True, allow_none=True, metadata={"description": "For its visitors only, else null"}
    )
    task_id = String(
        required=True, allow_none=True, metadata={"description": "The task that the visit is for"}
    )
    proposed = fields.Dict(
        keys=String(),
        values=String(),
        required=True,
        metadata={"description": "Outputs of the task that the check-in gives"},
    )


class StaffVisitsOut(BaseSchema):
    """Visits in order of time."""

    items = List(Nested(StaffVisitOut), required=True)


class LoadOut(BaseSchema):
    """How many visits a member of staff has."""

    number = String(required=True, metadata={"description": "Staff number"})
    name = String(required=True)
    department = String(required=True)
    visits = Integer(required=True)
    taken_minutes = Integer(required=True, metadata={"description": "Minutes of visits with travel"})
    working_minutes = Integer(required=True)


class LoadsOut(BaseSchema):
    """The visits of each member of staff, busiest first."""

    items = List(Nested(LoadOut), required=True)


class LeaveIn(BaseSchema):
    """A leave and the deputy.

    With `ask` the customers of affected visits are asked for a new time; else the visits are moved.
    """

    staff_number = text(64, example="G001")
    deputy_number = text(64, example="G002")
    starts_at = Start()
    ends_at = Start()
    ask = Boolean(load_default=False)


class ClosureIn(BaseSchema):
    """A closure of one department, or of all without `department`, and the reason."""

    department = text(64, required=False, example="network")
    starts_at = Start()
    ends_at = Start()
    reason = text(LONGEST_REASON, example="全员抢修")
    ask = Boolean(
        load_default=False,
        metadata={"description": "Ask the customers for a new time instead of moving the visits"},
    )


class AffectedVisitOut(BaseSchema):
    """A visit that a leave, closure or work pattern affects."""

    visit_id = String(required=True)
    case_id = String(required=True)
    case_number = String(required=True)
    project_name = String(required=True)
    purpose_name = String(required=True)
    starts_at = Moment(required=True)
    becomes = Moment(
        required=True,
        allow_none=True,
        metadata={"description": "The new time; null when the customer is asked"},
    )
    visitors = List(String(), required=True)


class SkillGapOut(BaseSchema):
    """A time in which nobody who has a skill is present."""

    skill = String(required=True)
    name = String(required=True)
    starts_at = Moment(required=True)
    ends_at = Moment(required=True)


class AffectedVisitsOut(BaseSchema):
    """The affected visits, in order of time."""

    items = List(Nested(AffectedVisitOut), required=True)
    more = Integer(required=True, metadata={"description": "Number of affected visits beyond those listed"})
    unfit = List(
        String(),
        required=True,
        metadata={"description": "Names of the visits for which a new work pattern is too short"},
    )
    skill_gaps = List(
        Nested(SkillGapOut),
        required=True,
        metadata={"description": "When an absence leaves a skill to nobody"},
    )
