"""The days of the calendar, and when the office is open on each of them."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from fractions import Fraction
from math import lcm
from zoneinfo import ZoneInfo

from app.domain.office_hours import HalfDay, OfficeHours, Periods, open_time

_MICROSECOND = timedelta(microseconds=1)


class DayKind(StrEnum):
    """What the State Council's calendar says of a day."""

    WORKDAY = "workday"
    WEEKEND = "weekend"
    HOLIDAY = "holiday"
    MAKE_UP_WORKDAY = "make-up workday"


@dataclass(frozen=True, slots=True)
class Day:
    """One day of the calendar.

    `name` is what people call it in Chinese ("" for an ordinary day); `provisional` says that its year is not
    announced yet; `weight` is what it counts: 0, 1/2 (declared half open) or 1 working day.
    """

    date: date
    kind: DayKind
    name: str
    provisional: bool
    weight: Fraction


class Opening:
    """When a utility's office is open: dated office hours, and the days that it declares half open.

    A half-open day counts half a working day whatever else it would be (docs/decisions/0002). Raises
    `ValueError` unless the hours are given in the order of their dates and known from `first_day`.
    """

    def __init__(
        self, zone: ZoneInfo, hours: Sequence[OfficeHours], half_days: Sequence[HalfDay], first_day: date
    ) -> None:
        self.zone = zone
        self._hours = tuple(hours)
        self._hours_from = [dated.valid_from for dated in hours]
        if self._hours_from != sorted(set(self._hours_from)):
            raise ValueError("office hours must be given in the order of their dates")
        if not hours or hours[0].valid_from > first_day:
            raise ValueError(f"office hours must be known from {first_day}")
        self._half_days = {half.date: half.periods for half in half_days}
        kinds = {dated.periods for dated in hours} | set(self._half_days.values())
        self._lengths = {periods: open_time(periods) // _MICROSECOND for periods in kinds}
        # Twice the common multiple, so that half a day spread over any of the office hours is whole ticks.
        self.ticks_per_day = 2 * lcm(*self._lengths.values())

    def weighed(self, day: Day) -> Day:
        """The day with the weight that the utility's half-open days give it."""
        return replace(day, weight=Fraction(1, 2)) if day.date in self._half_days else day

    def periods(self, day: Day) -> list[tuple[datetime, datetime]]:
        """Opening and closing of each office period of a weighed day, aware, local; none when closed."""
        return [
            (
                datetime.combine(day.date, opens, tzinfo=self.zone),
                datetime.combine(day.date, closes, tzinfo=self.zone),
            )
            for opens, closes in self._local(day)
        ]

    def rate(self, day: Day) -> int:
        """The ticks that go by in a microsecond of a weighed day's open time; 0 when it is closed."""
        if not (periods := self._local(day)):
            return 0
        return day.weight.numerator * self.ticks_per_day // (day.weight.denominator * self._lengths[periods])

    def _local(self, day: Day) -> Periods:
        if half := self._half_days.get(day.date):
            return half
        if not day.weight:
            return ()
        return self._hours[bisect_right(self._hours_from, day.date) - 1].periods
