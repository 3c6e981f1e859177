"""When people work, as sets of time slots: office hours in force, within each person's own patterns."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import pairwise

import orjson

from app.domain.slots import grid, patterns
from app.domain.slots.patterns import Pattern
from app.domain.workdays import DayKind
from app.services.installation import city

Weeks = tuple[Pattern, ...]
"""A person's patterns, by their dates."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """The time slots from `first` up to, not including, `last`. Sets of one reading count from `first`."""

    first: int
    last: int

    @classmethod
    def of(cls, starts_at: datetime, ends_at: datetime) -> "Stretch":
        """The time slots that lie entirely between two instants."""
        return cls(grid.piece_from(starts_at), grid.piece_of(ends_at))

    @property
    def starts_at(self) -> datetime:
        """Its beginning, in UTC."""
        return grid.instant_of(self.first)

    @property
    def ends_at(self) -> datetime:
        """Its end, in UTC."""
        return grid.instant_of(self.last)

    def touched_by(self, starts_at: datetime, ends_at: datetime) -> int:
        """The set of its time slots of which any part lies between two instants, however far apart."""
        return grid.touching(self.first, max(starts_at, self.starts_at), min(ends_at, self.ends_at))

    @property
    def whole(self) -> int:
        """The set of all its time slots."""
        return grid.between(self.first, self.first, self.last)


@dataclass(frozen=True, slots=True)
class LocalDay:
    """A day of the city. `begins`: how many time slots after the start of the stretch its midnight is."""

    on: date
    kind: DayKind
    begins: int

    def placed(self, pieces: int) -> int:
        """Shifts a set that counts from this day's midnight, to count from the start of the stretch."""
        return pieces << self.begins if self.begins >= 0 else pieces >> -self.begins


def local_day(at: datetime) -> date:
    """The day of an instant in the city's time zone."""
    return at.astimezone(city.zone()).date()


def midnight(on: date) -> datetime:
    """The beginning of a day in the city's time zone."""
    return datetime(on.year, on.month, on.day, tzinfo=city.zone())


def days_of(stretch: Stretch) -> list[LocalDay]:
    """Every day that overlaps the stretch."""
    line = city.working_time()
    on, last = local_day(stretch.starts_at), local_day(stretch.ends_at)
    begins = grid.piece_of(midnight(on)) - stretch.first
    return [
        LocalDay(day, line.day(day).kind, begins + number * grid.PIECES_PER_DAY)
        for number in range((last - on).days + 1)
        for day in (on + timedelta(days=number),)
    ]


def office(days: Sequence[LocalDay], stretch: Stretch) -> int:
    """When the office is open."""
    line = city.working_time()
    return stretch.whole & grid.union(
        grid.within(stretch.first, *period) for day in days for period in line.open_periods(day.on)
    )


def breaks(days: Sequence[LocalDay], stretch: Stretch) -> list[tuple[int, int]]:
    """The breaks between the office periods of each day, as `grid.bridged` takes them."""
    line = city.working_time()
    return [
        (grid.piece_of(before.end) - stretch.first, grid.piece_from(after.start) - stretch.first)
        for day in days
        for before, after in pairwise(line.open_periods(day.on))
    ]


def own(weeks: Weeks, days: Sequence[LocalDay]) -> int:
    """When somebody with these patterns works, provided the office is open."""
    found = 0
    for day in days:
        pattern = patterns.in_force(weeks, day.on)
        pieces = None if pattern is None else pattern.pieces_on(day.on, day.kind)
        found |= day.placed(patterns.WHOLE_DAY if pieces is None else pieces)
    return found


def most(weeks: Weeks, on: date) -> int:
    """How many visits somebody with these patterns may have on a day."""
    pattern = patterns.in_force(weeks, on)
    special = None if pattern is None else pattern.most_per_day
    return city.current().visits.most_per_day if special is None else special


def fewest(everybody: Iterable[Weeks]) -> int:
    """The smallest daily limit among these people."""
    special = {pattern.most_per_day for weeks in everybody for pattern in weeks}
    return min([city.current().visits.most_per_day, *(number for number in special if number is not None)])


@lru_cache(maxsize=1024)
def pattern_of(valid_from: date, weekly: str, most_per_day: int | None) -> Pattern:
    """Returns the same object for equal rows, so that values computed from it can be cached."""
    return Pattern(valid_from, patterns.weekly_of(orjson.loads(weekly)), most_per_day)
