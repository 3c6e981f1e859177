"""The log of one case as loaded: its stages, tasks and stops, and what is due when. Reads only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any, Self

from sqlalchemy import select

from app.core.db import db
from app.domain.programs import engine
from app.domain.programs.definition import Stage as StageSpec
from app.domain.programs.figures import StageLog
from app.domain.programs.tasks import TaskSpec
from app.domain.worktime import Stretch, WorkingTime
from app.models import Case, Stage, Stop, Task, TaskState
from app.services.cases import access
from app.services.cases.flow import promise_watches
from app.services.installation import city


class CaseLog:
    """One case with its stages, tasks and stops, and its program. Changes nothing."""

    def __init__(
        self, case: Case, stages: Sequence[Stage], tasks: Sequence[Task], stops: Sequence[Stop]
    ) -> None:
        """Keep the log as loaded. Struck stops are not part of it."""
        self.case = case
        self.program = city.program_of(case.program_key, case.former_program_key)
        self._line = city.working_time()
        self._stages = list(stages)
        self._tasks = list(tasks)
        self._stops = list(stops)

    @classmethod
    def load(cls, case: Case) -> Self:
        """Load a case with its log, and lock it until the transaction ends.

        Without the lock, two requests that complete the last two tasks of a stage at once would each see
        the other task open, and neither would end the stage. Lock a case before any of its tasks.
        """
        access.lock_case(case)
        return cls(
            case,
            db.session.scalars(select(Stage).where(Stage.case_id == case.id)).all(),
            db.session.scalars(select(Task).where(Task.case_id == case.id)).all(),
            db.session.scalars(select(Stop).where(Stop.case_id == case.id, Stop.struck_at.is_(None))).all(),
        )

    @property
    def stopped(self) -> bool:
        """Whether the clock is stopped now."""
        return any(stop.ended_at is None for stop in self._stops)

    @property
    def promised_stage(self) -> StageSpec | None:
        """The open stage whose due date a stop would move, if there is one."""
        for row in self._stages:
            spec = self.program.stage(row.key)
            if row.completed_at is None and engine.counts_stops(spec):
                return spec
        return None

    def current_entry(self, key: str) -> Stage | None:
        """The latest entry into a stage that was not undone."""
        rows = [row for row in self._stages if row.key == key and row.void is None]
        return max(rows, key=lambda row: row.round, default=None)

    def open_tasks(self) -> list[Task]:
        """The open tasks."""
        return [task for task in self._tasks if task.state == TaskState.OPEN]

    def delivered(self, stage_key: str) -> dict[str, Mapping[str, Any]]:
        """The outputs of the tasks completed in the current entry into a stage, by task key."""
        return {task.key: task.outputs or {} for task in self.completed_tasks(stage_key)}

    def completed_tasks(self, stage_key: str) -> list[Task]:
        """The tasks completed in the current entry into a stage."""
        row = self.current_entry(stage_key)
        return [
            task
            for task in self._tasks
            if row is not None
            and (task.stage_key, task.round, task.state) == (row.key, row.round, TaskState.DONE)
        ]

    def first_opened(self, stage_key: str) -> datetime | None:
        """When a stage was opened for the first time; what happened then stays true when it is repeated."""
        return min((row.opened_at for row in self._stages if row.key == stage_key), default=None)

    def promised_stage_ran(self, since: datetime, until: datetime) -> bool:
        """Whether a stage whose due date a stop would move was open between the two instants."""
        return any(
            row.opened_at < until and (row.completed_at is None or row.completed_at > since)
            for row in self._stages
            if engine.counts_stops(self.program.stage(row.key))
        )

    def watches(
        self, line: WorkingTime, tasks_done: Mapping[tuple[str, int], datetime], now: datetime
    ) -> list[promise_watches.WatchRow]:
        """The promise watches of the case on a working-time line; `tasks_done` by task key and round."""
        logs = [
            StageLog(row.key, row.opened_at, row.due_at, row.completed_at, row.round, row.void, row.made_at)
            for row in self._stages
        ]
        return promise_watches.watches(
            line,
            self.program,
            self.case.id,
            logs,
            tasks_done,
            self._stretches(now),
            stopped=self.stopped,
            now=now,
        )

    def timings(self, line: WorkingTime, now: datetime) -> list["StageTiming"]:
        """The due dates of every stage with open tasks, and of these tasks, on another line.

        A completed stage keeps the due date by which it was judged.
        """
        found = []
        for row in self._stages:
            tasks = self._open_tasks_of(row)
            if tasks:
                found.append(self._timing(line, row, self.program.stage(row.key), tasks, now))
        return found

    def _open_tasks_of(self, row: Stage) -> list[Task]:
        """The open tasks of one entry into a stage."""
        return [task for task in self.open_tasks() if self._entry(task) == (row.key, row.round)]

    def _entry(self, task: Task) -> tuple[str, int]:
        """The entry into a stage that a task belongs to, as stage key and round.

        A triggered task has its own round numbers, since it may occur again within one entry. It belongs to
        the latest entry that existed when it was opened.
        """
        if self.program.stage(task.stage_key).task(task.key).opened_by is None:
            return task.stage_key, task.round
        rounds = [
            row.round for row in self._stages if row.key == task.stage_key and row.opened_at <= task.opened_at
        ]
        return task.stage_key, max(rounds, default=task.round)

    def _stretches(self, now: datetime) -> list[Stretch]:
        return [Stretch(stop.started_at, stop.ended_at or now) for stop in self._stops]

    def _used_before(self, line: WorkingTime, row: Stage, stretches: Sequence[Stretch]) -> Fraction:
        """The working days that earlier entries into a stage have used of its limit."""
        return sum(
            (
                line.used(earlier.opened_at, earlier.completed_at, stretches)
                for earlier in self._stages
                if earlier.key == row.key and earlier.round < row.round and earlier.completed_at is not None
            ),
            Fraction(0),
        )

    def _done_tasks(self, row: Stage, spec: StageSpec) -> set[str]:
        return {
            task.key
            for task in self._tasks
            if task.stage_key == spec.key
            and task.state == TaskState.DONE
            and (task.round == row.round or engine.is_kept(spec.task(task.key)))
        }

    def _overdue_already_told(self, task_spec: TaskSpec, row: Stage) -> int:
        """How often this stage was announced as late already; a new task in it continues the count."""
        if task_spec.due is not None:
            return 0
        return max(
            (
                task.overdue_told
                for task in self._tasks
                if (task.stage_key, task.round) == (row.key, row.round)
            ),
            default=0,
        )

    def _timing(
        self, line: WorkingTime, row: Stage, spec: StageSpec, tasks: Sequence[Task], now: datetime
    ) -> "StageTiming":
        """When a stage and these of its tasks are due, and their reminders.

        While the clock is stopped nothing is due; the task that pauses it gets follow-up reminders.
        """
        if self.stopped and engine.counts_stops(spec):
            followed = [
                TaskTiming(task, None, _follow_up(line, spec.task(task.key), task, now, held_only=True))
                for task in tasks
            ]
            return StageTiming(row, spec, None, followed)
        stretches = self._stretches(now)
        used_before = self._used_before(line, row, stretches)
        due = (
            engine.stage_due(line, spec, row.opened_at, stretches, used_before)
            if row.completed_at is None
            else row.due_at
        )
        timed = []
        for task in tasks:
            task_spec = spec.task(task.key)
            task_due = engine.task_due(line, spec, task_spec, task.opened_at, due, stretches)
            if task.due_by is not None:
                task_due = min(task_due or task.due_by, task.due_by)
            made_in_time = row.made_at is not None and due is not None and row.made_at <= due
            if task_spec.unreached is not None and made_in_time:
                # The promise is kept; what is left is followed up until somebody is reached.
                task_due = None
            if task_due is None:
                timed.append(TaskTiming(task, None, _follow_up(line, task_spec, task, now)))
                continue
            reminders = engine.reminders(
                line,
                spec,
                task_spec,
                stage_opened_at=row.opened_at,
                task_opened_at=task.opened_at,
                due=task_due,
                stops=stretches,
                used_before=used_before,
            )
            timed.append(TaskTiming(task, task_due, [each for each in reminders if each.at > now]))
        return StageTiming(row, spec, due, timed)


def _follow_up(
    line: WorkingTime, spec: TaskSpec, task: Task, now: datetime, *, held_only: bool = False
) -> list[engine.Reminder]:
    """The next reminder of a task without a due date; `held_only`: only if the task pauses the clock."""
    if held_only and spec.pauses_clock is None:
        return []
    reminder = engine.follow_up(line, spec, task.opened_at, now)
    return [] if reminder is None else [reminder]


@dataclass(frozen=True, slots=True)
class TaskTiming:
    """When a task is due, and its future reminders."""

    task: Task
    due_at: datetime | None
    reminders: list[engine.Reminder]


@dataclass(frozen=True, slots=True)
class StageTiming:
    """When an entered stage and its open tasks are due; None while the clock is stopped."""

    row: Stage
    spec: StageSpec
    due_at: datetime | None
    tasks: list[TaskTiming]
