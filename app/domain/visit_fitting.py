"""Whether a purpose could ever be booked: hours in which a visit fits nowhere are a fault of the data."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from itertools import pairwise

from app.domain.office_hours import OfficeHours, Periods
from app.domain.slots import grid, patterns
from app.domain.slots.openings import Need, Person
from app.domain.visit_rules import Purpose


def fits(need: Need, office: Periods, own: int = patterns.WHOLE_DAY) -> bool:
    """Whether a visit fits into a day with these office periods, and into somebody's `own` pieces of it.

    Travel may lie outside the periods, as it does for openings.
    """
    begins = patterns.pieces_of(office) & own
    working = grid.bridged(begins, patterns.breaks_of(office)) if need.spans_breaks else begins
    # The day before and after are free: the way to the first visit may begin before midnight.
    idle = grid.between(0, 0, 3 * grid.PIECES_PER_DAY)
    day = grid.PIECES_PER_DAY
    return bool(Person("", working << day, idle, begins << day).starts(need))


def unfit(purposes: Iterable[Purpose], office: Periods) -> list[Purpose]:
    """The purposes that fit nowhere into a day with these office periods."""
    return [purpose for purpose in purposes if not fits(purpose.need, office)]


def shortest_break(periods: Periods) -> timedelta | None:
    """The shortest break between two periods of a day; None for a day without one."""
    return min((_since(closes, opens) for (_, closes), (opens, _) in pairwise(periods)), default=None)


def too_far(purposes: Iterable[Purpose], office: Periods) -> list[Purpose]:
    """The purposes with travel that is longer than the shortest break of such a day."""
    shortest = shortest_break(office)
    return [purpose for purpose in purposes if shortest is not None and longest_travel(purpose) > shortest]


def longest_travel(purpose: Purpose) -> timedelta:
    """The longer way of the two."""
    return timedelta(minutes=max(purpose.travel_before_minutes, purpose.travel_after_minutes))


def _since(start: time, end: time) -> timedelta:
    return datetime.combine(date.min, end) - datetime.combine(date.min, start)


def still_to_come(hours: Sequence[OfficeHours], today: date) -> list[OfficeHours]:
    """The dated hours that hold today or later; what was replaced before today concerns no booking."""
    ends = [dated.valid_from for dated in hours[1:]]
    return [dated for dated, end in zip(hours, [*ends, date.max], strict=True) if end > today]
