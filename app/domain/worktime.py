"""The working-time line: every instant has a coordinate, counted in working days (docs/decisions/0002).

A coordinate is whole working days plus the share of that day's office hours already gone. Inside it is an
integer number of ticks, so that every sum is exact; people see it rounded once, by `rounded`.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from threading import Lock
from typing import NamedTuple
from zoneinfo import ZoneInfo

from app.domain import workline
from app.domain.office_hours import FIRST_DAY, HalfDay, OfficeHours
from app.domain.workdays import Day, Opening

_MICROSECOND = timedelta(microseconds=1)


class Stretch(NamedTuple):
    """A stretch of real time from `start` to `end`, both aware: for example one stop of the clock."""

    start: datetime
    end: datetime


class CalendarRangeError(ValueError):
    """An instant, or the answer to a question about one, lies outside the years that the calendar covers."""


Covered = Sequence[tuple[int, int]]
"""Stretches of the line, in ticks: in order, and none touches another."""


class Measured(NamedTuple):
    """What lies between two instants, in ticks: used, and stopped."""

    used: int
    stopped: int


def rounded(days: Fraction) -> Decimal:
    """Working days as they are shown: two decimal places, half up; the only rounding of the product."""
    return Decimal(_hundredths(days.numerator, days.denominator)).scaleb(-2)


def _hundredths(above: int, below: int) -> int:
    return (above * 200 + below) // (2 * below)


class WorkingTime:
    """The working-time line of one city: its days, office hours and half-open days.

    Built year by year as it is asked for; may be shared by threads. Every instant in an answer is aware, in
    UTC. A question about a naive instant raises `ValueError`; one whose answer lies outside `first_year` to
    `last_year` raises `CalendarRangeError`.

    :param zone: the city's time zone, which must keep one offset from UTC.
    :param days_of_year: every day of a year in order, without the utility's half-open days.
    :param hours: dated office hours, in order; the last one begun applies; the first begins by 2020-01-01.
    :param half_days: days that the utility declares half open, each counting half a working day.
    :param version: gives the name of holiday data and hours, for the figures that a closed case keeps; asked
        once, when it is first needed.
    """

    def __init__(
        self,
        zone: ZoneInfo,
        days_of_year: Callable[[int], Sequence[Day]],
        hours: Sequence[OfficeHours],
        half_days: Sequence[HalfDay] = (),
        *,
        version: Callable[[], str],
        first_year: int = FIRST_DAY.year,
        last_year: int = 2099,
    ) -> None:
        self.zone = zone
        self.first_year = first_year
        self.last_year = last_year
        self._days_of_year = days_of_year
        self._name_version = version
        self._opening = Opening(zone, hours, half_days, date(first_year, 1, 1))
        self.ticks_per_day = self._opening.ticks_per_day
        self._origin = workline.origin(self._opening, date(first_year, 1, 1))
        self._line = workline.begin(self._origin)
        self._growing = Lock()

    @cached_property
    def version(self) -> str:
        """The name of holiday data and hours."""
        return self._name_version()

    def day(self, on: date) -> Day:
        """What kind of day this is, and what it counts."""
        place = (on - date(self.first_year, 1, 1)).days
        return self._with_day(place).days[place]

    def open_periods(self, on: date) -> tuple[Stretch, ...]:
        """When the office is open on that day, in UTC and in order; empty when it does not open."""
        return tuple(
            Stretch(opens.astimezone(UTC), closes.astimezone(UTC))
            for opens, closes in self._opening.periods(self.day(on))
        )

    def provisional(self, start: datetime, end: datetime) -> bool:
        """Whether a day from that of `start` to that of `end` lies in a year that is not announced yet.

        A due date with such a day behind it may move when the notice comes out (docs/decisions/0002).
        """
        on, last = self._date(start), self._date(end)
        while on < last:
            if self.day(on).provisional:
                return True
            # Notices are published by year, so that one day answers for the rest of its year.
            on = date(on.year + 1, 1, 1)
        return self.day(last).provisional

    def coordinate(self, at: datetime) -> int:
        """W(at): the ticks of working time from the start of the calendar to `at`."""
        try:
            since = at - self._origin
        except TypeError:
            raise ValueError(f"{at!r} must be an aware datetime, with an offset from UTC") from None
        place = since.days
        rows = self._line.rows
        if not 0 <= place < len(rows):
            rows = self._with_day(place).rows
        before, periods = rows[place]
        if periods:
            instant = since.seconds * 1_000_000 + since.microseconds
            for opens, closes, after, rate in periods:
                if instant > opens:
                    return after if instant >= closes else after - (closes - instant) * rate
        return before

    def ticks(self, days: Fraction | Decimal | int) -> int:
        """Working days in ticks. Raises `ValueError` when they are negative or no whole number of ticks."""
        above, below = days.as_integer_ratio()
        ticks, rest = divmod(above * self.ticks_per_day, below)
        if rest or ticks < 0:
            raise ValueError(f"{days} working days can't be counted on this line")
        return ticks

    def earliest(self, ticks: int) -> datetime:
        """The first instant with this coordinate, to the microsecond below: a due date is never late."""
        line = self._line
        if not 0 <= ticks <= line.after[-1]:
            line = self._with_coordinate(ticks)
        return _instant(line, bisect_left(line.after, ticks), ticks)

    def latest(self, ticks: int) -> datetime:
        """The last instant with this coordinate, to the microsecond below."""
        line = self._line
        if not 0 <= ticks < line.after[-1]:
            line = self._with_coordinate(ticks + 1)
        return _instant(line, bisect_right(line.after, ticks), ticks)

    def due(
        self, start: datetime, days: Fraction | Decimal | int, stops: Iterable[tuple[datetime, datetime]] = ()
    ) -> datetime:
        """When `days` working days from `start` have been used, the stops not counted (their union).

        A stop that begins at or after the due date leaves it alone. Raises `ValueError` for a stop that ends
        before it begins, and as `ticks` does.
        """
        reached = self.coordinate(start)
        target = reached + self.ticks(days)
        for opens, closes in _in_order(stops):
            if closes <= start:
                continue
            stopped_from = self.coordinate(opens) if opens > start else reached
            if stopped_from >= target:
                break
            stopped_to = self.coordinate(closes)
            if stopped_to > reached:
                target += stopped_to - (stopped_from if stopped_from > reached else reached)
                reached = stopped_to
        return self.earliest(target)

    def before(self, at: datetime, days: Fraction | Decimal | int) -> datetime:
        """The last instant `days` working days before `at`: a reminder half a day before 12:00 is 08:30."""
        return self.latest(self.coordinate(at) - self.ticks(days))

    def after(self, at: datetime, days: Fraction | Decimal | int) -> datetime:
        """The last instant `days` working days after `at`: a reminder counted from a start."""
        return self.latest(self.coordinate(at) + self.ticks(days))

    def used(
        self, start: datetime, end: datetime, stops: Iterable[tuple[datetime, datetime]] = ()
    ) -> Fraction:
        """Working days from `start` to `end` without the stopped ones (the union of `stops`).

        Raises `ValueError` when `end` is before `start`, or a stop ends before it begins.
        """
        return Fraction(self.measured(start, end, self.covered(stops)).used, self.ticks_per_day)

    def stopped(self, start: datetime, end: datetime, stops: Iterable[tuple[datetime, datetime]]) -> Fraction:
        """Working days from `start` to `end` covered by the union of `stops`; raises as `used` does."""
        return Fraction(self.measured(start, end, self.covered(stops)).stopped, self.ticks_per_day)

    def covered(self, stretches: Iterable[tuple[datetime, datetime]]) -> Covered:
        """The union of stretches of time on this line, to be measured against many times.

        What lies before the calendar has no length on it. Raises `ValueError` for a stretch that ends before
        it begins.
        """
        union: list[tuple[int, int]] = []
        for opens, closes in _in_order(stretches):
            begun = self.coordinate(max(opens, self._origin))
            ended = self.coordinate(max(closes, self._origin))
            if union and begun <= union[-1][1]:
                begun, last = union.pop()
                ended = max(ended, last)
            union.append((begun, ended))
        return union

    def measured(self, start: datetime, end: datetime, stopped: Covered) -> Measured:
        """What lies between `start` and `end`. Raises `ValueError` when `end` is before `start`."""
        begun, ended = self.coordinate(start), self.coordinate(end)
        if end < start:
            raise ValueError(f"{end.isoformat()} is before {start.isoformat()}")
        # Time that does not count has no length on the line, so here stretches overlap as they do in time.
        lost = 0
        for stopped_from, stopped_to in stopped:
            first = stopped_from if stopped_from > begun else begun
            last = stopped_to if stopped_to < ended else ended
            if first < last:
                lost += last - first
        return Measured(ended - begun - lost, lost)

    def shown(self, ticks: int) -> str:
        """Ticks (0 or more) as working days for people: `rounded`, as a decimal string."""
        whole, hundredths = divmod(_hundredths(ticks, self.ticks_per_day), 100)
        return f"{whole}.{hundredths:02}"

    def next_opening(self, at: datetime) -> datetime:
        """The first opening of an office period (after lunch, too) later than `at`."""
        on = self._date(at)
        while True:
            for opens, _ in self._opening.periods(self.day(on)):
                if opens > at:
                    return opens.astimezone(UTC)
            on += timedelta(days=1)

    def next_morning(self, at: datetime) -> datetime:
        """The opening of the first working day after the day of `at`."""
        on = self._date(at)
        while (opening := self.opening_of(on := on + timedelta(days=1))) is None:
            pass
        return opening

    def opening_of(self, on: date) -> datetime | None:
        """When the office opens on that day; None when it does not."""
        periods = self._opening.periods(self.day(on))
        return periods[0][0].astimezone(UTC) if periods else None

    def closing_of(self, on: date) -> datetime | None:
        """When the office closes for the day; None when it does not open."""
        periods = self._opening.periods(self.day(on))
        return periods[-1][1].astimezone(UTC) if periods else None

    def day_end_due(self, start: datetime) -> datetime:
        """When a 当日 stage is due: the close of the first working day that ends after `start`."""
        on = self._date(start)
        while (closing := self.closing_of(on)) is None or closing <= start:
            on += timedelta(days=1)
        return closing

    def _date(self, at: datetime) -> date:
        # By way of the coordinate, which refuses a naive instant; astimezone would take it for local time.
        self.coordinate(at)
        return at.astimezone(self.zone).date()

    def _with_day(self, place: int) -> workline.Line:
        if place < 0:
            raise self._out_of_range()
        return self._grown(lambda line: place < len(line.days))

    def _with_coordinate(self, ticks: int) -> workline.Line:
        if ticks < 0:
            raise self._out_of_range()
        return self._grown(lambda line: ticks <= line.after[-1])

    def _grown(self, enough: Callable[[workline.Line], bool]) -> workline.Line:
        # Readers take the line once and keep it, so replacing it needs no lock on their side.
        while not enough(line := self._line):
            with self._growing:
                if line is self._line:
                    self._line = self._with_another_year(line)
        return line

    def _with_another_year(self, line: workline.Line) -> workline.Line:
        year = line.days[-1].date.year + 1 if line.days else self.first_year
        if year > self.last_year:
            raise self._out_of_range()
        return workline.with_year(line, year, self._days_of_year(year), self._opening, self._origin)

    def _out_of_range(self) -> CalendarRangeError:
        return CalendarRangeError(f"the calendar covers the years {self.first_year} to {self.last_year}")


def _instant(line: workline.Line, place: int, ticks: int) -> datetime:
    # Counted back from the close and rounded up there, which is down on the clock.
    return line.closings[place] + (ticks - line.after[place]) // line.rates[place] * _MICROSECOND


def _in_order(stops: Iterable[tuple[datetime, datetime]]) -> Sequence[tuple[datetime, datetime]]:
    ordered = list(stops)
    for opens, closes in ordered:
        if opens.tzinfo is None or closes.tzinfo is None:
            raise ValueError(
                f"{opens!r}/{closes!r}: a stop's datetimes must be aware, with an offset from UTC"
            )
        if closes < opens:
            raise ValueError(f"{opens.isoformat()}/{closes.isoformat()}: the stop ends before it begins")
    ordered.sort()
    return ordered
