"""What must hold of reminders for every program, stage, task, start and stop."""

from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from app.domain.city_folder import city_folder
from app.domain.office_hours import OfficeHours
from app.domain.programs import engine
from app.domain.programs.definition import ReminderKind, ReminderRule, Stage, StageKind
from app.domain.programs.engine import Reminder
from app.domain.programs.loader import load_programs
from app.domain.programs.tasks import TaskSpec
from app.domain.worktime import Stretch
from app.services.installation.holidays import build

SHANGHAI = ZoneInfo("Asia/Shanghai")
HOURS = OfficeHours(date(2020, 1, 1), ((time(8, 30), time(12)), (time(13, 30), time(17))))
LINE = build((HOURS,), (), SHANGHAI, "plain")
PROGRAMS = load_programs(city_folder({}))
TASKS = [(stage, task) for program in PROGRAMS.values() for stage in program.stages for task in stage.tasks]
# Those with a due date; the others are reminded once, see below.
LIMITED = [(stage, task) for stage, task in TASKS if stage.limit.max or stage.same_day or task.due]

INSTANTS = st.builds(
    lambda on, at: datetime.combine(on, at, tzinfo=SHANGHAI).astimezone(UTC),
    st.dates(date(2026, 1, 1), date(2026, 12, 31)),
    st.sampled_from([time(0), time(8, 30), time(12), time(12, 30), time(13, 30), time(17)]) | st.times(),
)
# From the opening of the stage to that of the task, in minutes; most tasks open with their stage.
LATER = st.just(0) | st.integers(0, 20_000)
STOPS = st.lists(
    st.tuples(st.integers(0, 20_000), st.integers(0, 20_000)).map(lambda pair: (min(pair), max(pair))),
    max_size=3,
)
bounded = settings(max_examples=200, deadline=None)


def _stops(opened_at: datetime, minutes: list[tuple[int, int]]) -> list[Stretch]:
    return [
        Stretch(opened_at + timedelta(minutes=begin), opened_at + timedelta(minutes=end))
        for begin, end in minutes
    ]


def _due(
    stage: Stage, task: TaskSpec, opened_at: datetime, task_at: datetime, stops: list[Stretch]
) -> datetime:
    of_stage = engine.stage_due(LINE, stage, opened_at, stops)
    due = engine.task_due(LINE, stage, task, task_at, of_stage, stops)
    assert due is not None
    return due


def _reminders(
    stage: Stage,
    task: TaskSpec,
    opened_at: datetime,
    task_at: datetime,
    due: datetime | None,
    stops: list[Stretch],
) -> tuple[Reminder, ...]:
    return engine.reminders(
        LINE, stage, task, stage_opened_at=opened_at, task_opened_at=task_at, due=due, stops=stops
    )


@bounded
@given(st.sampled_from(LIMITED), INSTANTS, LATER, STOPS)
def test_reminders_lie_after_the_start_not_after_the_due_date_and_never_together(
    of: tuple[Stage, TaskSpec], opened_at: datetime, later: int, minutes: list[tuple[int, int]]
) -> None:
    stage, task = of
    task_at, stops = opened_at + timedelta(minutes=later), _stops(opened_at, minutes)
    due = _due(stage, task, opened_at, task_at, stops)
    instants = [reminder.at for reminder in _reminders(stage, task, opened_at, task_at, due, stops)]
    assert instants == sorted(set(instants))
    assert all(task_at < at <= due for at in instants)


@bounded
@given(st.sampled_from(LIMITED), INSTANTS, LATER, STOPS)
def test_every_rule_of_the_stage_is_kept_unless_its_instant_is_past(
    of: tuple[Stage, TaskSpec], opened_at: datetime, later: int, minutes: list[tuple[int, int]]
) -> None:
    stage, task = of
    task_at, stops = opened_at + timedelta(minutes=later), _stops(opened_at, minutes)
    due = _due(stage, task, opened_at, task_at, stops)
    wanted = [
        (at, rule.kind.value)
        for rule in stage.reminders
        if (at := _instant(stage, rule, opened_at, due, stops)) is not None and task_at < at <= due
    ]
    found = _reminders(stage, task, opened_at, task_at, due, stops)
    assert sorted((reminder.at, kind) for reminder in found for kind in reminder.kinds) == sorted(wanted)


def _instant(
    stage: Stage, rule: ReminderRule, opened_at: datetime, due: datetime, stops: list[Stretch]
) -> datetime | None:
    """The instant of a rule, said again by the working days that are used or left at it."""
    if rule.kind is ReminderKind.AT_DUE:
        return due
    if rule.kind is ReminderKind.MORNING_OF_DUE:
        return datetime.combine(due.astimezone(SHANGHAI).date(), time(8, 30), SHANGHAI)
    if rule.kind is ReminderKind.BEFORE_DUE:
        assert rule.days is not None
        return LINE.latest(LINE.coordinate(due) - LINE.ticks(rule.days))
    lower, upper = stage.limit.min, stage.limit.max
    if lower is None or upper is None or lower == upper:
        return None
    return LINE.latest(LINE.coordinate(LINE.due(opened_at, lower, stops)))


@bounded
@given(st.sampled_from(LIMITED), INSTANTS, STOPS)
def test_a_stop_never_brings_a_reminder_forward(
    of: tuple[Stage, TaskSpec], opened_at: datetime, minutes: list[tuple[int, int]]
) -> None:
    stage, task = of
    assume(engine.counts_stops(stage))
    stops = _stops(opened_at, minutes)
    plain = _by_kind(stage, task, opened_at, [])
    stopped = _by_kind(stage, task, opened_at, stops)
    assert all(stopped[kind] >= at for kind, at in plain.items() if kind in stopped)
    assert set(plain) <= set(stopped)


def _by_kind(stage: Stage, task: TaskSpec, opened_at: datetime, stops: list[Stretch]) -> dict[str, datetime]:
    """The last reminder of each kind."""
    due = _due(stage, task, opened_at, opened_at, stops)
    found = _reminders(stage, task, opened_at, opened_at, due, stops)
    return {kind: reminder.at for reminder in found for kind in reminder.kinds}


@pytest.mark.parametrize(
    "of", [(stage, task) for stage, task in TASKS if stage.kind is not StageKind.PROMISED], ids=str
)
def test_a_stop_does_not_move_what_was_never_promised(of: tuple[Stage, TaskSpec]) -> None:
    stage, task = of
    opened_at = datetime(2026, 3, 3, 9, tzinfo=SHANGHAI)
    stops = [Stretch(opened_at, opened_at + timedelta(days=7))]
    of_stage = engine.stage_due(LINE, stage, opened_at, stops)
    assert of_stage == engine.stage_due(LINE, stage, opened_at, [])
    assert engine.task_due(LINE, stage, task, opened_at, of_stage, stops) == engine.task_due(
        LINE, stage, task, opened_at, of_stage, []
    )


@bounded
@given(st.sampled_from([of for of in TASKS if of not in LIMITED]), INSTANTS)
def test_a_task_without_a_due_date_is_reminded_once_or_never(
    of: tuple[Stage, TaskSpec], opened_at: datetime
) -> None:
    stage, task = of
    found = _reminders(stage, task, opened_at, opened_at, None, [])
    if task.remind_after is None:
        assert found == ()
    else:
        (reminder,) = found
        assert reminder.kinds == (engine.REMIND_AFTER,)
        assert LINE.used(opened_at, reminder.at) == task.remind_after


@bounded
@given(INSTANTS, st.integers(1, 6))
def test_overdue_notices_come_in_office_hours_once_each_working_day(due: datetime, times: int) -> None:
    told = [engine.overdue_at(LINE, due, occurrence) for occurrence in range(1, times + 1)]
    assert told[0] > due
    days = [at.astimezone(SHANGHAI).date() for at in told]
    assert days == sorted(set(days))
    assert all(LINE.day(on).weight > 0 for on in days)
    # Never left out: between two tellings lies no other working day, and before the first no opening.
    for earlier, following in pairwise(days):
        between = [earlier + timedelta(days=n) for n in range(1, (following - earlier).days)]
        assert all(LINE.day(on).weight == 0 for on in between)
    assert LINE.used(due, told[0]) < Fraction(1)
    assert all(at.astimezone(SHANGHAI).time() == time(8, 30) for at in told[1:])
