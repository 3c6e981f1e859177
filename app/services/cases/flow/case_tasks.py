"""The tasks of a case: opening, ending and cancelling them, and the clock that some of them pause."""

from collections.abc import Sequence
from datetime import datetime

from app.core.db import db
from app.core.ids import new_id
from app.domain import events
from app.domain.programs import engine
from app.domain.programs.definition import Stage as StageSpec
from app.domain.programs.tasks import Holder, TaskSpec
from app.models import Stage, Stop, Task, TaskState
from app.services.cases.flow.case_clock import CaseClock
from app.services.history.timeline import ENGINE, By, note
from app.services.people import acting
from app.services.timers import setting as timers


class CaseTasks(CaseClock):
    """One case whose tasks can be opened, marked as done and cancelled."""

    def mark_done(self, task: Task, by: By, now: datetime) -> None:
        """Mark a task as done, clear its timers and end the clock pause it holds. Opens nothing."""
        task.state = TaskState.DONE
        task.completed_at = now
        task.completed_by = by.id
        timers.clear_timers([task])
        note(self.case.id, now, "task_completed", by, {"stage": task.stage_key, "task": task.key})
        self._resume_clock_of([task], by, now)

    def ensure_triggered(self, trigger: str, now: datetime) -> bool:
        """Make sure that the tasks of a trigger are open; it may occur again.

        Returns whether the program has such a task. A task belongs to the current entry into its stage,
        completed or not; each time it is opened again it gets the next round number.
        """
        known = False
        for stage in self.program.stages:
            row = self.current_entry(stage.key)
            for spec in stage.tasks if row is not None else ():
                if spec.opened_by != trigger or row is None:
                    continue
                known = True
                earlier = [
                    task for task in self._tasks if (task.stage_key, task.key) == (stage.key, spec.key)
                ]
                if all(task.state != TaskState.OPEN for task in earlier):
                    number = max((task.round for task in earlier), default=row.round - 1) + 1
                    self._create_tasks(row, stage, [spec], now, number=number)
        return known

    def first_try(self, task: Task, now: datetime) -> None:
        """Let a return visit count as made: in time, nothing is due any more but the next try."""
        row = next(row for row in self._stages if (row.key, row.round) == self._entry(task))
        if row.made_at is None:
            row.made_at = now
            timers.clear_timers([task])
            self._schedule(row, self.program.stage(row.key), [task], now)

    def give_to_specialist(self, task: Task, now: datetime) -> None:
        """Give a specialist's task to somebody else, after its holder became the case's manager."""
        task.assignee_id = self.natural_holder(self.program.stage(task.stage_key).task(task.key), now)

    def _cancel(self, tasks: Sequence[Task], by: By, now: datetime) -> None:
        for task in tasks:
            task.state = TaskState.CANCELLED
            task.due_at = None
        timers.clear_timers(tasks)
        self._resume_clock_of(tasks, by, now)

    def _triggers_of(self, tasks: Sequence[Task]) -> list[str]:
        """The triggers that opened these tasks, each once."""
        kept = (self.program.stage(task.stage_key).task(task.key).opened_by for task in tasks)
        return list(dict.fromkeys(trigger for trigger in kept if trigger is not None))

    def _reopen_triggered(self, triggers: Sequence[str], now: datetime) -> None:
        """Open triggered tasks again after a case change: a customer nobody reached must still be called."""
        for trigger in triggers:
            self.ensure_triggered(trigger, now)

    def _resume_clock_of(self, tasks: Sequence[Task], by: By, now: datetime) -> None:
        """End the clock pauses that these tasks hold."""
        held = {task.id for task in tasks}
        for stop in self._stops:
            if stop.task_id in held and stop.ended_at is None:
                self.resume(stop, by, now)

    def _open_tasks(self, row: Stage, spec: StageSpec, now: datetime) -> None:
        done = self._done_tasks(row, spec)
        opened = done | {
            task.key for task in self._tasks if (task.stage_key, task.round) == (spec.key, row.round)
        }
        self._create_tasks(row, spec, engine.tasks_to_open(spec, opened, done), now)

    def _create_tasks(
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
                assignee_id=self.natural_holder(task_spec, now),
                state=TaskState.OPEN,
                opened_at=now,
                overdue_told=self._overdue_already_told(task_spec, row),
            )
            self._tasks.append(task)
            fresh.append(task)
            self._events.append(events.TaskOpened(task.id))
        db.session.add_all(fresh)
        pauses = [(task, spec.task(task.key).pauses_clock) for task in fresh]
        for task, reason in pauses:
            if reason is not None:
                self._pause_clock_for(task, reason, now)
        # A pause reschedules every open task of the case, these included.
        if not any(reason for _, reason in pauses):
            self._schedule(row, spec, fresh, now)

    def _pause_clock_for(self, task: Task, reason_key: str, now: datetime) -> None:
        # 附件 1: 客户缴费后，工程部门完成工程施工. The engine itself pauses the clock until the payment.
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
        # The task's row must exist before the stop that references it.
        db.session.flush()
        self.stop(stop, ENGINE, now)

    def natural_holder(self, spec: TaskSpec, now: datetime) -> str | None:
        """Whom a task falls to: the case's manager, a specialist, a reviewer, or the queue (None).

        During leave it stays the manager's: who acts for them sees and completes it meanwhile.
        """
        match spec.holder:
            case Holder.MANAGER:
                return self.case.manager_id
            case Holder.SPECIALIST:
                # No autoflush: the new rows are written once, when they are complete.
                with db.session.no_autoflush:
                    return acting.specialist(spec.department, self.case.manager_id, now)
            case Holder.SUPERVISOR:
                return acting.reviewer(now)
            case Holder.QUEUE:
                return None
