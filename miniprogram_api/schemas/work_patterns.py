"""Work patterns and leaves."""

from apiflask.fields import Boolean, Date, Integer, List, Nested, String

from miniprogram_api.schemas.fields import BaseSchema, Moment, periods, text, within

# A day has no more places than that on the grid of a quarter of an hour.
_MOST_VISITS = 96


class WorkPatternsOfIn(BaseSchema):
    """Whose work patterns."""

    staff_number = text(64, required=False, example="N001", description="The caller when left out")


class WeeklyHours(BaseSchema):
    """The working hours of each weekday, as pairs of local times. A day without periods is off.

    `make_up` are the hours of make-up workdays (调休); without them the office hours apply. Nobody is booked
    outside office hours, so longer periods mean the office hours.
    """

    mon = periods(required=False)
    tue = periods(required=False)
    wed = periods(required=False)
    thu = periods(required=False)
    fri = periods(required=False)
    sat = periods(required=False)
    sun = periods(required=False)
    make_up = periods(required=False)


class WorkPatternIn(BaseSchema):
    """A work pattern of one person from a day on.

    With `ask` the customers of affected visits are asked for a new time; else the visits are moved. A pattern
    from the same day is replaced.
    """

    staff_number = text(64, example="N001")
    valid_from = Date(required=True, error_messages={"invalid": "日期应写成2026-09-21的形式。"})
    weekly = Nested(WeeklyHours, required=True)
    most_per_day = Integer(
        load_default=None,
        allow_none=True,
        strict=True,
        validate=within(1, _MOST_VISITS),
        metadata={"description": "Visits a day; null for the city's number"},
    )
    ask = Boolean(load_default=False)


class WorkPatternOut(BaseSchema):
    """A work pattern."""

    valid_from = Date(required=True)
    force = String(required=True, metadata={"description": "past, present or coming"})
    weekly = Nested(WeeklyHours, required=True)
    most_per_day = Integer(
        required=True, allow_none=True, metadata={"description": "Visits a day; null for the city's number"}
    )


class OwnLeaveOut(BaseSchema):
    """A current or coming leave, and the deputy."""

    starts_at = Moment(required=True)
    ends_at = Moment(required=True)
    deputy_name = String(required=True)


class WorkPatternsOut(BaseSchema):
    """A person's work patterns, oldest first, and leaves.

    Without a pattern the office hours apply.
    """

    number = String(required=True)
    name = String(required=True)
    department = String(required=True)
    patterns = List(Nested(WorkPatternOut), required=True)
    leaves = List(Nested(OwnLeaveOut), required=True)
