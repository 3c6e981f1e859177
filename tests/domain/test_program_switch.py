"""Being sent back, and going on in another program: what the data promises about both."""

from datetime import UTC, datetime
from fractions import Fraction

import pytest

from app.domain.city_folder import city_folder
from app.domain.forms import load_forms
from app.domain.programs import engine
from app.domain.programs.loader import load_programs
from app.domain.programs.program_switch import continued
from app.domain.programs.waterplan import nominal_mm, too_wide
from app.domain.refusals import load_refusals
from app.services.installation import city

CITY = city_folder({})
PROGRAMS = load_programs(CITY)
LINE = city.read(CITY).calendar


def test_what_follows_from_a_stage_is_done_again_with_it() -> None:
    single = PROGRAMS["single_meter"]
    assert engine.repeated_with(single, "budget_contract") == {
        "budget_contract",
        "construction",
        "return_visit",
        "after_work",
    }


@pytest.mark.parametrize(
    ("used", "due"),
    [
        (Fraction(0), datetime(2026, 9, 21, 9, tzinfo=UTC)),
        (Fraction(1, 2), datetime(2026, 9, 21, 4, tzinfo=UTC)),
        (Fraction(2), datetime(2026, 9, 18, 9, tzinfo=UTC)),
        (Fraction(5), datetime(2026, 9, 18, 9, tzinfo=UTC)),
    ],
)
def test_a_stage_entered_again_is_due_when_what_is_left_is_gone(used: Fraction, due: datetime) -> None:
    """Two days of design from Sunday the 20th (worked) 08:30; nothing is left: due when it opened."""
    stage = PROGRAMS["single_meter"].stage("design")
    opened = datetime(2026, 9, 20, 0, 30, tzinfo=UTC)
    assert engine.stage_due(LINE, stage, opened, (), used) == due


def test_a_refused_program_leaves_its_check_and_nothing_else_of_itself() -> None:
    single, three_zero = PROGRAMS["single_meter"], PROGRAMS["three_zero"]
    case = continued(single, three_zero)
    assert [stage.key for stage in case.stages] == ["approval", *(stage.key for stage in single.stages)]
    assert (case.key, case.total, case.headline) == (single.key, single.total, single.headline)


def test_a_program_switch_supplies_every_answer_that_the_other_form_requires() -> None:
    """What the other form requires is asked here too, or follows from the turn: nothing is typed twice."""
    forms = load_forms(CITY)
    turns = [
        (program, task.program_switch)
        for program in PROGRAMS.values()
        for stage in program.stages
        for task in stage.tasks
        if task.program_switch is not None
    ]
    assert turns
    for program, program_switch in turns:
        asked = {
            field.key for field in forms[program.form].fields if field.required
        } | program_switch.answers.keys()
        wanted = {
            field.key for field in forms[PROGRAMS[program_switch.program].form].fields if field.required
        }
        assert wanted <= asked


@pytest.mark.parametrize(
    ("value", "millimetres"),
    [("DN20", 20), ("DN1000", 1000), (300, 300), ("20", None), ("DN0", None), (True, None), (None, None)],
)
def test_calibres_are_read_as_they_are_written(value: object, millimetres: int | None) -> None:
    assert nominal_mm(value) == millimetres


@pytest.mark.parametrize(
    ("main", "outlet", "chosen", "faulty"),
    [
        (300, 100, "DN100", set()),
        (300, 100, "DN150", {"chosen_calibre"}),
        (80, 100, "DN50", {"outlet_calibre_mm"}),
        (40, 100, "DN50", {"outlet_calibre_mm", "chosen_calibre"}),
    ],
)
def test_no_pipe_is_wider_than_the_main_it_branches_from(
    main: int, outlet: int, chosen: str, faulty: set[str]
) -> None:
    for program in PROGRAMS.values():
        delivered: dict[str, dict[str, object]] = {
            "network_survey": {"main_calibre_mm": main, "outlet_calibre_mm": outlet},
            "confirm_plan": {"chosen_calibre": chosen},
        }
        assert {wide.field for wide in too_wide(program.stage("acceptance_plan"), delivered)} == faulty


def test_every_refusal_says_what_can_be_done() -> None:
    reasons = {reason.key: reason for reason in load_refusals(CITY)}
    assert {"master_meter", "demolition_area", "arrears", "illegal_building"} <= reasons.keys()
    assert all(reason.advice for reason in reasons.values())
