"""The calendar of the `holidays` package, held against the State Council's notices as published."""

from datetime import date, timedelta
from fractions import Fraction

import pytest

from app.domain.city_folder import city_folder
from app.domain.office_hours import load_hours
from app.domain.workdays import DayKind
from app.services.installation.holidays import build, days_of_year, holidays_by_law, last_announced_year

# By year: first and last day of each stretch off (those with an exchange or on weekdays), and the weekend
# days worked (国务院办公厅关于…部分节假日安排的通知; 2020 with the prolongation of 26 January 2020).
NOTICES: dict[int, tuple[str, str]] = {
    2020: (
        "0101-0101 0124-0202 0404-0406 0501-0505 0625-0627 1001-1008",
        "0119 0426 0509 0628 0927 1010",
    ),
    2021: (
        "0101-0103 0211-0217 0403-0405 0501-0505 0612-0614 0919-0921 1001-1007",
        "0207 0220 0425 0508 0918 0926 1009",
    ),
    2022: (
        "0101-0103 0131-0206 0403-0405 0430-0504 0603-0605 0910-0912 1001-1007",
        "0129 0130 0402 0424 0507 1008 1009",
    ),
    2023: (
        "0101-0102 0121-0127 0405-0405 0429-0503 0622-0624 0929-1006",
        "0128 0129 0423 0506 0625 1007 1008",
    ),
    2024: (
        "0101-0101 0210-0217 0404-0406 0501-0505 0608-0610 0915-0917 1001-1007",
        "0204 0218 0407 0428 0511 0914 0929 1012",
    ),
    2025: (
        "0101-0101 0128-0204 0404-0406 0501-0505 0531-0602 1001-1008",
        "0126 0208 0427 0928 1011",
    ),
    2026: (
        "0101-0103 0215-0223 0404-0406 0501-0505 0619-0621 0925-0927 1001-1007",
        "0104 0214 0228 0509 0920 1010",
    ),
}


def _date(year: int, text: str) -> date:
    return date(year, int(text[:2]), int(text[2:]))


@pytest.mark.parametrize("year", NOTICES)
def test_working_days_are_those_of_the_notice(year: int) -> None:
    off, worked = NOTICES[year]
    days_off: set[date] = set()
    for stretch in off.split():
        first, last = (_date(year, text) for text in stretch.split("-"))
        days_off |= {first + timedelta(days=number) for number in range((last - first).days + 1)}
    made_up = {_date(year, text) for text in worked.split()}
    for day in days_of_year(year):
        works = day.date in made_up or (day.date.weekday() < 5 and day.date not in days_off)
        assert day.weight == (1 if works else 0), day
        assert (day.kind is DayKind.MAKE_UP_WORKDAY) is (day.date in made_up), day
        assert day.provisional is False


@pytest.mark.parametrize(
    ("on", "kind", "name"),
    [
        ("2026-02-13", DayKind.WORKDAY, ""),
        ("2026-02-14", DayKind.MAKE_UP_WORKDAY, "调休上班（换 2026-02-20 休息）"),
        ("2026-02-15", DayKind.WEEKEND, ""),
        ("2026-02-17", DayKind.HOLIDAY, "春节"),
        ("2026-02-20", DayKind.HOLIDAY, "休息日（由 2026-02-14 调休）"),
        # A public holiday on a Sunday is a holiday.
        ("2026-04-05", DayKind.HOLIDAY, "清明节"),
        ("2020-10-01", DayKind.HOLIDAY, "中秋节、国庆节"),
        ("2020-02-02", DayKind.HOLIDAY, "春节延长假期"),
        # Half-day holidays of parts of the population (妇女节) are working days.
        ("2027-03-08", DayKind.WORKDAY, ""),
    ],
)
def test_kind_and_name(on: str, kind: DayKind, name: str) -> None:
    wanted = date.fromisoformat(on)
    day = days_of_year(wanted.year)[wanted.timetuple().tm_yday - 1]
    assert (day.date, day.kind, day.name) == (wanted, kind, name)


def test_years_after_the_last_notice_are_provisional_throughout() -> None:
    assert last_announced_year() >= 2026
    year = last_announced_year() + 1
    days = days_of_year(year)
    assert all(day.provisional for day in days)
    assert days[0].kind is DayKind.HOLIDAY
    # Nobody knows the exchanges yet.
    assert not any(day.kind is DayKind.MAKE_UP_WORKDAY for day in days)
    assert sum((day.weight for day in days), Fraction(0)) > 240


def test_version_names_package_last_notice_and_hours() -> None:
    data = load_hours(city_folder({}))
    version = build(data.hours, data.half_days, data.zone, data.tag).version
    package, year, hours = version.split("/")
    assert package.startswith("holidays-0.")
    assert year == str(last_announced_year())
    assert hours == data.tag


@pytest.mark.parametrize(
    ("year", "days"),
    [
        # Seven statutory stretches; from 2025 on with 除夕 and 2 May (国务院令第795号).
        (2024, "0101 0210 0211 0212 0404 0501 0610 0917 1001 1002 1003"),
        (2025, "0101 0128 0129 0130 0131 0404 0501 0502 0531 1001 1002 1003 1006"),
        (2026, "0101 0216 0217 0218 0219 0405 0501 0502 0619 0925 1001 1002 1003"),
        (2027, "0101 0205 0206 0207 0208 0405 0501 0502 0609 0915 1001 1002 1003"),
        # Neither exchanged days nor the prolonged Spring Festival.
        (2020, "0101 0125 0126 0127 0404 0501 0625 1001 1002 1003"),
    ],
)
def test_holidays_by_law_are_those_and_no_others(year: int, days: str) -> None:
    assert sorted(holidays_by_law(year)) == [_date(year, text) for text in days.split()]
    assert not any("调休" in name for name in holidays_by_law(year).values())
