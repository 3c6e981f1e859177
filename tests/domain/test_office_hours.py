"""The city's calendar file: what it gives, and that each fault is named by file, key and fault."""

from datetime import date, time
from pathlib import Path

import pytest

from app.domain.city_folder import city_folder
from app.domain.config_error import ConfigError
from app.domain.office_hours import HalfDay, OfficeHours, load_hours

HOURS = '[[office_hours]]\nvalid_from = 2020-01-01\nperiods = [["08:30", "12:00"], ["13:30", "17:00"]]\n'
ZONE = 'time_zone = "Asia/Shanghai"\n'


def written(folder: Path, text: str) -> Path:
    file = folder / "calendar.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_the_citys_own_hours() -> None:
    data = load_hours(city_folder({}))
    assert data.zone.key == "Asia/Shanghai"
    assert data.hours == (OfficeHours(date(2020, 1, 1), ((time(8, 30), time(12)), (time(13, 30), time(17)))),)
    assert data.half_days == ()


def test_dated_hours_and_half_open_days_change_the_tag(tmp_path: Path) -> None:
    plain = load_hours(written(tmp_path, ZONE + HOURS))
    more = (
        '[[office_hours]]\nvalid_from = 2026-06-01\nperiods = [["08:00", "12:00"]]\n'
        '[[half_days]]\ndate = 2026-12-31\nperiods = [["08:30", "12:00"]]\n'
    )
    data = load_hours(written(tmp_path, ZONE + HOURS + more))
    assert data.hours[1] == OfficeHours(date(2026, 6, 1), ((time(8), time(12)),))
    assert data.half_days == (HalfDay(date(2026, 12, 31), ((time(8, 30), time(12)),)),)
    assert data.tag != plain.tag == load_hours(written(tmp_path, ZONE + HOURS)).tag


@pytest.mark.parametrize(
    ("text", "key", "fault"),
    [
        ("time_zone = ", "", "is not TOML"),
        (HOURS, "time_zone", "is missing"),
        (ZONE, "office_hours", "is missing"),
        (ZONE + "office_hours = []\n", "office_hours[0].valid_from", "2020-01-01 or earlier"),
        (ZONE + "office_hours = 8\n", "office_hours", "must be tables"),
        ('time_zone = "Mars/Olympus"\n' + HOURS, "time_zone", "must name a time zone"),
        ("time_zone = 8\n" + HOURS, "time_zone", "must name a time zone"),
        (ZONE + 'opening = "08:30"\n' + HOURS, "opening", "is not known here"),
        (ZONE + HOURS + 'note = "x"\n', "office_hours[0].note", "is not known here"),
        (ZONE + "[[office_hours]]\nvalid_from = 2020-01-01\n", "office_hours[0].periods", "is missing"),
        (ZONE + HOURS.replace("2020-01-01", '"2020-01-01"'), "office_hours[0].valid_from", "must be a date"),
        (ZONE + HOURS.replace("2020-01-01", "2020-01-02"), "office_hours[0].valid_from", "or earlier"),
        (ZONE + HOURS + HOURS, "office_hours[1].valid_from", "must be later"),
        (ZONE + HOURS.replace('"12:00"', '"noon"'), "office_hours[0].periods[0]", "must be pairs"),
        (ZONE + HOURS.replace(', "12:00"', ""), "office_hours[0].periods[0]", "must be pairs"),
        (ZONE + HOURS.replace('"13:30"', '"11:30"'), "office_hours[0].periods", "before the one before it"),
        (ZONE + HOURS.replace('"12:00"', '"08:30"'), "office_hours[0].periods", "does not end after"),
        (ZONE + HOURS.replace('"12:00"', '"12:00+08:00"'), "office_hours[0].periods", "without an offset"),
        (
            ZONE + '[[office_hours]]\nvalid_from = 2020-01-01\nperiods = "8"\n',
            "office_hours[0].periods",
            "pairs",
        ),
        (
            ZONE + "[[office_hours]]\nvalid_from = 2020-01-01\nperiods = []\n",
            "office_hours[0].periods",
            "least",
        ),
        (
            ZONE + HOURS + '[[half_days]]\ndate = 2026-12-31\nperiods = [["08:30", "12:00"]]\n' * 2,
            "half_days[1].date",
            "given twice",
        ),
    ],
)
def test_a_fault_names_file_key_and_fault(tmp_path: Path, text: str, key: str, fault: str) -> None:
    file = written(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        load_hours(file)
    assert (caught.value.file, caught.value.key) == (file, key)
    assert fault in caught.value.fault
    assert str(caught.value) == ": ".join(part for part in (str(file), key, caught.value.fault) if part)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is missing"):
        load_hours(tmp_path)


def test_the_city_is_chosen_by_the_environment(tmp_path: Path) -> None:
    assert city_folder({"STEWARD_CITY": str(tmp_path)}) == tmp_path
    assert city_folder({}).parts[-2:] == ("cities", "jinan")
    with pytest.raises(ConfigError, match="STEWARD_CITY: is not a folder"):
        city_folder({"STEWARD_CITY": str(tmp_path / "elsewhere")})
