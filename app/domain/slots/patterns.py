"""Dated working patterns: when a person works in an ordinary week, from a day on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from functools import lru_cache
from itertools import pairwise

from app.domain.office_hours import Periods, periods_of, written
from app.domain.slots import grid
from app.domain.workdays import DayKind

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MAKE_UP = "make_up"
WHOLE_DAY = grid.between(0, 0, grid.PIECES_PER_DAY)
_PIECE_MINUTES = grid.PIECE // timedelta(minutes=1)


@dataclass(frozen=True, slots=True, eq=False)
class Pattern:
    """From `valid_from` on: local periods by weekday; a weekday that is not named is a day off.

    On a make-up workday (调休) the periods under `make_up` hold, and without them the whole office hours:
    everybody works in exchange. `most_per_day` bounds the visits of a day (None: the city's number).
    Equal to nothing but itself.
    """

    valid_from: date
    weekly: Mapping[str, Periods]
    most_per_day: int | None = None

    def on(self, day: date, kind: DayKind) -> Periods | None:
        """The periods of a day; None when the office hours hold."""
        if kind is DayKind.MAKE_UP_WORKDAY:
            return self.weekly.get(MAKE_UP)
        return self.weekly.get(DAYS[day.weekday()], ())

    def pieces_on(self, day: date, kind: DayKind) -> int | None:
        """The same as a set of pieces that counts from midnight."""
        periods = self.on(day, kind)
        return None if periods is None else pieces_of(periods)


@lru_cache(maxsize=256)
def pieces_of(periods: Periods) -> int:
    """The pieces that lie wholly in these periods of a day, as a set that counts from midnight."""
    return grid.union(
        grid.between(0, -(-_minutes(opens) // _PIECE_MINUTES), _minutes(closes) // _PIECE_MINUTES)
        for opens, closes in periods
    )


def breaks_of(periods: Periods) -> tuple[tuple[int, int], ...]:
    """The breaks between periods of a day, as `grid.bridged` takes them, counted from midnight."""
    return tuple(
        (_minutes(closes) // _PIECE_MINUTES, -(-_minutes(opens) // _PIECE_MINUTES))
        for (_, closes), (opens, _) in pairwise(periods)
    )


def _minutes(at: time) -> int:
    """Minutes since midnight; a part of a minute is none that anybody could be booked for."""
    return at.hour * 60 + at.minute


def in_force(patterns: Sequence[Pattern], on: date) -> Pattern | None:
    """The pattern that holds on a day; `patterns` in the order of their dates. None before the first."""
    return next((pattern for pattern in reversed(patterns) if pattern.valid_from <= on), None)


def weekly_of(written_week: Mapping[str, Sequence[Sequence[str]]]) -> dict[str, Periods]:
    """A week as it is stored, such as {"mon": [["08:30", "12:00"]]}.

    Raises `ValueError` for an unknown day or periods that are not in order, positive and apart.
    """
    for name in written_week:
        if name not in (*DAYS, MAKE_UP):
            raise ValueError(f"{name!r} is none of {', '.join((*DAYS, MAKE_UP))}")
    return {name: periods_of(pairs) for name, pairs in written_week.items() if pairs}


def week_written(weekly: Mapping[str, Periods]) -> dict[str, list[list[str]]]:
    """A week as `weekly_of` reads it."""
    return {name: written(periods) for name, periods in weekly.items()}
