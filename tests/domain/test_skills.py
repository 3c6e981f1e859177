"""The city's skills.toml: what is asked of whom, every fault with its key."""

from pathlib import Path

import pytest

from app.domain.config_error import ConfigError
from app.domain.skills import Known, load_skills

JINAN = Path("cities/jinan")
KNOWN = Known(
    {"engineering", "marketing"},
    {"construction", "acceptance_meter"},
    {"build_and_accept", "outdoor_works"},
)


def test_a_large_calibre_asks_for_a_skill_and_a_small_one_does_not() -> None:
    rules = load_skills(JINAN, KNOWN)

    assert rules.for_visit("construction", "engineering", 100) == {"large_pipe"}
    assert rules.for_task("build_and_accept", "engineering", 150) == {"large_pipe"}
    assert rules.for_visit("construction", "engineering", 80) == frozenset()
    assert rules.for_visit("construction", "engineering", None) == frozenset()
    assert rules.for_visit("construction", "marketing", 100) == frozenset()
    assert rules.for_visit("acceptance_meter", "engineering", 100) == frozenset()


def test_only_some_work_asks_at_all() -> None:
    rules = load_skills(JINAN, KNOWN)

    assert rules.asks_of_visit("construction")
    assert rules.asks_of_task("outdoor_works")
    assert not rules.asks_of_visit("acceptance_meter")
    assert not rules.asks_of_task("water_on")


def test_a_city_may_ask_for_nothing(tmp_path: Path) -> None:
    (tmp_path / "skills.toml").write_text('warn = { days = 30, cite = "x" }\n', encoding="utf-8")

    rules = load_skills(tmp_path, KNOWN)

    assert rules.required == ()
    assert rules.for_task("build_and_accept", "engineering", 300) == frozenset()


def test_every_fault_is_named_at_once(tmp_path: Path) -> None:
    (tmp_path / "skills.toml").write_text(
        """
warn = { days = 0, cite = "x" }
[[skills]]
key = "welding"
name = "焊接"
cite = "x"
[[skills]]
key = "welding"
name = "焊接"
cite = "x"
[[required]]
skill = "diving"
role = "kitchen"
purposes = ["tea"]
tasks = ["nap"]
calibre_from_mm = 0
cite = "x"
[[required]]
skill = "welding"
role = "engineering"
cite = "x"
""",
        encoding="utf-8",
    )

    with pytest.raises(ConfigError) as raised:
        load_skills(tmp_path, KNOWN)

    text = str(raised.value)
    for fault in (
        "skills[1].key",
        "warn.days: must be 1 or more",
        "required[0].calibre_from_mm: must be 1 or more",
        "required[0].skill: [[skills]] has no 'diving'",
        "required[0].role: departments.toml has no 'kitchen'",
        "required[0].purposes: visits.toml has no 'tea'",
        "required[0].tasks: no program has a task 'nap'",
        "required[1].purposes: a requirement names purposes, tasks or both",
    ):
        assert fault in text
