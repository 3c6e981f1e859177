"""What must hold on the working-time line for every instant, length and stop (docs/decisions/0002)."""

import itertools
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from math import ceil
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.office_hours import HalfDay, OfficeHours
from app.domain.worktime import Stretch, WorkingTime
from app.services.installation.holidays import build

SHANGHAI = ZoneInfo("Asia/Shanghai")
MICROSECOND = timedelta(microseconds=1)
MORNING = (time(8, 30), time(12))
WINTER = OfficeHours(date(2020, 1, 1), (MORNING, (time(13, 30), time(17))))
# Half an hour longer, so that a microsecond counts differently in summer.
SUMMER = OfficeHours(date(2026, 6, 1), (MORNING, (time(14), time(18))))
AUTUMN = OfficeHours(date(2026, 10, 8), WINTER.periods)
HALF_OPEN = (
    HalfDay(date(2026, 2, 14), (MORNING,)),
    HalfDay(date(2026, 7, 1), ((time(9), time(10)), (time(15), time(16)))),
)

PLAIN = build((WINTER,), (), SHANGHAI, "plain")
DATED = build((WINTER, SUMMER, AUTUMN), HALF_OPEN, SHANGHAI, "dated")
LINES = pytest.mark.parametrize("line", [PLAIN, DATED], ids=["plain", "dated"])

EDGES = [
    time(0),
    time(8, 30),
    time(9),
    time(12),
    time(12, 40),
    time(13, 30),
    time(17),
    time(23, 59, 59, 999_999),
]
DATES = st.dates(date(2025, 12, 1), date(2027, 3, 1))
INSTANTS = st.one_of(
    st.builds(lambda on, at: datetime.combine(on, at, tzinfo=SHANGHAI), DATES, st.sampled_from(EDGES)),
    st.builds(lambda on, at: datetime.combine(on, at, tzinfo=SHANGHAI), DATES, st.times()),
)
DAYS = st.integers(1, 80).map(lambda halves: Fraction(halves, 2))
STRETCHES = st.tuples(INSTANTS, INSTANTS).map(lambda pair: Stretch(min(pair), max(pair)))
STOPS = st.lists(STRETCHES, max_size=4)

bounded = settings(max_examples=100, deadline=None)


def by_the_minute_of_each_day(
    line: WorkingTime, start: datetime, end: datetime, stops: Sequence[Stretch]
) -> Fraction:
    """`used` said again in the plainest way: day by day, period by period, cut at every stop."""
    cuts = sorted({start, end, *(edge for stop in stops for edge in stop if start < edge < end)})
    used = Fraction(0)
    on = start.astimezone(SHANGHAI).date()
    while on <= end.astimezone(SHANGHAI).date():
        day = line.day(on)
        half = [half.periods for half in HALF_OPEN if half.date == on and line is DATED]
        dated = [hours.periods for hours in (WINTER, SUMMER, AUTUMN) if hours.valid_from <= on]
        periods = half[0] if half else dated[-1] if line is DATED else WINTER.periods
        spans = [
            (datetime.combine(on, opens, tzinfo=SHANGHAI), datetime.combine(on, closes, tzinfo=SHANGHAI))
            for opens, closes in periods
        ]
        whole = sum((closes - opens for opens, closes in spans), timedelta())
        for begin, finish in itertools.pairwise(cuts):
            if any(stop.start <= begin and finish <= stop.end for stop in stops):
                continue
            for opens, closes in spans:
                inside = min(finish, closes) - max(begin, opens)
                if inside > timedelta():
                    used += day.weight * Fraction(inside // MICROSECOND, whole // MICROSECOND)
        on += timedelta(days=1)
    return used


@LINES
@bounded
@given(INSTANTS, INSTANTS, STOPS)
def test_used_is_the_share_of_office_hours_gone_by(
    line: WorkingTime, one: datetime, other: datetime, stops: list[Stretch]
) -> None:
    start, end = min(one, other), max(one, other)
    assert line.used(start, end, stops) == by_the_minute_of_each_day(line, start, end, stops)


@LINES
@bounded
@given(INSTANTS)
def test_earliest_and_latest_undo_the_coordinate(line: WorkingTime, at: datetime) -> None:
    coordinate = line.coordinate(at)
    earliest, latest = line.earliest(coordinate), line.latest(coordinate)
    assert earliest <= at <= latest
    assert line.coordinate(earliest) == line.coordinate(latest) == coordinate
    assert line.coordinate(earliest - MICROSECOND) < coordinate < line.coordinate(latest + MICROSECOND)


@LINES
@bounded
@given(INSTANTS, DAYS, STOPS)
def test_what_is_used_at_the_due_date_is_the_limit(
    line: WorkingTime, start: datetime, days: Fraction, stops: list[Stretch]
) -> None:
    due = line.due(start, days, stops)
    # A due date between two microseconds is the lower one: never late.
    assert line.used(start, due, stops) <= days
    assert line.used(start, due + MICROSECOND, stops) > days or line.coordinate(due) == line.coordinate(
        due + MICROSECOND
    )
    if line is PLAIN:
        assert line.used(start, due, stops) == days
        assert line.used(start, due - MICROSECOND, stops) < days


@LINES
@bounded
@given(INSTANTS, INSTANTS, DAYS, DAYS)
def test_the_line_is_monotonic(
    line: WorkingTime, one: datetime, other: datetime, few: Fraction, more: Fraction
) -> None:
    early, late = min(one, other), max(one, other)
    assert line.coordinate(early) <= line.coordinate(late)
    assert line.due(early, few) <= line.due(late, few)
    assert line.due(early, min(few, more)) <= line.due(early, max(few, more))


@LINES
@bounded
@given(st.tuples(INSTANTS, INSTANTS, INSTANTS).map(sorted), STOPS)
def test_used_and_stopped_are_additive_and_together_the_length(
    line: WorkingTime, instants: list[datetime], stops: list[Stretch]
) -> None:
    first, middle, last = instants
    assert line.used(first, middle, stops) + line.used(middle, last, stops) == line.used(first, last, stops)
    assert line.used(first, last, stops) + line.stopped(first, last, stops) == line.used(first, last)


@bounded
@given(INSTANTS, DAYS, DAYS)
def test_due_dates_are_additive(start: datetime, some: Fraction, others: Fraction) -> None:
    assert PLAIN.due(PLAIN.due(start, some), others) == PLAIN.due(start, some + others)


@LINES
@bounded
@given(INSTANTS, DAYS, STOPS, STRETCHES)
def test_a_stop_never_brings_a_due_date_forward(
    line: WorkingTime, start: datetime, days: Fraction, stops: list[Stretch], one_more: Stretch
) -> None:
    assert line.due(start, days) <= line.due(start, days, stops) <= line.due(start, days, [*stops, one_more])


@LINES
@bounded
@given(INSTANTS, DAYS, STRETCHES, INSTANTS)
def test_stops_count_by_their_union(
    line: WorkingTime, start: datetime, days: Fraction, stop: Stretch, inside: datetime
) -> None:
    cut = min(max(inside, stop.start), stop.end)
    overlapping = [Stretch(cut, stop.end), stop, Stretch(stop.start, cut), stop]
    assert line.due(start, days, overlapping) == line.due(start, days, [stop])
    assert line.stopped(stop.start, stop.end, overlapping) == line.used(stop.start, stop.end)


@LINES
@bounded
@given(INSTANTS, DAYS, STOPS)
def test_stops_before_the_start_and_from_the_due_date_on_change_nothing(
    line: WorkingTime, start: datetime, days: Fraction, stops: list[Stretch]
) -> None:
    due = line.due(start, days)
    outside = [stop for stop in stops if stop.end <= start or stop.start >= due]
    assert line.due(start, days, outside) == due


@LINES
@bounded
@given(INSTANTS, DAYS)
def test_never_later_than_the_civil_code_count(line: WorkingTime, start: datetime, days: Fraction) -> None:
    # The start day is not counted; due at the close of the N-th working day after it.
    counted, on = Fraction(0), start.astimezone(SHANGHAI).date()
    while counted < ceil(days):
        on += timedelta(days=1)
        counted += line.day(on).weight
    closing = line.closing_of(on)
    assert closing is not None
    assert start < line.due(start, days) <= closing


@LINES
@bounded
@given(INSTANTS, DAYS)
def test_a_reminder_is_the_last_instant_at_its_distance(
    line: WorkingTime, at: datetime, days: Fraction
) -> None:
    for reminder, coordinate in (
        (line.before(at, days), line.coordinate(at) - line.ticks(days)),
        (line.after(at, days), line.coordinate(at) + line.ticks(days)),
    ):
        assert line.coordinate(reminder) <= coordinate < line.coordinate(reminder + MICROSECOND)


@LINES
@bounded
@given(INSTANTS)
def test_the_next_opening_is_the_first_after(line: WorkingTime, at: datetime) -> None:
    opening = line.next_opening(at)
    assert opening > at
    assert opening.tzinfo is UTC
    # At an opening the line begins to rise; nothing that was shut opens between.
    assert line.coordinate(opening + MICROSECOND) > line.coordinate(opening)
    closing = line.closing_of(at.astimezone(SHANGHAI).date())
    assert line.coordinate(opening) == line.coordinate(at) or (closing is not None and at < closing)


@LINES
@bounded
@given(INSTANTS)
def test_same_day_is_due_at_the_first_close_to_come(line: WorkingTime, start: datetime) -> None:
    due = line.day_end_due(start)
    assert start < due == line.closing_of(due.astimezone(SHANGHAI).date())
    assert line.used(start, due) <= 1
