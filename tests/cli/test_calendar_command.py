"""The `calendar` commands, as a utility's IT types them."""

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from app.cli.calendar import calendar


def run(*args: str, city: str = "") -> Result:
    return CliRunner().invoke(calendar, args, env={"STEWARD_CITY": city})


def answer(*args: str) -> str:
    result = run(*args)
    assert result.exit_code == 0, result.output
    assert result.stdout.count("\n") == 1
    return result.stdout.rstrip("\n")


@pytest.mark.parametrize(
    ("start", "days", "due"),
    [
        ("2026-02-13T16:00:00+08:00", "1.5", "2026-02-24T11:00:00+08:00"),
        ("2026-02-13T08:00:00Z", "1.5", "2026-02-24T11:00:00+08:00"),
        ("2026-02-13T16:00", "1.5", "2026-02-24T11:00:00+08:00"),
        ("2026-02-13T16:00:00.25", "1", "2026-02-14T16:00:00.250000+08:00"),
        ("2026-12-31T17:00", "1", "2027-01-04T17:00:00+08:00"),
    ],
)
def test_due(start: str, days: str, due: str) -> None:
    assert answer("due", "--start", start, "--days", days) == due


FIRST, SECOND = "2026-02-14T08:30/2026-02-14T12:00", "2026-02-24/2026-02-25"


@pytest.mark.parametrize(
    "stopped",
    [
        ["--stopped", FIRST, SECOND],
        ["--stopped", FIRST, "--stopped", SECOND],
        [f"--stopped={FIRST}", SECOND],
        [f"--stopped={SECOND}", f"--stopped={FIRST}"],
    ],
)
def test_stops_may_follow_one_option_or_repeat_it(stopped: list[str]) -> None:
    start = ["--start", "2026-02-13T16:00", "--days", "1.5"]
    assert answer("due", *start, *stopped) == "2026-02-25T16:00:00+08:00"
    assert answer("due", *stopped, *start) == "2026-02-25T16:00:00+08:00"
    # An hour of Friday and half of Saturday, then an hour of Wednesday: 1/7 + 1/2 + 1/7.
    used = ["--start", "2026-02-13T16:00", "--end", "2026-02-25T09:30"]
    assert answer("used", *used, *stopped) == "0.79"


@pytest.mark.parametrize(
    ("start", "end", "used"),
    [
        ("2026-02-13T18:00", "2026-02-14T20:00", "1.00"),
        ("2026-02-24T08:30", "2026-02-24T09:00", "0.07"),
        ("2026-02-14T12:00", "2026-02-14T12:00", "0.00"),
    ],
)
def test_used_has_two_places(start: str, end: str, used: str) -> None:
    assert answer("used", "--start", start, "--end", end) == used


@pytest.mark.parametrize(
    ("day", "told"),
    [
        ("2026-02-13", "2026-02-13 workday"),
        ("2026-02-15", "2026-02-15 weekend"),
        ("2026-02-17", "2026-02-17 holiday 春节"),
        ("2026-02-14", "2026-02-14 make-up workday 调休上班（换 2026-02-20 休息）"),
        ("2026-12-31", "2026-12-31 workday"),
        ("2099-01-01", "2099-01-01 holiday 元旦 provisional"),
        ("2099-01-02", "2099-01-02 workday provisional"),
        ("2099-01-03", "2099-01-03 weekend provisional"),
    ],
)
def test_day(day: str, told: str) -> None:
    assert answer("day", day) == told


@pytest.mark.parametrize(
    ("args", "fault"),
    [
        (["due", "--start", "2026-02-13T16:00", "--days", "0.3"], "'0.3' is not a positive multiple of 0.5"),
        (["due", "--start", "2026-02-13T16:00", "--days", "0"], "not a positive multiple"),
        (["due", "--start", "2026-02-13T16:00", "--days", "-1"], "not a positive multiple"),
        (["due", "--start", "2026-02-13T16:00", "--days", "nan"], "not a positive multiple"),
        (["due", "--start", "2026-02-13T16:00", "--days", "1e999999999"], "not a positive multiple"),
        (["due", "--start", "2026-02-13T16:00", "--days", "two"], "not a positive multiple"),
        (["due", "--start", "yesterday", "--days", "1"], "'yesterday' is not an ISO 8601 instant"),
        (["due", "--start", "2019-12-31T16:00", "--days", "1"], "covers the years 2020 to 2099"),
        (["due", "--start", "2026-02-13T16:00", "--days", "39999"], "covers the years 2020 to 2099"),
        (["used", "--start", "2026-02-14T16:00", "--end", "2026-02-13T16:00"], "is before"),
        (
            ["due", "--start", "2026-02-13", "--days", "1", "--stopped", "2026-02-13"],
            "is not a stretch START/END",
        ),
        (
            ["due", "--start", "2026-02-13", "--days", "1", "--stopped", "2026-02-14/2026-02-13"],
            "before it begins",
        ),
        (["due", "--start", "2026-02-13", "--days", "1", "--stopped"], "requires an argument"),
        (["due", "2026-02-13", "--days", "1"], "Missing option '--start'"),
        (["day", "2026-02-30"], "'2026-02-30' is not a date"),
        (["day", "2019-12-31"], "covers the years 2020 to 2099"),
        (["day", "2100-01-01"], "covers the years 2020 to 2099"),
    ],
)
def test_a_wrong_question_is_answered_with_what_is_wrong(args: list[str], fault: str) -> None:
    result = run(*args)
    assert result.exit_code == 2
    assert fault in result.stderr
    assert result.stdout == ""


def test_a_half_open_day_says_so(tmp_path: Path) -> None:
    (tmp_path / "calendar.toml").write_text(
        'time_zone = "Asia/Shanghai"\n'
        '[[office_hours]]\nvalid_from = 2020-01-01\nperiods = [["08:30", "12:00"]]\n'
        '[[half_days]]\ndate = 2026-02-13\nperiods = [["08:30", "10:00"]]\n',
        encoding="utf-8",
    )
    result = run("day", "2026-02-13", city=str(tmp_path))
    assert result.stdout == "2026-02-13 workday half open\n"


def test_a_fault_in_the_citys_data_is_named(tmp_path: Path) -> None:
    (tmp_path / "calendar.toml").write_text("time_zone = 8\n", encoding="utf-8")
    result = run("day", "2026-02-13", city=str(tmp_path))
    assert result.exit_code == 1
    assert f"{tmp_path / 'calendar.toml'}: office_hours: is missing" in result.stderr


def test_the_commands_themselves_bring_no_web_framework_and_no_database() -> None:
    code = (
        "import sys, app.cli.calendar;"
        "print(sorted({'flask', 'werkzeug', 'sqlalchemy', 'marshmallow'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
