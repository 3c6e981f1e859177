"""The log of one case as it was loaded: what stands, what is waited for, what is due when on which line."""

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
from app.services.cases import access, promise_watches
from app.services.installation import city


class CaseLog:
    """One case, its stages, tasks and stops, and the program that they follow. Reads, and changes nothing."""

    def __init__(
        self, case: Case, stages: Sequence[Stage], tasks: Sequence[Task], stops: Sequence[Stop]
    ) -> None:
        """Hold the log as loaded; a stop that was struck is none of it."""
        self.case = case
        self.program = city.program_of(case.program_key, case.former_program_key)
        self._line = city.working_time()
        self._stages = list(stages)
        self._tasks = list(tasks)
        self._stops = list(stops)

    @classmethod
    def load(cls, case: Case) -> Self:
        """A case with its log from the database, for the caller alone until their transaction ends.

        Two who complete the last two tasks of a stage at once would each see the other's still open, and
        nobody would end the stage. Whoever also locks a task locks its case first.
        """
        access.lock(case)
        return cls(
            case,
            db.session.scalars(select(Stage).where(Stage.case_id == case.id)).all(),
            db.session.scalars(select(Task).where(Task.case_id == case.id)).all(),
            db.session.scalars(select(Stop).where(Stop.case_id == case.id, Stop.struck_at.is_(None))).all(),
        )

    @property
    def stopped(self) -> bool:
        """Whether the clock of the case stands still now."""
        return any(stop.ended_at is None for stop in self._stops)

    @property
    def promised_stage(self) -> StageSpec | None:
        """The open stage whose time a stop would stretch, if there is one."""
        for row in self._stages:
            spec = self.program.stage(row.key)
            if row.completed_at is None and engine.counts_stops(spec):
                return spec
        return None

    def standing(self, key: str) -> Stage | None:
        """The entry into a stage that counts: the last one, unless it was undone."""
        rows = [row for row in self._stages if row.key == key and row.void is None]
        return max(rows, key=lambda row: row.round, default=None)

    def open_tasks(self) -> list[Task]:
        """The tasks that are waited for."""
        return [task for task in self._tasks if task.state == TaskState.OPEN]

    def delivered(self, stage_key: str) -> dict[str, Mapping[str, Any]]:
        """What the tasks done in the standing entry into a stage delivered, by task key."""
        row = self.standing(stage_key)
        return {
            task.key: task.outputs or {}
            for task in self._tasks
            if row is not None
            and (task.stage_key, task.round, task.state) == (row.key, row.round, TaskState.DONE)
        }

    def runs_promised(self, since: datetime, until: datetime) -> bool:
        """Whether a stage whose time a stop would stretch ran at any moment between the two."""
        return any(
            row.opened_at < until and (row.completed_at is None or row.completed_at > since)
            for row in self._stages
            if engine.counts_stops(self.program.stage(row.key))
        )

    def watches(
        self, line: WorkingTime, tasks_done: Mapping[tuple[str, int], datetime], now: datetime
    ) -> list[promise_watches.WatchRow]:
        """What of the case's promises is to be watched on a line; `tasks_done` by task key and round."""
        logs = [
            StageLog(row.key, row.opened_at, row.due_at, row.completed_at, row.round, row.void)
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
        """What every stage with open tasks, and each of these, is due at on another line; nothing changes.

        The due date of a completed stage stays as it was when it was kept or missed.
        """
        found = []
        for row in self._stages:
            tasks = self._open_tasks_of(row)
            if tasks:
                found.append(self._timing(line, row, self.program.stage(row.key), tasks, now))
        return found

    def _open_tasks_of(self, row: Stage) -> list[Task]:
        """The tasks that are waited for in one entry into a stage."""
        return [task for task in self.open_tasks() if self._entry(task) == (row.key, row.round)]

    def _entry(self, task: Task) -> tuple[str, int]:
        """The entry into a stage that a task belongs to.

        What is kept for a happening is counted by itself, since it may come again within one entry: it
        belongs to the last one that there was when it opened.
        """
        if self.program.stage(task.stage_key).task(task.key).only_on is None:
            return task.stage_key, task.round
        rounds = [
            row.round for row in self._stages if row.key == task.stage_key and row.opened_at <= task.opened_at
        ]
        return task.stage_key, max(rounds, default=task.round)

    def _stretches(self, now: datetime) -> list[Stretch]:
        return [Stretch(stop.started_at, stop.ended_at or now) for stop in self._stops]

    def _used_before(self, line: WorkingTime, row: Stage, stretches: Sequence[Stretch]) -> Fraction:
        """What earlier entries into a stage have used of its limit."""
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

    def _told_already(self, task_spec: TaskSpec, row: Stage) -> int:
        """A task that begins in a stage already late goes on with the tellings of that stage."""
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
        """When a stage and these of its tasks are due, and what reminds of them.

        While the clock is stopped nothing is due; what holds it is followed up as the program says.
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
    """The next reminder of work without a due date; with `held_only`, only of work that holds the clock."""
    if held_only and spec.hold is None:
        return []
    reminder = engine.follow_up(line, spec, task.opened_at, now)
    return [] if reminder is None else [reminder]


@dataclass(frozen=True, slots=True)
class TaskTiming:
    """When a task is due, and the reminders that are still to come."""

    task: Task
    due_at: datetime | None
    reminders: list[engine.Reminder]


@dataclass(frozen=True, slots=True)
class StageTiming:
    """When an entered stage and its open tasks are due; None while the clock stands still."""

    row: Stage
    spec: StageSpec
    due_at: datetime | None
    tasks: list[TaskTiming]
