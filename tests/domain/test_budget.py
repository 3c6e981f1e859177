"""What is left of a promise, and when somebody's time is about to be eaten."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from app.domain import budget
from app.domain.budget import Budget, StageState
from app.domain.programs import figures
from app.domain.programs.definition import Program
from app.domain.programs.figures import StageLog
from app.domain.programs.loader import load_programs
from app.domain.worktime import Stretch
from tests.domain.test_worktime_properties import INSTANTS, PLAIN, STOPS, bounded

SHANGHAI = ZoneInfo("Asia/Shanghai")
PROGRAMS = load_programs(Path(__file__).parents[2] / "cities" / "jinan")
SINGLE, RESIDENTIAL = PROGRAMS["single_meter"], PROGRAMS["residential"]
MICROSECOND = timedelta(microseconds=1)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def inside(program: Program) -> list[str]:
    return [stage.key for stage in program.stages if stage.in_full_process]


def logs_of(program: Program, instants: Sequence[datetime]) -> list[StageLog]:
    """Stages entered one after another at these instants; the last entered is still open."""
    ends = [*instants[1:], None]
    return [
        StageLog(key, start, None, end)
        for key, start, end in zip(inside(program), instants, ends, strict=False)
    ]


def of(
    program: Program,
    logs: Sequence[StageLog],
    now: datetime,
    stops: Sequence[Stretch] = (),
    *,
    stopped: bool = False,
) -> Budget:
    return budget.budget(PLAIN, program, logs, PLAIN.covered(stops), now, stopped=stopped)


CASES = st.tuples(
    st.sampled_from(list(PROGRAMS.values())),
    st.lists(INSTANTS, min_size=2, max_size=5).map(sorted),
    STOPS,
)


@given(case=CASES)
@bounded
def test_the_budget_adds_up_and_says_what_the_figures_say(
    case: tuple[Program, list[datetime], list[Stretch]],
) -> None:
    program, instants, stops = case
    logs, now = logs_of(program, instants[:-1]), instants[-1]
    found = of(program, logs, now, stops)
    assert found.total is not None
    assert found.reserve is not None
    assert found.projected + found.reserve == found.total
    # One stage follows the other without a gap, so the stages are the whole.
    assert found.used == sum(stage.used for stage in found.stages)
    ticks = figures.full_process(PLAIN, program.full_process, logs, PLAIN.covered(stops), now)
    assert found.used * PLAIN.ticks_per_day == ticks
    assert found.projected == sum(stage.projected for stage in found.stages)


@given(case=CASES)
@bounded
def test_at_the_warning_nothing_of_a_later_stage_is_gone_and_from_then_on_it_goes(
    case: tuple[Program, list[datetime], list[Stretch]],
) -> None:
    program, instants, _ = case
    logs, now = logs_of(program, instants[:-1]), instants[-1]
    found = of(program, logs, now)
    threat = found.threat
    assume(threat is not None)
    assert threat is not None
    assert found.reserve is not None
    then = of(program, logs, threat.at)
    assert then.reserve is not None
    if found.reserve >= 0:
        assert 0 <= then.reserve < Fraction(1, 10**9)
    late = next(stage for stage in then.stages if stage.key == threat.stage)
    assert late.left is not None
    assert late.left < Fraction(1, 10**9)
    hours_later = of(program, logs, PLAIN.after(threat.at, Fraction(1, 2)))
    assert hours_later.reserve is not None
    assert hours_later.reserve - min(then.reserve, Fraction(0)) <= Fraction(1, 10**9) - Fraction(1, 2)


@given(case=CASES, stop=st.tuples(INSTANTS, INSTANTS))
@bounded
def test_a_stop_never_brings_a_warning_forward(
    case: tuple[Program, list[datetime], list[Stretch]], stop: tuple[datetime, datetime]
) -> None:
    program, instants, _ = case
    logs, now = logs_of(program, instants[:-1]), instants[-1]
    before, after = of(program, logs, now), of(program, logs, now, [Stretch(min(stop), max(stop))])
    if before.threat and after.threat:
        assert after.threat.at >= before.threat.at


def test_an_overdue_stage_warns_all_that_follow_at_its_own_limit() -> None:
    """The maxima of 单表接水 are its total, so a stage that saved nothing may lose nothing."""
    found = of(SINGLE, logs_of(SINGLE, [at("2026-09-14 09:00")]), at("2026-09-14 10:00"))
    assert found.total == 10
    assert found.reserve == 0
    assert found.threat is not None
    assert found.threat.at == at("2026-09-15 09:00")
    assert found.threat.later == ("design", "budget_contract", "construction")


def test_what_an_earlier_stage_saved_may_be_used_first() -> None:
    """Acceptance took half of its day: design is late after 2 days, but eats nobody's time before 2.5."""
    logs = logs_of(SINGLE, [at("2026-09-14 08:30"), at("2026-09-14 13:30")])
    found = of(SINGLE, logs, at("2026-09-14 13:30"))
    assert found.reserve == Fraction(1, 2)
    assert found.threat is not None
    assert (found.threat.stage, found.threat.at) == ("design", at("2026-09-17 08:30"))


def test_time_once_lost_is_not_warned_of_before_the_next_stage_is_late_too() -> None:
    logs = logs_of(SINGLE, [at("2026-09-14 08:30"), at("2026-09-17 08:30")])
    found = of(SINGLE, logs, at("2026-09-17 08:30"))
    assert found.reserve == -2
    assert found.threat is not None
    assert found.threat.at == at("2026-09-20 08:30")


def test_no_overrun_while_the_clock_is_paused_or_when_no_stage_follows() -> None:
    logs = logs_of(SINGLE, [at("2026-09-14 08:30")])
    assert of(SINGLE, logs, at("2026-09-14 10:00"), stopped=True).threat is None
    last = [at("2026-09-14 08:30"), at("2026-09-15 08:30"), at("2026-09-16 08:30"), at("2026-09-17 08:30")]
    found = of(SINGLE, logs_of(SINGLE, last), at("2026-09-30 10:00"))
    assert found.threat is None
    assert [stage.state for stage in found.stages][-1] is StageState.OPEN


def residential_at_water_on(acceptance_end: str, now: str) -> budget.HeadlineBudget:
    """Acceptance from 2026-09-14 08:30, then straight to water-on at 2026-09-21 08:30."""
    logs = [
        StageLog("acceptance_plan", at("2026-09-14 08:30"), None, at(acceptance_end)),
        StageLog("design", at(acceptance_end), None, at("2026-09-21 08:30")),
        StageLog("water_on", at("2026-09-21 08:30"), None, None),
    ]
    found = budget.headline_budget(PLAIN, RESIDENTIAL, logs, {}, (), at(now), stopped=False)
    assert found is not None
    return found


def test_two_stages_on_time_can_break_the_headline_and_that_is_seen_before() -> None:
    """1 – 2 and 1 – 3 working days are each kept, but their sum of 3 breaks “222”."""
    found = residential_at_water_on("2026-09-15 12:00", "2026-09-21 08:30")
    assert found.promised == 2
    assert (found.used, found.left) == (Fraction(3, 2), Fraction(1, 2))
    assert (found.running, found.warn_at) == ("water_on", at("2026-09-21 08:30"))
    water_on = of(
        RESIDENTIAL, [StageLog("water_on", at("2026-09-21 08:30"), None, None)], at("2026-09-22 08:30")
    )
    assert next(stage for stage in water_on.stages if stage.key == "water_on").left == 2


@pytest.mark.parametrize(
    ("acceptance_end", "warned"),
    [("2026-09-14 12:00", "2026-09-22 08:30"), ("2026-09-14 17:00", "2026-09-21 13:30")],
)
def test_the_headline_warns_half_a_day_before_it_breaks(acceptance_end: str, warned: str) -> None:
    assert residential_at_water_on(acceptance_end, "2026-09-21 08:30").warn_at == at(warned)


def test_between_its_two_links_the_headline_does_not_count() -> None:
    logs = logs_of(RESIDENTIAL, [at("2026-09-14 08:30"), at("2026-09-15 08:30")])
    found = budget.headline_budget(PLAIN, RESIDENTIAL, logs, {}, (), at("2026-09-24 09:00"), stopped=False)
    assert found is not None
    assert found.used == 1
    assert (found.running, found.warn_at) == (None, None)


def test_what_has_no_slogan_gets_none() -> None:
    three_zero = PROGRAMS["three_zero"]
    assert (
        budget.headline_budget(PLAIN, three_zero, (), {}, (), at("2026-09-24 09:00"), stopped=False) is None
    )
