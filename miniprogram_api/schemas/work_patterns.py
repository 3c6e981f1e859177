"""What staff read of their working patterns, and what supervisors send."""

from apiflask.fields import Boolean, Date, Integer, List, Nested, String

from miniprogram_api.schemas.fields import BaseSchema, Moment, periods, text, within

# A day has no more places than that on the grid of a quarter of an hour.
_MOST_VISITS = 96


class WorkPatternsOfIn(BaseSchema):
    """Whose; without it one's own."""

    staff_number = text(64, required=False, example="N001")


class WeeklyHours(BaseSchema):
    """The periods of each weekday; a day without any is off.

    `make_up`: those of make-up workdays (调休), on which without them the whole office hours hold. Nobody is
    booked outside the office hours, so that longer periods than these mean the office hours.
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
    """Whose ordinary week it is from which day on, and how many visits a day; null is the city's number.

    With `ask` customers of visits that it hits are asked, not moved. One of the same day is replaced.
    """

    staff_number = text(64, example="N001")
    valid_from = Date(required=True, error_messages={"invalid": "日期应写成2026-09-21的形式。"})
    weekly = Nested(WeeklyHours, required=True)
    most_per_day = Integer(load_default=None, allow_none=True, strict=True, validate=within(1, _MOST_VISITS))
    ask = Boolean(load_default=False)


class WorkPatternOut(BaseSchema):
    """A pattern; `force` is past, present or coming."""

    valid_from = Date(required=True)
    force = String(required=True)
    weekly = Nested(WeeklyHours, required=True)
    most_per_day = Integer(required=True, allow_none=True)


class LeaveOut(BaseSchema):
    """A leave that is not over, and who stands in."""

    starts_at = Moment(required=True)
    ends_at = Moment(required=True)
    deputy_name = String(required=True)


class WorkPatternsOut(BaseSchema):
    """A person's patterns, the oldest first, and their leave; without a pattern the office hours hold."""

    number = String(required=True)
    name = String(required=True)
    department = String(required=True)
    patterns = List(Nested(WorkPatternOut), required=True)
    leaves = List(Nested(LeaveOut), required=True)
