"""What another calendar would move: due dates and timers of each case with open work.

Rehearsal and publication use the same computation, so that the rehearsal is exact.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import defer

from app.core.db import db
from app.domain.programs import engine
from app.domain.programs.definition import StageKind
from app.domain.worktime import WorkingTime
from app.models import Case, Stage, Stop, Task, TaskState, Timer, TimerKind
from app.services.cases.flow.case_log import CaseLog, StageTiming, TaskTiming
from app.services.cases.flow.promise_watches import WatchRow

CASES_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class StageMove:
    """The due date of an open stage; `seen`: the customer sees it."""

    key: str
    name: str
    round: int
    seen: bool
    was: datetime
    becomes: datetime


@dataclass(frozen=True, slots=True)
class TaskMove:
    """The due date of an open task."""

    id: str
    name: str
    stage_key: str
    department: str
    was: datetime
    becomes: datetime


@dataclass(frozen=True, slots=True)
class CaseMoves:
    """What moves in one case. Timers may move without a due date (other hours, another reminder).

    `watches`: the promise watches that the case is to have, moved or not.
    """

    case: Case
    stages: list[StageMove] = field(default_factory=list)
    tasks: list[TaskMove] = field(default_factory=list)
    stale_timers: list[int] = field(default_factory=list)
    fresh_timers: list[dict[str, Any]] = field(default_factory=list)
    watches: list[WatchRow] = field(default_factory=list)

    @property
    def moved(self) -> bool:
        """Whether a due date moves."""
        return bool(self.stages or self.tasks)

    @property
    def told(self) -> bool:
        """Whether the customer sees it move."""
        return self.case.customer_id is not None and any(stage.seen for stage in self.stages)


def of_open_cases(line: WorkingTime, now: datetime) -> Iterator[list[CaseMoves]]:
    """What `line` moves in each case with open work, in batches; changes nothing.

    Includes closed cases with work left (竣工归档): their figures stay, their open tasks move.
    """
    last = ""
    while ids := _next_ids(last):
        done = _done(ids)
        yield [_of_case(log, timers, done[log.case.id], line, now) for log, timers in _loaded(ids)]
        last = ids[-1]


def _next_ids(last: str) -> Sequence[str]:
    # The state is written as a literal, so that the planner uses the partial index.
    return db.session.scalars(
        select(Task.case_id)
        .where(Task.state == "open", Task.case_id > last)
        .distinct()
        .order_by(Task.case_id)
        .limit(CASES_AT_ONCE)
    ).all()


def _done(ids: Sequence[str]) -> dict[str, dict[tuple[str, int], datetime]]:
    """When tasks were completed: by case, then by task key and round."""
    found: dict[str, dict[tuple[str, int], datetime]] = defaultdict(dict)
    for case_id, key, round_, at in db.session.execute(
        select(Task.case_id, Task.key, Task.round, Task.completed_at).where(
            Task.case_id.in_(ids), Task.completed_at.is_not(None)
        )
    ):
        if at is not None:
            found[case_id][key, round_] = at
    return found


def _loaded(ids: Sequence[str]) -> Iterator[tuple[CaseLog, dict[str, list[Timer]]]]:
    cases = db.session.scalars(
        select(Case).where(Case.id.in_(ids)).order_by(Case.id).options(defer(Case.figures))
    ).all()
    stages: dict[str, list[Stage]] = defaultdict(list)
    for stage in db.session.scalars(select(Stage).where(Stage.case_id.in_(ids))):
        stages[stage.case_id].append(stage)
    # Outputs and evidence are personal data and not needed here.
    tasks: dict[str, list[Task]] = defaultdict(list)
    open_tasks = select(Task).where(Task.case_id.in_(ids), Task.state == TaskState.OPEN)
    for task in db.session.scalars(open_tasks.order_by(Task.id).options(defer(Task.outputs))):
        tasks[task.case_id].append(task)
    stops: dict[str, list[Stop]] = defaultdict(list)
    counted = select(Stop).where(Stop.case_id.in_(ids), Stop.struck_at.is_(None))
    for stop in db.session.scalars(counted.options(defer(Stop.evidence))):
        stops[stop.case_id].append(stop)
    timers: dict[str, list[Timer]] = defaultdict(list)
    for timer in db.session.scalars(select(Timer).where(Timer.case_id.in_(ids)).order_by(Timer.due_at)):
        timers[timer.task_id].append(timer)
    for case in cases:
        yield CaseLog(case, stages[case.id], tasks[case.id], stops[case.id]), timers


def _of_case(
    log: CaseLog,
    timers: dict[str, list[Timer]],
    done: Mapping[tuple[str, int], datetime],
    line: WorkingTime,
    now: datetime,
) -> CaseMoves:
    moves = CaseMoves(log.case, watches=log.watches(line, done, now))
    for stage in log.timings(line, now):
        _compare_stage(moves, stage)
        for timed in stage.tasks:
            task = timed.task
            if task.due_at and timed.due_at and task.due_at != timed.due_at:
                name = stage.spec.task(task.key).name
                moves.tasks.append(
                    TaskMove(task.id, name, task.stage_key, task.department, task.due_at, timed.due_at)
                )
            _compare_timers(moves, timed, timers[task.id], line, now)
    return moves


def _compare_stage(moves: CaseMoves, timed: StageTiming) -> None:
    row, spec = timed.row, timed.spec
    if row.due_at and timed.due_at and row.due_at != timed.due_at:
        seen = spec.kind is not StageKind.AFTER_WORK
        moves.stages.append(StageMove(row.key, spec.name, row.round, seen, row.due_at, timed.due_at))


def _compare_timers(
    moves: CaseMoves, timed: TaskTiming, found: Sequence[Timer], line: WorkingTime, now: datetime
) -> None:
    """Compares the timers of a task that has not moved; correct and overdue ones stay."""
    task = timed.task
    moved = task.due_at != timed.due_at
    kept = [] if moved else [timer for timer in found if timer.due_at <= now]
    others = [timer for timer in found if timer not in kept]
    reminders = [timer for timer in others if timer.kind == TimerKind.REMINDER]
    wanted = [(reminder.at, ",".join(reminder.kinds)) for reminder in timed.reminders]
    if moved or [(timer.due_at, timer.reminders) for timer in reminders] != wanted:
        moves.stale_timers.extend(timer.id for timer in reminders)
        first = max((timer.occurrence for timer in kept if timer.kind == TimerKind.REMINDER), default=0) + 1
        moves.fresh_timers.extend(
            _timer(task, at, TimerKind.REMINDER, occurrence, kinds)
            for occurrence, (at, kinds) in enumerate(wanted, start=first)
        )
    if any(timer.kind == TimerKind.OVERDUE for timer in kept):
        return
    pending = next((timer for timer in others if timer.kind == TimerKind.OVERDUE), None)
    telling = _next_telling(line, timed, pending.due_at if pending else None, now)
    if pending is not None and pending.due_at == telling:
        return
    if pending is not None:
        moves.stale_timers.append(pending.id)
    if telling is not None:
        moves.fresh_timers.append(_timer(task, telling, TimerKind.OVERDUE, task.overdue_told + 1))


def _next_telling(
    line: WorkingTime, timed: TaskTiming, pending: datetime | None, now: datetime
) -> datetime | None:
    """When the next overdue notice of a task is due: once each working day."""
    due = timed.due_at
    if due is None:
        return None
    if due > now:
        return engine.overdue_at(line, due, 1)
    if timed.task.overdue_told == 0 or pending is None or pending <= now:
        return line.next_opening(now)
    today = now.astimezone(line.zone).date()
    if pending.astimezone(line.zone).date() == today:
        opening = line.opening_of(today)
        return opening if opening is not None and opening > now else line.next_opening(now)
    return line.next_morning(now)


def _timer(task: Task, at: datetime, kind: TimerKind, occurrence: int, reminders: str = "") -> dict[str, Any]:
    return {
        "due_at": at,
        "kind": kind.value,
        "case_id": task.case_id,
        "task_id": task.id,
        "occurrence": occurrence,
        "reminders": reminders,
    }
