"""The working-time line as a table, built a year at a time, so that a question costs microseconds."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple

from app.domain.workdays import Day, Opening

_MICROSECOND = timedelta(microseconds=1)

Period = tuple[int, int, int, int]
"""An office period: when it opens and closes (microseconds since midnight), the coordinate when it closes,
and the ticks in a microsecond of it."""


class Line(NamedTuple):
    """The line as far as it has been built; never changed, only replaced by a longer one.

    By day: the day, the coordinate (ticks) at its midnight, and its office periods, the last one first. By
    office period, through all days: when it closes (UTC), the coordinate then, the ticks in a microsecond.
    """

    days: tuple[Day, ...]
    rows: tuple[tuple[int, tuple[Period, ...]], ...]
    closings: tuple[datetime, ...]
    after: tuple[int, ...]
    rates: tuple[int, ...]


def origin(opening: Opening, first_day: date) -> datetime:
    """The instant with coordinate 0: local midnight of the first day, in UTC."""
    return datetime.combine(first_day, time(), tzinfo=opening.zone).astimezone(UTC)


def begin(start: datetime) -> Line:
    """A line without days; an empty period at its start makes coordinate 0 an ordinary one."""
    return Line((), (), (start,), (0,), (1,))


def with_year(line: Line, year: int, calendar: Sequence[Day], opening: Opening, start: datetime) -> Line:
    """The line with one year more.

    Raises `ValueError` when the calendar leaves out a day of that year, or the zone does not keep one offset
    from UTC: all days here are 24 hours, as they are in China (since 1991).
    """
    new_year, end = date(year, 1, 1), date(year + 1, 1, 1)
    if [day.date for day in calendar] != [new_year + timedelta(days=n) for n in range((end - new_year).days)]:
        raise ValueError(f"the calendar of {year} does not give each of its days, in order")
    days = tuple(opening.weighed(day) for day in calendar)
    rows: list[tuple[int, tuple[Period, ...]]] = []
    closings: list[datetime] = []
    after: list[int] = []
    rates: list[int] = []
    coordinate = line.after[-1]
    for place, day in enumerate(days, start=len(line.days)):
        midnight = start + timedelta(days=place)
        if datetime.combine(day.date, time(), tzinfo=opening.zone) != midnight:
            raise ValueError(f"{opening.zone} changes its clocks before {day.date}: not supported")
        before, rate = coordinate, opening.rate(day)
        periods: list[Period] = []
        for opens, closes in opening.periods(day):
            first, last = (opens - midnight) // _MICROSECOND, (closes - midnight) // _MICROSECOND
            coordinate += (last - first) * rate
            periods.insert(0, (first, last, coordinate, rate))
            closings.append(closes.astimezone(UTC))
            after.append(coordinate)
            rates.append(rate)
        rows.append((before, tuple(periods)))
    return Line(
        line.days + days,
        line.rows + tuple(rows),
        line.closings + tuple(closings),
        line.after + tuple(after),
        line.rates + tuple(rates),
    )
