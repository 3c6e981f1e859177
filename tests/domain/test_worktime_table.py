"""The working-time line at instants worked out by hand, on the city's own calendar; all local to Shanghai."""

import threading
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest

from app.domain.city_folder import city_folder
from app.domain.office_hours import HalfDay, OfficeHours, load_hours
from app.domain.workdays import Day
from app.domain.worktime import CalendarRangeError, Stretch, WorkingTime, rounded
from app.services.installation.holidays import build, days_of_year

SHANGHAI = ZoneInfo("Asia/Shanghai")
CITY = load_hours(city_folder({}))
DEFAULT = (OfficeHours(date(2020, 1, 1), ((time(8, 30), time(12)), (time(13, 30), time(17)))),)
LINE = build(CITY.hours, CITY.half_days, CITY.zone, CITY.tag)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def shown(instant: datetime | None) -> str | None:
    return None if instant is None else instant.astimezone(SHANGHAI).replace(tzinfo=None).isoformat(" ")


def stretches(*texts: str) -> list[Stretch]:
    return [Stretch(*(at(edge) for edge in text.split("/"))) for text in texts]


@pytest.mark.parametrize(
    ("start", "days", "due"),
    [
        # Spring Festival 2026: off 15-23 February, Saturdays 14 and 28 worked.
        ("2026-02-13 16:00", "1", "2026-02-14 16:00:00"),
        ("2026-02-13 16:00", "1.5", "2026-02-24 11:00:00"),
        ("2026-02-16 10:00", "1", "2026-02-24 17:00:00"),
        ("2026-02-27 15:00", "2", "2026-03-02 15:00:00"),
        # Spring Festival 2025: Sunday 26 January and Saturday 8 February worked, off 28 January - 4 February.
        ("2025-01-24 17:30", "3", "2025-02-05 17:00:00"),
        ("2025-02-07 16:00", "1.5", "2025-02-10 11:00:00"),
        # Spring Festival 2020, prolonged to 2 February; the Saturday first meant to be worked was not.
        ("2020-01-23 17:00", "1", "2020-02-03 17:00:00"),
        # National Day 2025: Sunday 28 September and Saturday 11 October worked, off 1-8 October.
        ("2025-09-27 10:00", "2", "2025-09-29 17:00:00"),
        ("2025-09-30 16:59:59", "1", "2025-10-09 16:59:59"),
        ("2025-10-10 13:30", "2", "2025-10-13 12:00:00"),
        # National Day 2026: Sunday 20 September and Saturday 10 October worked, off 1-7 October.
        ("2026-09-19 09:00", "1", "2026-09-20 17:00:00"),
        ("2026-09-30 17:00", "3", "2026-10-10 17:00:00"),
        # Year's end: Sunday 4 January 2026 worked; 1 January 2027 is not announced yet, and a Friday.
        ("2025-12-31 15:00", "1", "2026-01-04 15:00:00"),
        ("2026-12-31 17:00", "1", "2027-01-04 17:00:00"),
        # Exactly at opening and at closing; a whole day ends at closing, not next morning.
        ("2026-02-14 08:30", "1", "2026-02-14 17:00:00"),
        ("2026-02-14 17:00", "1", "2026-02-24 17:00:00"),
        ("2026-02-14 17:00", "0.5", "2026-02-24 12:00:00"),
        ("2026-02-14 08:29:59", "0.5", "2026-02-14 12:00:00"),
        # Lunch does not count, from its first to its last instant.
        ("2026-02-14 12:00", "0.5", "2026-02-14 17:00:00"),
        ("2026-02-14 12:45", "0.5", "2026-02-14 17:00:00"),
        ("2026-02-14 13:30", "0.5", "2026-02-14 17:00:00"),
        ("2026-02-14 12:45", "1", "2026-02-24 12:00:00"),
        # The longest promise, 60 (附件 3): 20 in January, 16 in February, 22 in March, 2 in April.
        ("2026-01-05 08:30", "60", "2026-04-02 17:00:00"),
    ],
)
def test_due(start: str, days: str, due: str) -> None:
    assert shown(LINE.due(at(start), Decimal(days))) == due


@pytest.mark.parametrize(
    ("start", "days", "stops", "due"),
    [
        # A morning of one day and the whole of another.
        (
            "2026-02-13 16:00",
            "1.5",
            ["2026-02-14 08:30/2026-02-14 12:00", "2026-02-24 00:00/2026-02-25 00:00"],
            "2026-02-25 16:00:00",
        ),
        # Given in any order, overlapping, one begun before the start: by their union.
        (
            "2026-02-24 08:30",
            "1",
            [
                "2026-02-24 11:00/2026-02-24 14:30",
                "2026-02-14 09:00/2026-02-24 10:30",
                "2026-02-24 10:00/2026-02-24 12:00",
            ],
            "2026-02-25 14:30:00",
        ),
        # Outside office hours nothing is stopped.
        ("2026-02-14 15:00", "0.5", ["2026-02-14 17:00/2026-02-24 08:30"], "2026-02-24 10:00:00"),
        # From the due instant on, and before the start, a stop counts for nothing.
        ("2026-02-24 08:30", "1", ["2026-02-24 17:00/2026-02-26 12:00"], "2026-02-24 17:00:00"),
        ("2026-02-24 08:30", "1", ["2026-02-13 08:30/2026-02-24 08:30"], "2026-02-24 17:00:00"),
        # A stop that the first stop's delay brings within reach counts.
        (
            "2026-02-24 08:30",
            "1",
            ["2026-02-25 08:30/2026-02-25 12:00", "2026-02-24 13:30/2026-02-24 17:00"],
            "2026-02-25 17:00:00",
        ),
    ],
)
def test_due_with_stops(start: str, days: str, stops: Sequence[str], due: str) -> None:
    assert shown(LINE.due(at(start), Decimal(days), stretches(*stops))) == due


@pytest.mark.parametrize(
    ("start", "end", "stops", "used"),
    [
        ("2026-02-13 18:00", "2026-02-14 20:00", [], Fraction(1)),
        ("2026-02-14 18:00", "2026-02-24 07:00", [], Fraction(0)),
        ("2026-02-14 12:00", "2026-02-14 13:30", [], Fraction(0)),
        ("2026-02-24 08:30", "2026-02-24 09:00", [], Fraction(1, 14)),
        ("2026-02-24 09:00", "2026-02-24 09:00", [], Fraction(0)),
        ("2025-12-31 00:00", "2026-01-06 00:00", [], Fraction(3)),
        ("2026-02-13 09:00", "2026-02-25 10:00", ["2026-02-14 08:30/2026-02-24 12:00"], Fraction(23, 14)),
        # Two stops that overlap: the whole day, and no more than the day.
        (
            "2026-02-14 08:30",
            "2026-02-24 12:00",
            ["2026-02-14 08:30/2026-02-14 13:30", "2026-02-14 10:00/2026-02-14 17:00"],
            Fraction(1, 2),
        ),
        # A stop that reaches over both ends leaves nothing.
        ("2026-02-14 09:00", "2026-02-24 12:00", ["2026-02-01 09:00/2026-03-01 12:00"], Fraction(0)),
    ],
)
def test_used(start: str, end: str, stops: Sequence[str], used: Fraction) -> None:
    assert LINE.used(at(start), at(end), stretches(*stops)) == used


@pytest.mark.parametrize(
    ("due", "days", "reminder"),
    [
        # Not at the closing time of the last workday, ten days back (rule 4).
        ("2026-02-24 12:00", "0.5", "2026-02-24 08:30:00"),
        ("2026-02-24 17:00", "0.5", "2026-02-24 13:30:00"),
        ("2026-02-25 10:00", "0.5", "2026-02-24 15:00:00"),
        ("2026-02-24 09:30", "1", "2026-02-14 09:30:00"),
        ("2026-02-24 17:00", "1", "2026-02-24 08:30:00"),
    ],
)
def test_a_reminder_before_the_due_date(due: str, days: str, reminder: str) -> None:
    assert shown(LINE.before(at(due), Decimal(days))) == reminder


def test_a_reminder_after_a_start() -> None:
    assert shown(LINE.after(at("2026-02-13 17:00"), Decimal("0.5"))) == "2026-02-14 13:30:00"
    assert shown(LINE.after(at("2026-02-13 17:00"), 1)) == "2026-02-24 08:30:00"


@pytest.mark.parametrize(
    ("start", "due"),
    [
        ("2026-02-14 07:00", "2026-02-14 17:00:00"),
        ("2026-02-14 16:59", "2026-02-14 17:00:00"),
        ("2026-02-14 17:00", "2026-02-24 17:00:00"),
        ("2026-02-18 09:00", "2026-02-24 17:00:00"),
    ],
)
def test_same_day(start: str, due: str) -> None:
    assert shown(LINE.day_end_due(at(start))) == due


def test_openings() -> None:
    assert shown(LINE.opening_of(date(2026, 2, 14))) == "2026-02-14 08:30:00"
    assert shown(LINE.closing_of(date(2026, 2, 14))) == "2026-02-14 17:00:00"
    assert LINE.opening_of(date(2026, 2, 15)) is LINE.closing_of(date(2026, 2, 15)) is None
    assert shown(LINE.next_opening(at("2026-02-14 12:00"))) == "2026-02-14 13:30:00"
    assert shown(LINE.next_opening(at("2026-02-14 13:30"))) == "2026-02-24 08:30:00"
    assert shown(LINE.next_morning(at("2026-02-13 07:00"))) == "2026-02-14 08:30:00"
    assert shown(LINE.next_morning(at("2026-02-14 08:30"))) == "2026-02-24 08:30:00"


def test_answers_are_in_utc_whatever_the_question_was_in() -> None:
    start = at("2026-02-13 16:00")
    assert LINE.due(start.astimezone(UTC), 1) == LINE.due(start, 1)
    for answer in (
        LINE.due(start, 1),
        LINE.before(start, 1),
        LINE.next_morning(start),
        LINE.day_end_due(start),
    ):
        assert answer.utcoffset() == timedelta()


def test_dated_summer_hours() -> None:
    # From Monday 1 June 2026 seven and a half hours a day; 2/7 of Friday are gone, 5/7 of Monday remain.
    summer = OfficeHours(date(2026, 6, 1), ((time(8, 30), time(12)), (time(14), time(18))))
    line = build((*DEFAULT, summer), (), SHANGHAI, "summer")
    assert shown(line.due(at("2026-05-29 15:00"), 1)) == "2026-06-01 15:51:25.714285"
    assert shown(line.due(at("2026-05-29 17:00"), 1)) == "2026-06-01 18:00:00"
    assert line.used(at("2026-06-01 13:30"), at("2026-06-01 14:00")) == 0
    assert line.used(at("2026-06-01 17:00"), at("2026-06-01 18:00")) == Fraction(2, 15)
    assert line.closing_of(date(2026, 5, 29)) == at("2026-05-29 17:00")


def test_a_half_open_day_counts_half() -> None:
    line = build(DEFAULT, (HalfDay(date(2026, 2, 14), ((time(8, 30), time(12)),)),), SHANGHAI, "half")
    assert line.day(date(2026, 2, 14)).weight == Fraction(1, 2)
    assert shown(line.due(at("2026-02-13 17:00"), Decimal("0.5"))) == "2026-02-14 12:00:00"
    assert shown(line.due(at("2026-02-13 17:00"), 1)) == "2026-02-24 12:00:00"
    assert shown(line.due(at("2026-02-14 10:15"), Decimal("0.5"))) == "2026-02-24 10:15:00"
    assert line.used(at("2026-02-14 08:30"), at("2026-02-14 09:12")) == Fraction(1, 10)
    assert shown(line.day_end_due(at("2026-02-14 12:00"))) == "2026-02-24 17:00:00"


@pytest.mark.parametrize(
    ("days", "text"),
    [
        (Fraction(0), "0.00"),
        (Fraction(1, 2), "0.50"),
        (Fraction(1, 200), "0.01"),
        (Fraction(4_999, 1_000_000), "0.00"),
        (Fraction(2, 3), "0.67"),
        (Fraction(1999, 200), "10.00"),
        (Fraction(1_234), "1234.00"),
    ],
)
def test_rounded_once_half_up_to_two_places(days: Fraction, text: str) -> None:
    assert str(rounded(days)) == text


def test_a_naive_instant_is_refused_everywhere() -> None:
    naive, aware = datetime(2026, 2, 13, 16), at("2026-02-14 16:00")  # noqa: DTZ001
    for ask in (
        lambda: LINE.due(naive, 1),
        lambda: LINE.due(aware, 1, [(naive, aware)]),
        lambda: LINE.due(aware, 1, [(aware, aware), (naive, naive)]),
        lambda: LINE.used(naive, aware),
        lambda: LINE.stopped(aware, naive, []),
        lambda: LINE.before(naive, 1),
        lambda: LINE.next_opening(naive),
        lambda: LINE.next_morning(naive),
        lambda: LINE.day_end_due(naive),
    ):
        with pytest.raises(ValueError, match="aware"):
            ask()


def test_what_can_not_be_is_refused() -> None:
    start, end = at("2026-02-13 16:00"), at("2026-02-14 16:00")
    with pytest.raises(ValueError, match="is before"):
        LINE.used(end, start)
    with pytest.raises(ValueError, match="stop ends before it begins"):
        LINE.due(start, 1, [(end, start)])
    with pytest.raises(ValueError, match="can't be counted"):
        LINE.due(start, Fraction(-1, 2))
    with pytest.raises(ValueError, match="can't be counted"):
        LINE.due(start, Fraction(1, 11))


def test_years_that_the_calendar_does_not_cover() -> None:
    for ask in (
        lambda: LINE.day(date(2019, 12, 31)),
        lambda: LINE.day(date(2100, 1, 1)),
        lambda: LINE.coordinate(at("2019-12-31 23:59:59")),
        lambda: LINE.coordinate(at("2100-01-01 00:00")),
        lambda: LINE.next_opening(at("2019-12-31 23:59:59")),
        lambda: LINE.due(at("2099-12-30 08:30"), 10),
        lambda: LINE.before(at("2020-01-03 08:30"), 10),
    ):
        with pytest.raises(CalendarRangeError, match="2020 to 2099"):
            ask()
    assert LINE.coordinate(at("2020-01-01 00:00")) == 0
    assert LINE.day(date(2099, 12, 31)).weight == 1


def test_a_stop_from_before_the_calendar_counts_from_the_start() -> None:
    start = at("2020-01-02 08:30")
    reaching_in = stretches("2019-11-01 09:00/2020-01-02 12:00")
    assert shown(LINE.due(start, 1, stretches("2019-11-01 09:00/2019-11-08 09:00"))) == "2020-01-02 17:00:00"
    assert shown(LINE.due(start, 1, reaching_in)) == "2020-01-03 12:00:00"
    assert LINE.used(start, at("2020-01-02 17:00"), reaching_in) == Fraction(1, 2)


def test_a_reminder_that_falls_on_the_next_years_first_opening() -> None:
    # A line nobody has asked about a later year yet.
    line = build(DEFAULT, (), SHANGHAI, "cold")
    assert shown(line.before(at("2026-12-31 18:00"), 0)) == "2027-01-04 08:30:00"


def test_hours_must_be_known_and_in_order() -> None:
    later = OfficeHours(date(2026, 6, 1), DEFAULT[0].periods)
    for hours in ((), (later,), (later, *DEFAULT), (*DEFAULT, *DEFAULT)):
        with pytest.raises(ValueError, match="office hours must be"):
            WorkingTime(SHANGHAI, days_of_year, hours, version=lambda: "bad")


def test_a_zone_that_changes_its_clocks_is_refused() -> None:
    with pytest.raises(ValueError, match="changes its clocks"):
        build(DEFAULT, (), ZoneInfo("Europe/Berlin"), "berlin").day(date(2020, 6, 1))


def test_a_calendar_with_a_hole_is_refused() -> None:
    def holed(year: int) -> list[Day]:
        return days_of_year(year)[:-1]

    with pytest.raises(ValueError, match="2020 does not give each"):
        WorkingTime(SHANGHAI, holed, DEFAULT, version=lambda: "holed").day(date(2020, 1, 1))


def test_threads_that_meet_a_cold_line_build_each_year_once_and_agree() -> None:
    asked: list[int] = []

    def counted(year: int) -> Sequence[Day]:
        asked.append(year)
        return days_of_year(year)

    line = WorkingTime(SHANGHAI, counted, DEFAULT, version=lambda: "cold")
    together = threading.Barrier(8)
    answers: list[datetime] = []

    def ask() -> None:
        together.wait()
        answers.append(line.due(at("2026-12-31 17:00"), 1))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [at("2027-01-04 17:00")] * 8
    assert asked == list(range(2020, 2028))
