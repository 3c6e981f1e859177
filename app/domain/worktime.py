"""The working-time line: every instant has a coordinate, counted in working days (design.md, rule 4).

A coordinate is whole working days plus the share of that day's office hours already gone. Inside it is an
integer number of ticks, so that every sum is exact; people see it rounded once, by `rounded`.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from threading import Lock
from typing import NamedTuple
from zoneinfo import ZoneInfo

from app.domain.officehours import FIRST_DAY, HalfDay, OfficeHours
from app.domain.workdays import Day, Opening

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Stretch(NamedTuple):
    """A stretch of real time from `start` to `end`, both aware: for example one stop of the clock."""

    start: datetime
    end: datetime


class CalendarRangeError(ValueError):
    """An instant, or the answer to a question about one, lies outside the years that the calendar covers."""


def rounded(days: Fraction) -> Decimal:
    """Working days as they are shown: two decimal places, half up; the only rounding of the product."""
    hundredths = (days.numerator * 200 + days.denominator) // (2 * days.denominator)
    return Decimal(hundredths).scaleb(-2)


class _Line(NamedTuple):
    """The line as far as it has been built; never changed, only replaced by a longer one.

    Office periods in order: when they open and close, the coordinate at closing, and the ticks that go by in
    a microsecond of theirs. `end` is where the built part ends (instants are microseconds since 1970).
    """

    days: tuple[Day, ...]
    opens: tuple[int, ...]
    closes: tuple[int, ...]
    after: tuple[int, ...]
    rates: tuple[int, ...]
    end: int


class WorkingTime:
    """The working-time line of one city: its days, office hours and half-open days.

    Built year by year as it is asked for; may be shared by threads. Every instant in an answer is aware, in
    UTC. A question about a naive instant raises `ValueError`; one whose answer lies outside `first_year` to
    `last_year` raises `CalendarRangeError`. Office hours during which the zone's own clock changes are not
    supported (no such zone is known).

    :param days_of_year: every day of a year in order, without the utility's half-open days.
    :param hours: dated office hours, in order; the last one begun applies; the first begins by 2020-01-01.
    :param half_days: days that the utility declares half open, each counting half a working day.
    :param version: names holiday data and hours, for the figures that a closed case keeps (rule 5).
    """

    def __init__(
        self,
        zone: ZoneInfo,
        days_of_year: Callable[[int], Sequence[Day]],
        hours: Sequence[OfficeHours],
        half_days: Sequence[HalfDay] = (),
        *,
        version: str,
        first_year: int = FIRST_DAY.year,
        last_year: int = 2099,
    ) -> None:
        self.zone = zone
        self.version = version
        self.first_year = first_year
        self.last_year = last_year
        self._days_of_year = days_of_year
        self._opening = Opening(zone, hours, half_days, date(first_year, 1, 1))
        self.ticks_per_day = self._opening.ticks_per_day
        start = self._midnight(date(first_year, 1, 1))
        # An empty period at the very start spares every look-up the question whether there is one before it.
        self._line = _Line((), (start,), (start,), (0,), (1,), start)
        self._growing = Lock()

    def day(self, on: date) -> Day:
        """What kind of day this is, and what it counts."""
        place = (on - date(self.first_year, 1, 1)).days
        if place < 0:
            raise self._out_of_range()
        return self._grown(lambda line: place < len(line.days)).days[place]

    def coordinate(self, at: datetime) -> int:
        """W(at): the ticks of working time from the start of the calendar to `at`."""
        return self._at(_microseconds(at))

    def ticks(self, days: Fraction | Decimal | int) -> int:
        """Working days in ticks. Raises `ValueError` when they are negative or no whole number of ticks."""
        above, below = days.as_integer_ratio()
        ticks, rest = divmod(above * self.ticks_per_day, below)
        if rest or ticks < 0:
            raise ValueError(f"{days} working days can't be counted on this line")
        return ticks

    def earliest(self, ticks: int) -> datetime:
        """The first instant with this coordinate, to the microsecond below: a due date is never late."""
        if ticks < 0:
            raise self._out_of_range()
        line = self._line
        if line.after[-1] < ticks:
            line = self._grown(lambda line: line.after[-1] >= ticks)
        return _instant(line, bisect_left(line.after, ticks), ticks)

    def latest(self, ticks: int) -> datetime:
        """The last instant with this coordinate, to the microsecond below."""
        if ticks < 0:
            raise self._out_of_range()
        line = self._grown(lambda line: line.after[-1] > ticks)
        return _instant(line, bisect_right(line.after, ticks), ticks)

    def due(
        self, start: datetime, days: Fraction | Decimal | int, stops: Iterable[tuple[datetime, datetime]] = ()
    ) -> datetime:
        """When `days` working days from `start` have been used, the stops not counted (their union).

        A stop that begins at or after the due date leaves it alone. Raises `ValueError` for a stop that ends
        before it begins, and as `ticks` does.
        """
        begun = _microseconds(start)
        reached = self._at(begun)
        target = reached + self.ticks(days)
        for opens, closes in _in_order(stops):
            if closes <= begun:
                continue
            stopped_from = reached if opens <= begun else self._at(opens)
            if stopped_from >= target:
                break
            stopped_to = self._at(closes)
            if stopped_to > reached:
                target += stopped_to - max(stopped_from, reached)
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
        begun, ended = self._ordered(start, end)
        length = self._at(ended) - self._at(begun)
        return Fraction(length - self._stopped(begun, ended, stops), self.ticks_per_day)

    def stopped(self, start: datetime, end: datetime, stops: Iterable[tuple[datetime, datetime]]) -> Fraction:
        """Working days from `start` to `end` covered by the union of `stops`; raises as `used` does."""
        begun, ended = self._ordered(start, end)
        return Fraction(self._stopped(begun, ended, stops), self.ticks_per_day)

    def next_opening(self, at: datetime) -> datetime:
        """The first opening of an office period (after lunch, too) later than `at`."""
        instant = _microseconds(at)
        line = self._grown(lambda line: line.opens[-1] > instant)
        place = bisect_right(line.opens, instant)
        if place == 0:
            raise self._out_of_range()
        return _datetime(line.opens[place])

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

    def _at(self, instant: int) -> int:
        line = self._line
        if instant >= line.end:
            line = self._grown(lambda line: instant < line.end)
        place = bisect_right(line.opens, instant) - 1
        if place < 0:
            raise self._out_of_range()
        left = line.closes[place] - instant
        return line.after[place] - left * line.rates[place] if left > 0 else line.after[place]

    def _ordered(self, start: datetime, end: datetime) -> tuple[int, int]:
        begun, ended = _microseconds(start), _microseconds(end)
        if ended < begun:
            raise ValueError(f"{end.isoformat()} is before {start.isoformat()}")
        return begun, ended

    def _stopped(self, begun: int, ended: int, stops: Iterable[tuple[datetime, datetime]]) -> int:
        total, reached = 0, begun
        for opens, closes in _in_order(stops):
            stopped_from, stopped_to = max(opens, reached), min(closes, ended)
            if stopped_from < stopped_to:
                total += self._at(stopped_to) - self._at(stopped_from)
                reached = stopped_to
        return total

    def _grown(self, enough: Callable[[_Line], bool]) -> _Line:
        # Readers take the line once and keep it, so replacing it needs no lock on their side.
        while not enough(line := self._line):
            with self._growing:
                if line is self._line:
                    self._line = self._with_another_year(line)
        return line

    def _with_another_year(self, line: _Line) -> _Line:
        year = self.first_year if not line.days else line.days[-1].date.year + 1
        if year > self.last_year:
            raise self._out_of_range()
        days = tuple(self._opening.weighed(day) for day in self._days_of_year(year))
        first, end = date(year, 1, 1), date(year + 1, 1, 1)
        if [day.date for day in days] != [first + timedelta(days=n) for n in range((end - first).days)]:
            raise ValueError(f"the calendar of {year} does not give each of its days, in order")
        opens: list[int] = []
        closes: list[int] = []
        after: list[int] = []
        rates: list[int] = []
        coordinate = line.after[-1]
        for day in days:
            rate = self._opening.rate(day)
            for opening, closing in self._opening.periods(day):
                opens.append(_microseconds(opening))
                closes.append(_microseconds(closing))
                coordinate += (closes[-1] - opens[-1]) * rate
                after.append(coordinate)
                rates.append(rate)
        return _Line(
            line.days + days,
            line.opens + tuple(opens),
            line.closes + tuple(closes),
            line.after + tuple(after),
            line.rates + tuple(rates),
            self._midnight(end),
        )

    def _date(self, at: datetime) -> date:
        # By way of the microseconds, since astimezone would take a naive instant for the machine's own time.
        return _datetime(_microseconds(at)).astimezone(self.zone).date()

    def _midnight(self, on: date) -> int:
        return _microseconds(datetime.combine(on, time(), tzinfo=self.zone))

    def _out_of_range(self) -> CalendarRangeError:
        return CalendarRangeError(f"the calendar covers the years {self.first_year} to {self.last_year}")


def _microseconds(at: datetime) -> int:
    try:
        since = at - _EPOCH
    except TypeError:
        raise ValueError(f"{at!r} is not an aware datetime: its offset from UTC is missing") from None
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def _datetime(instant: int) -> datetime:
    return _EPOCH + timedelta(microseconds=instant)


def _instant(line: _Line, place: int, ticks: int) -> datetime:
    # Counted back from the close and rounded up there, which is down on the clock.
    return _datetime(line.closes[place] + (ticks - line.after[place]) // line.rates[place])


def _in_order(stops: Iterable[tuple[datetime, datetime]]) -> list[tuple[int, int]]:
    pairs = [(_microseconds(opens), _microseconds(closes)) for opens, closes in stops]
    for opens, closes in pairs:
        if closes < opens:
            raise ValueError("a stop of the clock ends before it begins")
    pairs.sort()
    return pairs
