"""The city's promises, number by number, as the plan and its annexes state them."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from app.domain.city_folder import city_folder
from app.domain.departments import load_departments
from app.domain.forms import load_forms
from app.domain.programs.definition import Program, ReminderKind, StageKind
from app.domain.programs.guide import describe
from app.domain.programs.loader import load_programs

CITY = city_folder({})
PROGRAMS = load_programs(CITY)
DEPARTMENTS = {department.key: department.name for department in load_departments(CITY)}
GUIDES = {key: describe(program, DEPARTMENTS) for key, program in PROGRAMS.items()}

LEAD = "客户发展部"
EVERYBODY_INFORMED = [LEAD, "总工办", "设计院", "工程管理部门", "管网管理部门", "营销部门"]
ON_SITE = [LEAD, "设计院", "管网管理部门", "工程管理部门"]

# name, kind, min, max, same day, departments; in the order of the flow charts.
STAGES = {
    "single_meter": [
        ("信息传递", "information", None, None, True, EVERYBODY_INFORMED),
        ("受理并确定用水方案", "promised", 0.5, 1, False, ON_SITE),
        ("设计出图", "promised", 1, 2, False, ["设计院"]),
        ("出具预算、签订合同", "promised", 1, 1, False, [LEAD]),
        ("工程施工、验收通水", "promised", 1, 6, False, ["工程管理部门", "营销部门"]),
        ("客户回访", "return_visit", None, 3, False, [LEAD]),
        ("竣工归档", "after_work", None, None, False, ["工程管理部门", "管网管理部门"]),
    ],
    "three_zero": [
        ("项目审核报批", "approval", None, None, False, [LEAD, "集团公司"]),
        ("受理并确定用水方案", "promised", 0.5, 1, False, ON_SITE),
        ("设计出图", "promised", 1, 2, False, ["设计院", LEAD, "总工办"]),
        ("工程施工、验收通水", "promised", 1, 6, False, ["工程管理部门", "营销部门"]),
        ("客户回访", "return_visit", None, 3, False, [LEAD]),
        ("竣工归档", "after_work", None, None, False, ["工程管理部门", "管网管理部门"]),
    ],
    "residential": [
        ("信息传递", "information", None, None, True, EVERYBODY_INFORMED),
        ("受理并确定用水方案", "promised", 1, 2, False, ON_SITE),
        ("设计出图", "promised", None, 18, False, ["设计院"]),
        ("出具概算", "promised", 1, 6, False, [LEAD]),
        ("签订协议、缴纳费用", "promised", 1, 1, False, [LEAD, "财务部"]),
        ("工程施工（户表安装、工程验收）", "promised", None, 30, False, ["工程管理部门", "营销部门"]),
        ("挂表通水", "promised", 1, 3, False, ["营销部门"]),
        ("客户回访", "return_visit", None, 3, False, [LEAD]),
        ("竣工归档", "after_work", None, None, False, ["工程管理部门", "管网管理部门"]),
    ],
}
CUSTOMER_AND_SITE = [
    "客户合同审核",
    "备款",
    "道路挖掘（占用）行政审批",
    "施工现场不具备施工条件",
    "施工现场不具备验收条件",
]
PROMISES: dict[str, dict[str, Any]] = {
    "single_meter": {
        "name": "单表接水",
        "headline": {"links": 2, "working_days": 2, "documents": 1},
        "total": {"min": 3, "max": 10},
        "documents": ["申请表"],
        "stops": CUSTOMER_AND_SITE,
    },
    "three_zero": {
        "name": "“三零”项目",
        "headline": None,
        "total": {"min": 2, "max": 9},
        "documents": [],
        "stops": CUSTOMER_AND_SITE[2:],
    },
    "residential": {
        "name": "新建居民住宅小区",
        "headline": {"links": 2, "working_days": 2, "documents": 2},
        "total": {"min": 60, "max": 60},
        "documents": ["申请表", "项目图纸"],
        "stops": CUSTOMER_AND_SITE,
    },
}


def test_the_programs_come_in_the_order_of_the_plan() -> None:
    assert list(PROGRAMS) == ["single_meter", "three_zero", "residential"]


@pytest.mark.parametrize("key", list(STAGES))
def test_every_stage_is_promised_as_the_plan_has_it(key: str) -> None:
    shown = [
        (
            stage["name"],
            stage["kind"],
            stage["min"],
            stage["max"],
            stage["same_day"],
            stage["departments"],
        )
        for stage in GUIDES[key]["stages"]
    ]
    assert shown == STAGES[key]


@pytest.mark.parametrize("key", list(PROMISES))
def test_every_program_promises_what_the_plan_does(key: str) -> None:
    guide, promise = GUIDES[key], PROMISES[key]
    assert guide["key"] == key
    assert guide["name"] == promise["name"]
    assert guide["headline"] == promise["headline"]
    assert guide["total"] == promise["total"]
    assert guide["documents"] == promise["documents"]
    assert [reason["name"] for reason in guide["stop_reasons"]] == promise["stops"]
    assert "济水集团字〔2019〕138 号" in guide["source"]


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS.keys())
def test_whole_days_are_shown_as_whole_numbers(program: Program) -> None:
    shown = [stage["max"] for stage in GUIDES[program.key]["stages"] if stage["max"] is not None]
    assert all(isinstance(number, int) for number in shown)


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS.keys())
def test_the_maxima_of_the_full_process_add_up_to_the_published_total(program: Program) -> None:
    maxima = [stage.limit.max for stage in program.stages if stage.in_full_process]
    assert sum(limit for limit in maxima if limit is not None) == program.total.max


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS.keys())
def test_the_full_process_is_the_promised_stages_and_no_other(program: Program) -> None:
    for stage in program.stages:
        assert stage.in_full_process == (stage.kind is StageKind.PROMISED)


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS.keys())
def test_the_plan_within_one_day_is_an_internal_aim_of_every_program(program: Program) -> None:
    aims = {stage.key: stage.internal_aim for stage in program.stages if stage.internal_aim is not None}
    assert aims == {"acceptance_plan": Fraction(1)}


@pytest.mark.parametrize(
    ("key", "spans"),
    [
        ("single_meter", [("acceptance_plan", None, None), ("construction", "build_and_accept", "water_on")]),
        ("residential", [("acceptance_plan", None, None), ("water_on", None, None)]),
    ],
)
def test_the_headline_counts_acceptance_and_the_way_from_acceptance_passed_to_water(
    key: str, spans: list[tuple[str, str | None, str | None]]
) -> None:
    headline = PROGRAMS[key].headline
    assert headline is not None
    assert [(span.stage, span.from_task, span.to_task) for span in headline.spans] == spans
    assert headline.name == {"single_meter": "221", "residential": "222"}[key]


@pytest.mark.parametrize(
    ("key", "by_consultation", "first"),
    [
        ("single_meter", False, "acceptance_plan"),
        ("single_meter", True, "information_transfer"),
        ("three_zero", False, "approval"),
        ("residential", False, "acceptance_plan"),
        ("residential", True, "information_transfer"),
    ],
)
def test_a_case_that_a_customer_opens_has_no_information_transfer(
    key: str, by_consultation: bool, first: str
) -> None:
    assert PROGRAMS[key].first_stage(by_consultation).key == first


@pytest.mark.parametrize(
    ("key", "holds"),
    [
        ("single_meter", {"payment": "fund_raising"}),
        ("three_zero", {"site_ready": "site_not_ready_construction"}),
        (
            "residential",
            {
                "estimate_accepted": "contract_review",
                "site_ready": "site_not_ready_construction",
                "payment": "fund_raising",
            },
        ),
    ],
)
def test_the_engine_itself_stops_the_clock_only_where_the_plan_waits_for_the_customer(
    key: str, holds: dict[str, str]
) -> None:
    tasks = [task for stage in PROGRAMS[key].stages for task in stage.tasks]
    assert {task.key: task.pauses_clock for task in tasks if task.pauses_clock} == holds


def test_three_zero_asks_the_customer_for_no_yuan() -> None:
    tasks = [task for stage in PROGRAMS["three_zero"].stages for task in stage.tasks]
    assert not [task.key for task in tasks if task.department == "finance" or "paid" in task.milestones]


def test_three_zero_draws_then_budgets_then_sets_the_project_up() -> None:
    after = {task.key: task.after for task in PROGRAMS["three_zero"].stage("design").tasks}
    assert after == {"drawings": (), "budget": ("drawings",), "project_set_up": ("budget",)}


@pytest.mark.parametrize("key", ["single_meter", "residential"])
def test_information_goes_to_five_departments_at_once(key: str) -> None:
    tasks = PROGRAMS[key].stage("information_transfer").tasks
    assert sorted(task.department for task in tasks) == sorted(
        ["chief_engineer", "design_institute", "engineering", "network", "marketing"]
    )
    assert all(task.after == () for task in tasks)


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS.keys())
def test_the_site_record_has_all_that_the_plan_names(program: Program) -> None:
    survey = program.stage("acceptance_plan").task("network_survey")
    assert survey.department == "network"
    assert {output.key for output in survey.outputs if output.required} == {
        "main_calibre_mm",
        "main_material",
        "main_depth_m",
        "peak_pressure_mpa",
        "outlet_calibre_mm",
        "outlet_valve",
        "network_state",
    }


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS.keys())
def test_a_return_visit_is_reminded_a_day_before_and_on_the_morning_it_is_due(program: Program) -> None:
    rules = {rule.kind: rule.days for rule in program.stage("return_visit").reminders}
    assert rules == {ReminderKind.BEFORE_DUE: Fraction(1), ReminderKind.MORNING_OF_DUE: None}


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS.keys())
def test_a_promised_stage_is_reminded_at_its_lower_bound_half_a_day_before_and_when_due(
    program: Program,
) -> None:
    for stage in program.stages:
        if stage.kind is not StageKind.PROMISED:
            continue
        rules = [(rule.kind, rule.days) for rule in stage.reminders]
        assert (ReminderKind.BEFORE_DUE, Fraction(1, 2)) in rules
        assert (ReminderKind.AT_DUE, None) in rules
        has_lower = stage.limit.min is not None and stage.limit.min != stage.limit.max
        assert ((ReminderKind.LOWER_BOUND, None) in rules) is has_lower


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS.keys())
def test_work_after_water_on_is_never_without_a_due_date(program: Program) -> None:
    stage = program.stage("after_work")
    assert [(task.key, task.department) for task in stage.tasks] == [
        ("as_built_survey", "engineering"),
        ("completion_papers", "engineering"),
        ("gis_update", "network"),
    ]
    assert all(task.due for task in stage.tasks)


def test_every_program_has_its_form() -> None:
    forms = load_forms(CITY)
    assert all(program.form in forms for program in PROGRAMS.values())


def test_the_default_city_is_the_one_of_this_repository() -> None:
    assert Path(__file__).resolve().parents[2] / "cities" / "jinan" == CITY.resolve()
