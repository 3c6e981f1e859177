"""The city's visits.toml: read strictly, every fault with its key."""

import shutil
from datetime import date
from pathlib import Path

import pytest

from app.domain.area import Point
from app.domain.config_error import ConfigError
from app.domain.conversation.loader import load_talk
from app.domain.distance import metres
from app.domain.document_kinds import load_document_rules
from app.domain.office_hours import load_hours
from app.domain.programs.loader import load_programs
from app.domain.visit_checks import check_visits
from app.domain.visit_rules import Place, load_visit_rules

JINAN = Path(__file__).parents[2] / "cities" / "jinan"


def test_jinan() -> None:
    rules = load_visit_rules(JINAN)
    assert list(rules.purposes) == [
        "water_plan",
        "construction",
        "acceptance_meter",
        "return_visit",
        "consultation",
    ]
    assert rules.hold.total_seconds() == 300
    assert rules.purposes["consultation"].place is Place.OFFICE
    visits = {
        (key, task.visit.purpose)
        for key, program in load_programs(JINAN).items()
        for stage in program.stages
        for task in stage.tasks
        if task.visit is not None
    }
    wanted = {"water_plan", "construction", "acceptance_meter", "return_visit"}
    assert visits == {
        (key, purpose) for key in ("single_meter", "three_zero", "residential") for purpose in wanted
    }


@pytest.mark.parametrize(
    ("right", "wrong", "key", "fault"),
    [
        ("hold = { minutes = 5,", "hold = { minutes = 0,", "hold.minutes", "must be 1 or more"),
        ("minutes = 240", "minutes = 250", "purposes[1].minutes", "must be a multiple of 15 minutes"),
        ("minutes = 30\ntravel", "minutes = 0\ntravel", "purposes[3].minutes", "from 15 to 480"),
        ('at = "18:00"', 'at = "dusk"', "evening.at", "must be a local time"),
        ('place = "office"', 'place = "moon"', "purposes[4].place", "must be one of site, office"),
        ('key = "construction"', 'key = "water_plan"', "purposes[1].key", "duplicate key"),
        ("near = { metres = 300", "near = { meters = 300", "near.metres", "missing"),
        ("notice = { minutes = 120,", "notice = { minutes = 20160,", "notice", "less than the window of 14"),
        ("cut_off = { minutes = 120,", "cut_off = { minutes = 99999,", "cut_off", "less than the window"),
        ("window = { days = 14,", "window = { days = 0,", "window.days", "must be 1 or more"),
        ('joins = ["water_plan"]', 'joins = ["tea"]', "purposes[0].joins", "'tea' is no purpose"),
        ('joins = ["consultation"]', 'joins = ["water_plan"]', "purposes[4].joins", "takes place elsewhere"),
        (
            "remind_unended = { minutes = 60",
            "remind_unended = { minutes = 361",
            "remind_unended",
            "360 minutes",
        ),
        ("before_minutes = 0", "before_minutes = -15", "purposes[4].travel.before_minutes", "0 or more"),
    ],
)
def test_a_fault_is_named(tmp_path: Path, right: str, wrong: str, key: str, fault: str) -> None:
    text = (JINAN / "visits.toml").read_text(encoding="utf-8")
    assert right in text
    (tmp_path / "visits.toml").write_text(text.replace(right, wrong, 1), encoding="utf-8")
    with pytest.raises(ConfigError) as raised:
        load_visit_rules(tmp_path)
    assert f"visits.toml: {key}: " in str(raised.value)
    assert fault in str(raised.value)


@pytest.mark.parametrize(
    ("right", "wrong", "fault"),
    [
        ('purpose = "water_plan"', 'purpose = "tea"', "visits.toml has no purpose 'tea'"),
        ('"network", "engineering"]', '"network", "stars"]', "unknown department 'stars'"),
        ('arrived_at = "visited_at"', 'arrived_at = "form_guided"', "no output of this task with kind"),
        ('departments = ["customer_development"], not_manager', "not_manager", "somebody has to come"),
        ("not_manager = true", "not_manager = true, manager = true", "contradicts manager = true"),
    ],
)
def test_a_task_with_an_impossible_visit_is_refused(
    tmp_path: Path, right: str, wrong: str, fault: str
) -> None:
    folder = Path(shutil.copytree(JINAN, tmp_path / "city"))
    file = folder / "programs" / "single_meter.toml"
    text = file.read_text(encoding="utf-8")
    lines = [
        line.replace(right, wrong) if line.startswith("visit = ") else line for line in text.splitlines()
    ]
    assert lines != text.splitlines()
    file.write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(ConfigError) as raised:
        load_programs(folder)
    assert fault in str(raised.value)


HOURS = 'periods = [["08:30", "12:00"], ["13:30", "17:00"]]'


@pytest.mark.parametrize(
    ("name", "right", "wrong", "faults"),
    [
        (
            "visits.toml",
            "spans_breaks = true\n",
            "",
            ["calendar.toml: office_hours[0].periods: 现场施工 (construction) takes 240 minutes"],
        ),
        # The two hours that hold from January on leave no room for three of five purposes.
        (
            "calendar.toml",
            HOURS,
            HOURS + '\n[[office_hours]]\nvalid_from = 2027-01-01\nperiods = [["09:05", "10:05"]]',
            [
                f"calendar.toml: office_hours[1].periods: {name}"
                for name in ("上门受理并确定用水方案", "现场施工", "验收挂表通水")
            ],
        ),
        (
            "calendar.toml",
            HOURS,
            'periods = [["08:30", "12:00"], ["12:10", "17:00"]]',
            [f"visits.toml: purposes[{place}].travel: " for place in range(4)],
        ),
        (
            "visits.toml",
            "offer = { minutes = 60,",
            "offer = { minutes = 780,",
            ["visits.toml: offer.minutes: must be less than the time between the quiet hours"],
        ),
    ],
)
def test_what_is_impossible_together_is_named(
    tmp_path: Path, name: str, right: str, wrong: str, faults: list[str]
) -> None:
    folder = Path(shutil.copytree(JINAN, tmp_path / "city"))
    text = (folder / name).read_text(encoding="utf-8")
    assert right in text
    (folder / name).write_text(text.replace(right, wrong, 1), encoding="utf-8")
    with pytest.raises(ConfigError) as raised:
        checked(folder, date(2026, 9, 18))
    told = str(raised.value).splitlines()
    assert len(told) == len(faults)
    assert all(fault in line for fault, line in zip(faults, told, strict=True))


def test_hours_that_were_replaced_before_today_concern_no_visit(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(JINAN, tmp_path / "city"))
    file = folder / "calendar.toml"
    more = f"\n[[office_hours]]\nvalid_from = 2026-09-01\n{HOURS}\n"
    text = file.read_text(encoding="utf-8").replace(HOURS, 'periods = [["08:30", "10:00"]]', 1) + more
    file.write_text(text, encoding="utf-8")
    checked(folder, date(2026, 9, 1))
    with pytest.raises(ConfigError, match="现场施工"):
        checked(folder, date(2026, 8, 31))


def checked(folder: Path, today: date) -> None:
    push = load_talk(folder, load_document_rules(folder)).push
    check_visits(folder, load_visit_rules(folder), load_hours(folder), push, today)


def test_distance() -> None:
    assert metres(Point(36.66, 117.02), Point(36.66, 117.02)) == 0
    # A thousandth of a degree of latitude is 111 metres; of longitude, at Jinan, 89.
    assert metres(Point(36.66, 117.02), Point(36.661, 117.02)) == 111
    assert metres(Point(36.66, 117.02), Point(36.66, 117.021)) == 89
