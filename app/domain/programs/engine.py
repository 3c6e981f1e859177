"""What comes next in a case, and when its people are reminded: pure functions over a program's data.

The rules are those of the flow charts (附件 1–3): a stage opens when the stages it follows are done, a
task when the tasks of its stage that it comes after are done, and a stage is done when all its tasks are.
Instants are aware datetimes; the working-time line (docs/decisions/0002) is passed in.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from app.domain.programs.definition import Program, ReminderKind, Stage, StageKind
from app.domain.programs.tasks import TaskSpec
from app.domain.worktime import Stretch, WorkingTime

_NONE = Fraction(0)


def stages_to_open(
    program: Program, opened: Collection[str], done: Collection[str], *, by_consultation: bool
) -> tuple[Stage, ...]:
    """The stages that open now, given the keys of those already opened and those done.

    A stage that exists only after a 设计方案意见征询 counts as done in a case that had none.
    """
    absent = {stage.key for stage in program.stages if stage.only_by_consultation and not by_consultation}
    settled = set(done) | absent
    return tuple(
        stage
        for stage in program.stages
        if stage.key not in opened and stage.key not in absent and settled.issuperset(stage.follows)
    )


def tasks_to_open(stage: Stage, opened: Collection[str], done: Collection[str]) -> tuple[TaskSpec, ...]:
    """The tasks of a stage that open now: those whose predecessors are all done."""
    return tuple(
        task
        for task in stage.tasks
        if task.opened_by is None and task.key not in opened and set(done).issuperset(task.after)
    )


def is_complete(stage: Stage, done: Collection[str]) -> bool:
    """Whether every task of the stage's ordinary course is done."""
    return all(task.key in done for task in stage.tasks if task.opened_by is None)


def counts_stops(stage: Stage) -> bool:
    """Whether a stop of the case's clock stretches this stage: only the promised ones (附件 1–3, 备注)."""
    return stage.kind is StageKind.PROMISED


def can_be_repeated(stage: Stage) -> bool:
    """Whether a case can be sent back to a stage: only to a promised one, whose time accumulates."""
    return stage.kind is StageKind.PROMISED


def repeated_with(program: Program, key: str) -> frozenset[str]:
    """The stages that have to be done again with one that is: itself and all that follow from it."""
    found = {key}
    more = {key}
    while more:
        more = {stage.key for stage in program.stages if not found.isdisjoint(stage.follows)} - found
        found |= more
    return frozenset(found)


def is_kept(task: TaskSpec) -> bool:
    """Whether a task stays done when its stage is repeated: what was paid is not asked for again."""
    return "paid" in task.milestones


def stage_due(
    line: WorkingTime,
    stage: Stage,
    opened_at: datetime,
    stops: Sequence[Stretch],
    used_before: Fraction = _NONE,
) -> datetime | None:
    """When a stage is due, in UTC; None where the plan sets no limit.

    当日 is due at the close of the working day it opened in, or of the next when it opened after hours.
    `used_before` are the working days that earlier entries have used: a stage entered again has what is
    left of its limit, and nothing when that was used up.
    """
    if stage.same_day:
        return line.day_end_due(opened_at)
    if stage.limit.max is None:
        return None
    left = max(stage.limit.max - used_before, _NONE)
    return line.due(opened_at, left, stops if counts_stops(stage) else ())


def task_due(
    line: WorkingTime,
    stage: Stage,
    task: TaskSpec,
    opened_at: datetime,
    due_of_stage: datetime | None,
    stops: Sequence[Stretch],
) -> datetime | None:
    """When a task is due: its own limit counted from its opening, else its stage's due date.

    The earlier of the two; but what is kept for a happening may open long after its stage was done.
    """
    if task.due is None:
        return due_of_stage
    own = line.due(opened_at, task.due, stops if counts_stops(stage) else ())
    return own if due_of_stage is None or task.opened_by is not None else min(own, due_of_stage)


@dataclass(frozen=True, slots=True)
class Reminder:
    """One instant at which a task's people are reminded; `kinds` are those that fall together on it."""

    at: datetime
    kinds: tuple[str, ...]


REMIND_AFTER = "remind_after"


def reminders(
    line: WorkingTime,
    stage: Stage,
    task: TaskSpec,
    *,
    stage_opened_at: datetime,
    task_opened_at: datetime,
    due: datetime | None,
    stops: Sequence[Stretch],
    used_before: Fraction = _NONE,
) -> tuple[Reminder, ...]:
    """The reminders of one open task, in order; reminders that fall together are one.

    None comes at or before the task's own start. A task without a due date has one at a time, after the
    number of working days its program sets for that (`follow_up`). `used_before` as in `stage_due`.
    """
    if due is None:
        first = follow_up(line, task, task_opened_at, task_opened_at)
        return () if first is None else (first,)
    instants: dict[datetime, list[str]] = {}
    for rule in stage.reminders:
        at = _instant(line, stage, rule.kind, rule.days, stage_opened_at, due, stops, used_before)
        if at is not None and task_opened_at < at <= due:
            instants.setdefault(at, []).append(rule.kind.value)
    return tuple(Reminder(at, tuple(kinds)) for at, kinds in sorted(instants.items()))


def follow_up(line: WorkingTime, task: TaskSpec, opened_at: datetime, now: datetime) -> Reminder | None:
    """The next reminder of an open task without a due date; None when its program sets none.

    Every so many working days from its opening, on the line itself: what is waited for while the engine
    holds the clock, or where the plan gives no number, is followed up until it is done.
    """
    if not task.remind_after:
        return None
    at = line.after(opened_at, task.remind_after)
    while at <= now:
        at = line.after(at, task.remind_after)
    return Reminder(at, (REMIND_AFTER,))


def _instant(
    line: WorkingTime,
    stage: Stage,
    kind: ReminderKind,
    days: Fraction | None,
    stage_opened_at: datetime,
    due: datetime,
    stops: Sequence[Stretch],
    used_before: Fraction,
) -> datetime | None:
    match kind:
        case ReminderKind.AT_DUE:
            return due
        case ReminderKind.BEFORE_DUE:
            return line.before(due, days or _NONE)
        case ReminderKind.MORNING_OF_DUE:
            return line.opening_of(due.astimezone(line.zone).date())
        case ReminderKind.LOWER_BOUND:
            lower, upper = stage.limit.min, stage.limit.max
            if lower is None or upper is None or not used_before < lower < upper:
                return None
            # The latest instant with that coordinate, as for every reminder (docs/decisions/0002).
            return line.before(line.due(stage_opened_at, lower - used_before, stops), _NONE)


def overdue_at(line: WorkingTime, due: datetime, occurrence: int) -> datetime:
    """When a missed due date is told for the n-th time, n from 1.

    First at the next opening of the office after the due date, so that nobody is woken at night; then
    at the opening of each working day that follows.
    """
    at = line.next_opening(due)
    for _ in range(occurrence - 1):
        at = line.next_morning(at)
    return at
