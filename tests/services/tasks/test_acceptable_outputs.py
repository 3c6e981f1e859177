"""Every output of every task of the three programs, with a right value and with each wrong one."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from app.domain.city_folder import city_folder
from app.domain.programs import acceptance
from app.domain.programs.acceptance import Facts
from app.domain.programs.gates import NOW, Passing
from app.domain.programs.loader import load_programs
from app.domain.programs.tasks import OutputField, OutputKind
from app.services.tasks.output_checks import FaultyValueError, checked_value
from tests.world import local

PROGRAMS = load_programs(city_folder({}))

# Held against: noon, in a case whose every earlier moment was ten o'clock; the form promises 120 households
# and, for the meters, one.
FACTS_NOW, EARLIER = local("2026-09-18 12:00"), local("2026-09-18 10:00")
PROMISED = {"meter_count": 1, "households_multi_storey": 0, "households_high_rise": 120}

# What the rules of the city say beyond the kind of a value: right ones, then wrong ones, and who may let a
# wrong one pass. An output that is not named here has no rule beyond its kind.
NEVER, REASON, SUPERVISOR = Passing.NEVER, Passing.REASON, Passing.SUPERVISOR
RULES: dict[str, tuple[list[Any], list[Any], Passing]] = {
    "form_guided": ([True], [False], REASON),
    "reviewed": ([True], [False], NEVER),
    "drawings_agree": ([True], [False], NEVER),
    "site_conditions_met": ([True], [False], NEVER),
    "road_permit_needed": ([True, False], [], NEVER),
    "promises_kept": ([True, False], [], NEVER),
    "fees_clear": ([True, False], [], NEVER),
    "limits_known": ([True, False], [], NEVER),
    "opinion": (["feasible", "conditional"], ["infeasible"], SUPERVISOR),
    "network_state": (["normal", "maintenance"], ["interrupted"], SUPERVISOR),
    "peak_pressure_mpa": (["0.14", "0.28", "1"], ["0", "0.01", "0.13", "1.1"], SUPERVISOR),
    "main_depth_m": (["0.3", "1.2", "20"], ["0", "0.2", "20.5"], NEVER),
    "meters_installed": ([120], [0, 3, 119, 121], SUPERVISOR),
    "first_reading": (["0", "50"], ["50.1", "500000"], REASON),
    "utility_cost_fen": ([100, 2650000], [0, 99], NEVER),
    "paid_fen": ([386000], [], SUPERVISOR),
    "further_meters": (
        [None, []],
        [[{"serial": "M2", "position": "楼道", "first_reading": "0"}]],
        SUPERVISOR,
    ),
    "site_ready_at": (["2026-09-18T10:00:00+08:00"], ["2026-09-17T10:00:00+08:00"], REASON),
}
DATES = (
    ["2026-09-18T10:00:00+08:00", "2026-09-18T12:00:59+08:00"],
    [
        "2020-01-01T00:00:00+08:00",
        "2026-09-18T09:59:00+08:00",
        "2026-09-18T12:01:00+08:00",
        "2030-01-01T00:00:00Z",
    ],
)
# Written wrongly, by kind.
WRITTEN_WRONGLY: dict[OutputKind, list[Any]] = {
    OutputKind.TEXT: [5, "甲" * 5000, "a\x00b", ["文字"]],
    OutputKind.INTEGER: ["3", 1.5, True, 10**13],
    OutputKind.DECIMAL: ["abc", True, "NaN", "1e999999", []],
    OutputKind.BOOLEAN: ["true", 1, 0],
    OutputKind.CHOICE: ["made_up", 5],
    OutputKind.DATETIME: ["昨天", "2026-09-18T10:00:00", 5],
    OutputKind.FEN: ["100", -1, 1.5, True],
    OutputKind.RATING: [0, 6, True, "5"],
    OutputKind.METERS: [
        "M2",
        [{"serial": "M2"}],
        [{"serial": "", "position": "楼道", "first_reading": "0"}],
        [{"serial": "M2", "position": "楼道", "first_reading": "-1"}],
        [{"serial": "M2", "position": "楼道", "first_reading": "0"}] * 2,
    ],
}


def every_output() -> Iterator[Any]:
    for program in PROGRAMS.values():
        for stage in program.stages:
            for task in stage.tasks:
                for field in task.outputs:
                    yield pytest.param(field, id=f"{program.key}-{task.key}-{field.key}")


def moment(key: str) -> tuple[str, datetime]:
    return (key, FACTS_NOW if key == NOW else EARLIER)


def promised(fields: tuple[str, ...]) -> int:
    return sum(PROMISED[field] for field in fields)


def refused(field: OutputField, value: Any, **given: Any) -> bool:
    try:
        stored = None if value is None else checked_value(field, value)
    except FaultyValueError as fault:
        return "。" in str(fault)
    said = acceptance.refusal(field, stored, Facts(moment, promised, given))
    assert said is None or said.endswith("。")
    return said is not None


@pytest.mark.parametrize("field", every_output())
def test_an_output_takes_its_right_values_and_no_wrong_one(field: OutputField) -> None:
    right, wrong, passing = RULES.get(field.key, ([], [], NEVER))
    if field.kind is OutputKind.DATETIME:
        right, wrong = [*right, *DATES[0]], [*wrong, *DATES[1]]
    if field.kind in {OutputKind.INTEGER, OutputKind.DECIMAL, OutputKind.FEN} and field.key not in RULES:
        assert field.min is not None
        assert field.max is not None
        right = [*right, int(field.min), int(field.max)]
        wrong = [*wrong, int(field.min) - 1, int(field.max) + 1]
    if field.kind is OutputKind.CHOICE and field.key not in RULES:
        right = [choice.key for choice in field.choices]
    if field.kind is OutputKind.BOOLEAN and field.criterion:
        right = [True, False]
    if field.kind is OutputKind.TEXT:
        right = ["已核对"]
    if field.kind is OutputKind.RATING:
        right = [1, 5]
    assert right, "say in RULES what is acceptable"
    assert [value for value in right if refused(field, value)] == []
    for value in (*wrong, *WRITTEN_WRONGLY[field.kind]):
        assert refused(field, value), value
    assert field.gate.passing is passing


@pytest.mark.parametrize(
    ("key", "other", "needing", "free"),
    [
        ("opinion_text", "opinion", ["conditional", "infeasible"], "feasible"),
        ("network_remark", "network_state", ["maintenance", "interrupted"], "normal"),
        ("approval_number", "approval_decision", ["approved"], "refused"),
    ],
)
def test_a_text_is_needed_with_some_answers(key: str, other: str, needing: list[str], free: str) -> None:
    fields = {field.key: field for param in every_output() for field in param.values}
    assert all(refused(fields[key], None, **{other: value}) for value in needing)
    assert not refused(fields[key], None, **{other: free})
