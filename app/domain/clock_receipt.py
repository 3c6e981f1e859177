"""The clock receipt: a promised figure, day by day, so that whoever was promised it can add it up.

Every share is exact (`Fraction` of a working day). The shares of the days sum to the very figure that is
shown everywhere else, which is rounded once, by `worktime.rounded`; a rounded share is for reading only.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction

from app.domain.workdays import Day
from app.domain.worktime import Stretch, WorkingTime

_ONE_DAY = timedelta(days=1)
_MINUTE = timedelta(minutes=1)
_INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class StopEntry:
    """A stop of the clock by its id, aware; an open one ends at the instant of the receipt."""

    id: str
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class StoppedPart:
    """What one stop took of one day's office hours, in UTC; where stops overlap, each says all of its own."""

    stop_id: str
    start: datetime
    end: datetime
    stopped: Fraction


@dataclass(frozen=True, slots=True)
class DayShare:
    """One calendar day of a receipt.

    `office` are that day's office hours (UTC), `office_minutes` their length and `counted_minutes` how
    much of it counted. `used` and `stopped` are shares of a working day: stops by their union.
    """

    day: Day
    office: tuple[Stretch, ...]
    office_minutes: Fraction
    counted_minutes: Fraction
    used: Fraction
    stopped: Fraction
    stops: tuple[StoppedPart, ...]


@dataclass(frozen=True, slots=True)
class Receipt:
    """Stretches of time, day by day, with their exact sums in working days: `used + stopped == length`."""

    stretches: tuple[Stretch, ...]
    days: tuple[DayShare, ...]
    used: Fraction
    stopped: Fraction
    length: Fraction


def shown(share: Fraction) -> str:
    """A share of a day for reading, to four places, half up; sums are made of the exact shares."""
    ten_thousandths = (share.numerator * 20_000 + share.denominator) // (2 * share.denominator)
    return str(Decimal(ten_thousandths).scaleb(-4))


def write_out(line: WorkingTime, stretches: Sequence[Stretch], stops: Sequence[StopEntry]) -> Receipt:
    """The receipt of some stretches of time, with the stops that count for them.

    Every calendar day that a stretch touches is told once, workday or not. Raises `ValueError` for a stretch
    or stop that ends before it begins, `CalendarRangeError` outside the calendar.
    """
    by_day: dict[date, list[Stretch]] = {}
    for stretch in stretches:
        line.used(stretch.start, stretch.end)
        for on, part in _by_day(line, stretch):
            by_day.setdefault(on, []).append(part)
    days = tuple(_day_share(line, on, parts, stops) for on, parts in sorted(by_day.items()))
    return Receipt(
        stretches=tuple(stretches),
        days=days,
        used=sum((day.used for day in days), Fraction(0)),
        stopped=sum((day.stopped for day in days), Fraction(0)),
        length=sum((line.used(stretch.start, stretch.end) for stretch in stretches), Fraction(0)),
    )


def _by_day(line: WorkingTime, stretch: Stretch) -> list[tuple[date, Stretch]]:
    """A stretch cut at midnight, city time. One that ends at midnight has no part in the day that begins."""
    parts = []
    on = stretch.start.astimezone(line.zone).date()
    last = max(on, (stretch.end - _INSTANT).astimezone(line.zone).date())
    while on <= last:
        midnight = datetime.combine(on, time(), tzinfo=line.zone).astimezone(UTC)
        parts.append((on, Stretch(max(stretch.start, midnight), min(stretch.end, midnight + _ONE_DAY))))
        on += _ONE_DAY
    return parts


def _day_share(line: WorkingTime, on: date, parts: Sequence[Stretch], stops: Sequence[StopEntry]) -> DayShare:
    day = line.day(on)
    office = line.open_periods(on)
    open_time = sum((period.end - period.start for period in office), timedelta())
    minutes = Fraction(open_time // _INSTANT, _MINUTE // _INSTANT)
    pairs = [(stop.start, stop.end) for stop in stops]
    used = sum((line.used(part.start, part.end, pairs) for part in parts), Fraction(0))
    return DayShare(
        day=day,
        office=office,
        office_minutes=minutes,
        counted_minutes=minutes * used / day.weight if day.weight else Fraction(0),
        used=used,
        stopped=sum((line.stopped(part.start, part.end, pairs) for part in parts), Fraction(0)),
        stops=tuple(_stopped_parts(line, parts, office, stops)),
    )


def _stopped_parts(
    line: WorkingTime, parts: Sequence[Stretch], office: Sequence[Stretch], stops: Sequence[StopEntry]
) -> list[StoppedPart]:
    """The stops that took office time of these parts of a day; on a day off there is nothing to take."""
    found: list[StoppedPart] = []
    if not office:
        return found
    for part in parts:
        for stop in stops:
            # From the opening to the close of the day: nobody counts the night.
            start = max(stop.start, part.start, office[0].start)
            end = min(stop.end, part.end, office[-1].end)
            if start < end and (stopped := line.used(start, end)):
                found.append(StoppedPart(stop.id, start, end, stopped))
    return sorted(found, key=lambda taken: (taken.start, taken.end, taken.stop_id))
