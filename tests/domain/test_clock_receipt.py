"""A receipt adds up: day by day to the figure that everybody is shown."""

import itertools
from collections.abc import Sequence
from datetime import date, datetime
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain import clock_receipt
from app.domain.clock_receipt import Receipt, StopEntry
from app.domain.workdays import DayKind
from app.domain.worktime import Stretch, WorkingTime, rounded
from tests.domain.test_worktime_properties import DATED, INSTANTS, LINES, PLAIN, STOPS, bounded

SHANGHAI = ZoneInfo("Asia/Shanghai")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def entries(stops: Sequence[Stretch]) -> list[StopEntry]:
    return [StopEntry(f"stop-{number}", *stop) for number, stop in enumerate(stops)]


# Cut at random into stages that follow each other, as a case's log does.
LOGS = st.lists(INSTANTS, min_size=2, max_size=6).map(sorted)


@LINES
@given(instants=LOGS, stops=STOPS)
@bounded
def test_the_days_add_up_to_the_figure_and_the_length(
    line: WorkingTime, instants: list[datetime], stops: list[Stretch]
) -> None:
    whole = Stretch(instants[0], instants[-1])
    found = clock_receipt.write_out(line, [whole], entries(stops))
    assert sum(day.used for day in found.days) == found.used == line.used(*whole, stops)
    assert sum(day.stopped for day in found.days) == found.stopped == line.stopped(*whole, stops)
    assert found.used + found.stopped == found.length == line.used(*whole)


@LINES
@given(instants=LOGS, stops=STOPS)
@bounded
def test_the_stages_receipts_add_up_to_the_whole(
    line: WorkingTime, instants: list[datetime], stops: list[Stretch]
) -> None:
    whole = clock_receipt.write_out(line, [Stretch(instants[0], instants[-1])], entries(stops))
    stages = [
        clock_receipt.write_out(line, [Stretch(start, end)], entries(stops))
        for start, end in itertools.pairwise(instants)
    ]
    assert sum(stage.used for stage in stages) == whole.used
    assert sum(stage.stopped for stage in stages) == whole.stopped


@LINES
@given(instants=LOGS, stops=STOPS)
@bounded
def test_every_day_is_listed_once_with_its_reason(
    line: WorkingTime, instants: list[datetime], stops: list[Stretch]
) -> None:
    found = clock_receipt.write_out(line, [Stretch(instants[0], instants[-1])], entries(stops))
    dates = [day.day.date for day in found.days]
    assert dates == sorted(set(dates))
    assert (dates[-1] - dates[0]).days == len(dates) - 1
    for day in found.days:
        assert 0 <= day.used + day.stopped <= day.day.weight
        assert 0 <= day.counted_minutes <= day.office_minutes
        # A minute of office hours counts the same share all day long.
        assert day.counted_minutes * day.day.weight == day.used * day.office_minutes
        assert bool(day.stops) == bool(day.stopped)
        assert all(0 < part.stopped <= day.stopped for part in day.stops)
        assert sum(part.stopped for part in day.stops) >= day.stopped
        if not day.day.weight:
            assert day.office == ()


@given(instants=LOGS, stops=STOPS)
@settings(max_examples=50)
def test_a_stop_said_twice_counts_once(instants: list[datetime], stops: list[Stretch]) -> None:
    whole = [Stretch(instants[0], instants[-1])]
    once = clock_receipt.write_out(PLAIN, whole, entries(stops))
    twice = clock_receipt.write_out(PLAIN, whole, entries([*stops, *stops]))
    assert (once.used, once.stopped) == (twice.used, twice.stopped)


def shares(found: Receipt) -> dict[str, str]:
    return {day.day.date.isoformat(): str(rounded(day.used)) for day in found.days}


def test_a_holiday_with_its_make_up_day_and_a_pause_is_listed_day_by_day() -> None:
    """The Mid-Autumn days of 2026, checked by hand: 25 to 27 September off, Sunday the 20th worked."""
    found = clock_receipt.write_out(
        PLAIN,
        [Stretch(at("2026-09-18 15:15"), at("2026-09-28 09:30"))],
        [StopEntry("s", at("2026-09-21 10:00"), at("2026-09-22 13:30"))],
    )
    assert shares(found) == {
        "2026-09-18": "0.25",
        "2026-09-19": "0.00",
        "2026-09-20": "1.00",
        "2026-09-21": "0.21",
        "2026-09-22": "0.50",
        "2026-09-23": "1.00",
        "2026-09-24": "1.00",
        "2026-09-25": "0.00",
        "2026-09-26": "0.00",
        "2026-09-27": "0.00",
        "2026-09-28": "0.14",
    }
    by_date = {day.day.date: day for day in found.days}
    assert by_date[date(2026, 9, 19)].day.kind is DayKind.WEEKEND
    assert by_date[date(2026, 9, 20)].day.kind is DayKind.MAKE_UP_WORKDAY
    assert by_date[date(2026, 9, 25)].day.kind is DayKind.HOLIDAY
    assert by_date[date(2026, 9, 25)].day.name == "中秋节"
    assert by_date[date(2026, 9, 18)].counted_minutes == 105
    assert by_date[date(2026, 9, 21)].stops[0].stopped == Fraction(330, 420)
    assert by_date[date(2026, 9, 22)].stops[0].end == at("2026-09-22 13:30")


def test_a_day_declared_half_open_counts_half_for_all_its_hours() -> None:
    found = clock_receipt.write_out(DATED, [Stretch(at("2026-07-01 00:00"), at("2026-07-01 23:00"))], [])
    assert found.used == Fraction(1, 2)
    assert found.days[0].office_minutes == 120


def test_what_ends_at_midnight_has_no_share_in_the_next_day() -> None:
    found = clock_receipt.write_out(PLAIN, [Stretch(at("2026-09-17 09:00"), at("2026-09-18 00:00"))], [])
    assert [day.day.date for day in found.days] == [date(2026, 9, 17)]


def test_a_stage_that_ended_as_it_began_shows_its_day_with_nothing_used() -> None:
    moment = at("2026-09-18 00:00")
    found = clock_receipt.write_out(PLAIN, [Stretch(moment, moment)], [])
    assert [day.day.date for day in found.days] == [date(2026, 9, 18)]
    assert found.used == 0


def test_an_end_before_the_start_is_refused() -> None:
    with pytest.raises(ValueError, match="is before"):
        clock_receipt.write_out(PLAIN, [Stretch(at("2026-09-18 10:00"), at("2026-09-18 09:00"))], [])
