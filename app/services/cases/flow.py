"""Moving a case through its program: the domain's engine decides, this room writes it down.

The log is loaded once in the caller's transaction. Events are published after the rows they speak of were
written.
"""

from collections.abc import Sequence
from datetime import datetime

from app.core import clock, eventbus
from app.core.db import db
from app.core.ids import new_id
from app.domain import events
from app.domain.programs import engine
from app.domain.programs.definition import Program
from app.domain.programs.definition import Stage as StageSpec
from app.domain.programs.tasks import Holder, TaskSpec
from app.domain.worktime import Stretch
from app.models import Case, Stage, StageVoid, Stop, Task, TaskState
from app.services.cases import promise_watches
from app.services.cases.case_log import CaseLog
from app.services.history.timeline import ENGINE, By, note
from app.services.installation import city
from app.services.people import staffing
from app.services.timers import setting as timers

BY_CONSULTATION = "consultation"


class CaseFlow(CaseLog):
    """One case, and the moves that it can make."""

    def __init__(
        self, case: Case, stages: Sequence[Stage], tasks: Sequence[Task], stops: Sequence[Stop]
    ) -> None:
        """Hold the log as loaded; use `load` or `fresh`."""
        super().__init__(case, stages, tasks, stops)
        self._events: list[object] = []
        self._told_of: list[object] = []
        self._fresh = not stages

    @classmethod
    def fresh(cls, case: Case) -> "CaseFlow":
        """A case that has just been opened and has no log yet."""
        return cls(case, (), (), ())

    def open_stages(self, now: datetime) -> None:
        """Open every stage whose predecessors are done, and in it every task that can start."""
        standing = [row for row in self._stages if row.void is None]
        opened = {row.key for row in standing}
        done = {row.key for row in standing if row.completed_at is not None}
        by_consultation = self.case.channel == BY_CONSULTATION
        for spec in engine.stages_to_open(self.program, opened, done, by_consultation=by_consultation):
            earlier = sum(row.key == spec.key for row in self._stages)
            row = Stage(case_id=self.case.id, key=spec.key, round=earlier + 1, opened_at=now)
            self._stages.append(row)
            db.session.add(row)
            note(self.case.id, now, "stage_opened", ENGINE, {"stage": spec.key})
            self._events.append(events.StageOpened(self.case.id, spec.key))
            self._open_tasks(row, spec, now)

    def settle(self, task: Task, by: By, now: datetime) -> None:
        """A task is done; what comes of it is for `complete` or `change_program`."""
        task.state = TaskState.DONE
        task.completed_at = now
        task.completed_by = by.id
        timers.clear([task])
        note(self.case.id, now, "task_completed", by, {"stage": task.stage_key, "task": task.key})
        self._release([task], by, now)

    def complete(self, task: Task, by: By, now: datetime) -> None:
        """A task is done: let what waited for it open, and its stage end if it was the last."""
        self.settle(task, by, now)
        spec = self.program.stage(task.stage_key)
        if spec.task(task.key).only_on is not None:
            # Kept for a happening, such as the look into a low rating: nothing waits for it.
            return
        row = next(row for row in self._stages if (row.key, row.round) == (task.stage_key, task.round))
        if engine.is_complete(spec, self._done_tasks(row, spec)):
            row.completed_at = now
            note(self.case.id, now, "stage_completed", by, {"stage": spec.key})
            self._events.append(events.StageCompleted(self.case.id, spec.key))
            self.open_stages(now)
            if self.promised_stage is None:
                # Nothing promised is left to be stretched: a stop left open would never end.
                for stop in [stop for stop in self._stops if stop.ended_at is None]:
                    self.resume(stop, ENGINE, now)
        else:
            self._open_tasks(row, spec, now)

    def repeat(self, key: str, by: By, now: datetime) -> None:
        """Send the case back to a stage it has done: that stage and all that followed are done again.

        What they used stays used. Tasks still open in them are cancelled, and what those held of the clock.
        """
        again = engine.repeated_with(self.program, key)
        rows = [row for row in self._stages if row.key in again and row.void is None]
        for row in rows:
            row.void = StageVoid.SENT_BACK if row.completed_at is None else StageVoid.REPEATED
            row.completed_at = row.completed_at or now
        undone = [task for row in rows for task in self._open_tasks_of(row)]
        happenings = self._happenings(undone)
        self._cancel(undone, by, now)
        self.open_stages(now)
        self._ask_again(happenings, now)

    def end(self, by: By, now: datetime) -> None:
        """The case goes no further: nothing is waited for, nothing is due, and no clock stands still."""
        # First, so that cancelling does not tell of a clock that runs again.
        for stop in self._stops:
            if stop.ended_at is None:
                stop.ended_at = now
        for row in self._stages:
            if row.completed_at is None:
                row.completed_at, row.void = now, StageVoid.ENDED
        self._cancel(self.open_tasks(), by, now)

    def change_program(self, program: Program, by: By, now: datetime) -> None:
        """Go on in another program: what was checked so far is done, and its first stages open."""
        for row in self._stages:
            if row.completed_at is None:
                row.completed_at = now
                note(self.case.id, now, "stage_completed", by, {"stage": row.key})
        happenings = self._happenings(self.open_tasks())
        self._cancel(self.open_tasks(), by, now)
        self.case.former_program_key = self.program.key
        self.case.program_key, self.case.program_version = program.key, program.version
        self.program = city.program_of(program.key, self.case.former_program_key)
        self.open_stages(now)
        self._ask_again(happenings, now)

    def open_on(self, happening: str, now: datetime) -> None:
        """Open the tasks that the program keeps for a happening, such as a low rating."""
        for row in self._stages:
            spec = self.program.stage(row.key)
            due = [task for task in spec.tasks if task.only_on == happening]
            self._start(row, spec, due, now)

    def ask_for(self, happening: str, now: datetime) -> bool:
        """Make sure that a task kept for a happening that may come again is open.

        Whether there is such a task. It belongs to the standing entry into its stage, whether that is done or
        not, and is counted anew each time it was done.
        """
        for stage in self.program.stages:
            row = self.standing(stage.key)
            for spec in stage.tasks if row is not None else ():
                if spec.only_on != happening or row is None:
                    continue
                earlier = [
                    task for task in self._tasks if (task.stage_key, task.key) == (stage.key, spec.key)
                ]
                if all(task.state != TaskState.OPEN for task in earlier):
                    number = max((task.round for task in earlier), default=row.round - 1) + 1
                    self._start(row, stage, [spec], now, number=number)
                return True
        return False

    def stop(self, stop: Stop, by: By, now: datetime) -> None:
        """Stop the clock: due dates are taken away and timers sleep until it runs again."""
        self._stops.append(stop)
        db.session.add(stop)
        note(self.case.id, now, "clock_stopped", by, {"reason": stop.reason_key, "party": stop.party})
        self._events.append(events.ClockStopped(stop.id))
        self._retime(now)

    def resume(self, stop: Stop, by: By, now: datetime, *, ended_at: datetime | None = None) -> None:
        """End one stop; when it was the last, due dates and timers are computed anew.

        `ended_at` is an earlier moment than `now` when it was over before somebody said so.
        """
        stop.ended_at = ended_at or now
        if stop.ended_at < now:
            self._correct_past()
        note(self.case.id, now, "clock_resumed", by, {"reason": stop.reason_key})
        self._events.append(events.ClockResumed(stop.id))
        self._retime(now)

    def enter_afterwards(self, stop: Stop, by: By, now: datetime) -> None:
        """Enter a stop that began in the past and may have ended there: everything since is computed anew."""
        self._stops.append(stop)
        db.session.add(stop)
        note(self.case.id, now, "stop_entered", by, {"reason": stop.reason_key, "party": stop.party})
        over = stop.ended_at is not None
        self._events.append(events.StopEntered(stop.id) if over else events.ClockStopped(stop.id))
        self._correct_past()
        self._retime(now)

    def strike(self, stop: Stop, by: By, now: datetime) -> None:
        """Take a stop that was found wrong out of every figure and due date; an open one ends with that."""
        stop.struck_at = now
        stop.ended_at = stop.ended_at or now
        self._stops.remove(stop)
        note(self.case.id, now, "stop_struck", by, {"reason": stop.reason_key})
        self._correct_past()
        self._retime(now)

    def publish(self) -> None:
        """Write the rows and tell what happened; call once, when the move is complete."""
        now = clock.now()
        done = {
            (task.key, task.round): task.completed_at for task in self._tasks if task.completed_at is not None
        }
        promise_watches.replace([self.case.id], self.watches(self._line, done, now), fresh=self._fresh)
        self._fresh = False
        db.session.flush()
        with eventbus.together():
            while self._events:
                eventbus.publish(self._events.pop(0))

    def tell(self, event: object, of: object = None) -> None:
        """Add an event to those that `publish` tells, in order.

        `of` is the row it speaks of, kept in memory until then so that nobody has to read it again.
        """
        self._events.append(event)
        self._told_of.append(of)

    def _cancel(self, tasks: Sequence[Task], by: By, now: datetime) -> None:
        for task in tasks:
            task.state = TaskState.CANCELLED
            task.due_at = None
        timers.clear(tasks)
        self._release(tasks, by, now)

    def _happenings(self, tasks: Sequence[Task]) -> list[str]:
        """What these tasks are kept for, each happening once."""
        kept = (self.program.stage(task.stage_key).task(task.key).only_on for task in tasks)
        return list(dict.fromkeys(happening for happening in kept if happening is not None))

    def _ask_again(self, happenings: Sequence[str], now: datetime) -> None:
        """Whatever turn a case takes: who was not reached is still to be called."""
        for happening in happenings:
            self.ask_for(happening, now)

    def _release(self, tasks: Sequence[Task], by: By, now: datetime) -> None:
        """End what these tasks hold of the clock."""
        held = {task.id for task in tasks}
        for stop in self._stops:
            if stop.task_id in held and stop.ended_at is None:
                self.resume(stop, by, now)

    def _open_tasks(self, row: Stage, spec: StageSpec, now: datetime) -> None:
        done = self._done_tasks(row, spec)
        opened = done | {
            task.key for task in self._tasks if (task.stage_key, task.round) == (spec.key, row.round)
        }
        self._start(row, spec, engine.tasks_to_open(spec, opened, done), now)

    def _start(
        self,
        row: Stage,
        spec: StageSpec,
        task_specs: Sequence[TaskSpec],
        now: datetime,
        *,
        number: int | None = None,
    ) -> None:
        fresh = []
        for task_spec in task_specs:
            task = Task(
                id=new_id(),
                case_id=self.case.id,
                stage_key=spec.key,
                key=task_spec.key,
                round=number or row.round,
                department=task_spec.department,
                assignee_id=self._holder(task_spec, now),
                state=TaskState.OPEN,
                opened_at=now,
                overdue_told=self._told_already(task_spec, row),
            )
            self._tasks.append(task)
            fresh.append(task)
            self._events.append(events.TaskOpened(task.id))
        db.session.add_all(fresh)
        holding = [(task, spec.task(task.key).hold) for task in fresh]
        for task, hold in holding:
            if hold is not None:
                self._hold(task, hold, now)
        # A stop times every open task of the case anew, these among them.
        if not any(hold for _, hold in holding):
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

    def _correct_past(self) -> None:
        """Compute the due dates of the promised stages that are done anew, by the stops of their own time."""
        for row in self._stages:
            spec = self.program.stage(row.key)
            if row.completed_at is None or not engine.counts_stops(spec):
                continue
            stretches = [
                Stretch(stop.started_at, min(stop.ended_at or row.completed_at, row.completed_at))
                for stop in self._stops
                if stop.started_at < row.completed_at
            ]
            used_before = self._used_before(self._line, row, stretches)
            row.due_at = engine.stage_due(self._line, spec, row.opened_at, stretches, used_before)
            for task in self._tasks:
                if task.stage_key == row.key and task.round == row.round:
                    task.due_at = engine.task_due(
                        self._line, spec, spec.task(task.key), task.opened_at, row.due_at, stretches
                    )

    def _retime(self, now: datetime) -> None:
        """Compute the due dates and timers of every open promised stage anew."""
        for row in self._stages:
            spec = self.program.stage(row.key)
            if row.completed_at is None and engine.counts_stops(spec):
                tasks = self._open_tasks_of(row)
                timers.clear(tasks)
                self._time(row, spec, tasks, now)

    def _time(self, row: Stage, spec: StageSpec, tasks: Sequence[Task], now: datetime) -> None:
        """Give a stage and these of its tasks their due dates and timers."""
        timing = self._timing(self._line, row, spec, tasks, now)
        row.due_at = timing.due_at
        for timed in timing.tasks:
            timed.task.due_at = timed.due_at
        timers.set_for([timers.Wanted(timed.task, timed.reminders) for timed in timing.tasks], now)
