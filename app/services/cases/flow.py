"""Moving a case through its program: the domain's engine decides, this room writes it down.

A `CaseFlow` holds the case's log, loaded once in the caller's transaction. Events are published
after the rows they speak of were written.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from app.core import eventbus
from app.core.db import db
from app.core.ids import new_id
from app.domain import events
from app.domain.programs import engine
from app.domain.programs.definition import Holder, TaskSpec
from app.domain.programs.definition import Stage as StageSpec
from app.domain.worktime import Stretch, WorkingTime
from app.models import Case, Stage, Stop, Task, TaskState
from app.services import city, staffing
from app.services.timeline import ENGINE, By, note
from app.services.timers import setting as timers

BY_CONSULTATION = "consultation"


class CaseFlow:
    """One case, its stages, tasks and stops, and the program that moves them."""

    def __init__(
        self, case: Case, stages: Sequence[Stage], tasks: Sequence[Task], stops: Sequence[Stop]
    ) -> None:
        """Hold the log as loaded; use `load` or `fresh`."""
        self.case = case
        self.program = city.program(case.program_key)
        self._line = city.working_time()
        self._stages = list(stages)
        self._tasks = list(tasks)
        self._stops = list(stops)
        self._events: list[object] = []

    @classmethod
    def fresh(cls, case: Case) -> "CaseFlow":
        """A case that has just been opened and has no log yet."""
        return cls(case, (), (), ())

    @classmethod
    def load(cls, case: Case) -> "CaseFlow":
        """A case with its log from the database."""
        return cls(
            case,
            db.session.scalars(select(Stage).where(Stage.case_id == case.id)).all(),
            db.session.scalars(select(Task).where(Task.case_id == case.id)).all(),
            db.session.scalars(select(Stop).where(Stop.case_id == case.id)).all(),
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

    def open_stages(self, now: datetime) -> None:
        """Open every stage whose predecessors are done, and in it every task that can start."""
        opened = {row.key for row in self._stages}
        done = {row.key for row in self._stages if row.completed_at is not None}
        by_consultation = self.case.channel == BY_CONSULTATION
        for spec in engine.stages_to_open(self.program, opened, done, by_consultation=by_consultation):
            row = Stage(case_id=self.case.id, key=spec.key, round=1, opened_at=now)
            self._stages.append(row)
            db.session.add(row)
            note(self.case.id, now, "stage_opened", ENGINE, {"stage": spec.key})
            self._events.append(events.StageOpened(self.case.id, spec.key))
            self._open_tasks(row, spec, now)

    def complete(self, task: Task, by: By, now: datetime) -> None:
        """A task is done: let what waited for it open, and its stage end if it was the last."""
        task.state = TaskState.DONE
        task.completed_at = now
        task.completed_by = by.id
        timers.clear([task])
        note(self.case.id, now, "task_completed", by, {"stage": task.stage_key, "task": task.key})
        spec = self.program.stage(task.stage_key)
        row = next(row for row in self._stages if row.key == task.stage_key)
        for stop in self._stops:
            if stop.task_id == task.id and stop.ended_at is None:
                self.resume(stop, by, now)
        if row.completed_at is not None:
            # A task kept for a happening, such as the look into a low rating: its stage ended without it.
            return
        done = self._done_tasks(spec)
        if engine.is_complete(spec, done):
            row.completed_at = now
            note(self.case.id, now, "stage_completed", by, {"stage": spec.key})
            self._events.append(events.StageCompleted(self.case.id, spec.key))
            self.open_stages(now)
        else:
            self._open_tasks(row, spec, now)

    def open_on(self, happening: str, now: datetime) -> None:
        """Open the tasks that the program keeps for a happening, such as a low rating."""
        for row in self._stages:
            spec = self.program.stage(row.key)
            due = [task for task in spec.tasks if task.only_on == happening]
            self._start(row, spec, due, now)

    def stop(self, stop: Stop, by: By, now: datetime) -> None:
        """Stop the clock: due dates are taken away and timers sleep until it runs again."""
        self._stops.append(stop)
        db.session.add(stop)
        note(self.case.id, now, "clock_stopped", by, {"reason": stop.reason_key, "party": stop.party})
        self._events.append(events.ClockStopped(stop.id))
        self._retime(now)

    def resume(self, stop: Stop, by: By, now: datetime) -> None:
        """End one stop; when it was the last, due dates and timers are computed anew."""
        stop.ended_at = now
        note(self.case.id, now, "clock_resumed", by, {"reason": stop.reason_key})
        self._events.append(events.ClockResumed(stop.id))
        self._retime(now)

    def publish(self) -> None:
        """Write the rows and tell what happened; call once, when the move is complete."""
        db.session.flush()
        with eventbus.together():
            while self._events:
                eventbus.publish(self._events.pop(0))

    def tell(self, event: object) -> None:
        """Add an event to those that `publish` tells, in order."""
        self._events.append(event)

    def _open_tasks(self, row: Stage, spec: StageSpec, now: datetime) -> None:
        opened = {task.key for task in self._tasks if task.stage_key == spec.key}
        self._start(row, spec, engine.tasks_to_open(spec, opened, self._done_tasks(spec)), now)

    def _start(self, row: Stage, spec: StageSpec, task_specs: Sequence[TaskSpec], now: datetime) -> None:
        fresh = []
        for task_spec in task_specs:
            task = Task(
                id=new_id(),
                case_id=self.case.id,
                stage_key=spec.key,
                key=task_spec.key,
                round=row.round,
                department=task_spec.department,
                assignee_id=self._holder(task_spec, now),
                state=TaskState.OPEN,
                opened_at=now,
                overdue_told=self._told_already(task_spec, spec),
            )
            self._tasks.append(task)
            fresh.append(task)
            self._events.append(events.TaskOpened(task.id))
            if task_spec.hold is not None:
                self._hold(task, task_spec.hold, now)
        db.session.add_all(fresh)
        self._time(row, spec, fresh, now)

    def _hold(self, task: Task, reason_key: str, now: datetime) -> None:
        # 附件 1: 客户缴费后，工程部门完成工程施工. Until then the engine itself holds the stop.
        reason = self.program.stop_reason(reason_key)
        stop = Stop(
            id=new_id(),
            case_id=self.case.id,
            reason_key=reason.key,
            party=reason.party.value,
            evidence="系统自动暂停",
            started_at=now,
            task_id=task.id,
        )
        # The task's row has to stand before the stop that points at it.
        db.session.add(task)
        db.session.flush()
        self.stop(stop, ENGINE, now)

    def _holder(self, spec: TaskSpec, now: datetime) -> str | None:
        match spec.holder:
            case Holder.MANAGER:
                # Not yet: what is being put together is written once, when it is complete.
                with db.session.no_autoflush:
                    return staffing.acting(self.case.manager_id, now)
            case Holder.SUPERVISOR:
                return staffing.a_supervisor()
            case Holder.QUEUE:
                return None

    def _done_tasks(self, spec: StageSpec) -> set[str]:
        return {
            task.key for task in self._tasks if task.stage_key == spec.key and task.state == TaskState.DONE
        }

    def _told_already(self, task_spec: TaskSpec, spec: StageSpec) -> int:
        """A task that begins in a stage already late goes on with the tellings of that stage."""
        if task_spec.due is not None:
            return 0
        return max((task.overdue_told for task in self._tasks if task.stage_key == spec.key), default=0)

    def _stretches(self, now: datetime) -> list[Stretch]:
        return [Stretch(stop.started_at, stop.ended_at or now) for stop in self._stops]

    def _retime(self, now: datetime) -> None:
        """Compute the due dates and timers of every open promised stage anew."""
        for row in self._stages:
            spec = self.program.stage(row.key)
            if row.completed_at is None and engine.counts_stops(spec):
                tasks = [
                    task for task in self._tasks if task.stage_key == row.key and task.state == TaskState.OPEN
                ]
                timers.clear(tasks)
                self._time(row, spec, tasks, now)

    def timings(self, line: WorkingTime, now: datetime) -> list["StageTiming"]:
        """What every stage with open tasks, and each of these, is due at on another line; nothing changes.

        The due date of a completed stage stays as it was when it was kept or missed.
        """
        found = []
        for row in self._stages:
            tasks = [
                task
                for task in self._tasks
                if (task.stage_key, task.round, task.state) == (row.key, row.round, TaskState.OPEN)
            ]
            if tasks:
                found.append(self._timing(line, row, self.program.stage(row.key), tasks, now))
        return found

    def _time(self, row: Stage, spec: StageSpec, tasks: Sequence[Task], now: datetime) -> None:
        """Give a stage and these of its tasks their due dates and timers; none while the clock is stopped."""
        timing = self._timing(self._line, row, spec, tasks, now)
        row.due_at = timing.due_at
        for timed in timing.tasks:
            timed.task.due_at = timed.due_at
        timers.set_for([timers.Wanted(timed.task, timed.reminders) for timed in timing.tasks], now)

    def _timing(
        self, line: WorkingTime, row: Stage, spec: StageSpec, tasks: Sequence[Task], now: datetime
    ) -> "StageTiming":
        if self.stopped and engine.counts_stops(spec):
            return StageTiming(row, spec, None, [TaskTiming(task, None, []) for task in tasks])
        stretches = self._stretches(now)
        due = (
            engine.stage_due(line, spec, row.opened_at, stretches) if row.completed_at is None else row.due_at
        )
        timed = []
        for task in tasks:
            task_spec = spec.task(task.key)
            task_due = engine.task_due(line, spec, task_spec, task.opened_at, due, stretches)
            reminders = engine.reminders(
                line,
                spec,
                task_spec,
                stage_opened_at=row.opened_at,
                task_opened_at=task.opened_at,
                due=task_due,
                stops=stretches,
            )
            timed.append(TaskTiming(task, task_due, [each for each in reminders if each.at > now]))
        return StageTiming(row, spec, due, timed)


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
