"""The clock of a case: stopping and resuming it, and the due dates and timers that follow from that."""

from collections.abc import Sequence
from datetime import datetime

from app.core import clock, eventbus
from app.core.db import db
from app.domain import events
from app.domain.programs import engine
from app.domain.programs.definition import Stage as StageSpec
from app.domain.worktime import Stretch
from app.models import Case, Stage, Stop, Task
from app.services.cases.flow import promise_watches, visits_of_work
from app.services.cases.flow.case_log import CaseLog
from app.services.history.timeline import By, note
from app.services.timers import setting as timers


class CaseClock(CaseLog):
    """One case whose clock can be stopped and resumed.

    Events are collected, and published after the rows they speak of were written.
    """

    def __init__(
        self, case: Case, stages: Sequence[Stage], tasks: Sequence[Task], stops: Sequence[Stop]
    ) -> None:
        """Keep the log as loaded. Use `load` or `fresh` instead of calling this."""
        super().__init__(case, stages, tasks, stops)
        self._events: list[object] = []
        self._event_rows: list[object] = []
        self._fresh = not stages

    def stop(self, stop: Stop, by: By, now: datetime) -> None:
        """Stop the clock. Open promised stages have no due dates and no timers until it is resumed."""
        self._stops.append(stop)
        db.session.add(stop)
        note(self.case.id, now, "clock_stopped", by, {"reason": stop.reason_key, "party": stop.party})
        self._events.append(events.ClockStopped(stop.id))
        self._reschedule_open(now)

    def resume(self, stop: Stop, by: By, now: datetime, *, ended_at: datetime | None = None) -> None:
        """End one stop. When it was the last, due dates and timers are computed again.

        `ended_at`: when the stop was over, if that was before `now`.
        """
        stop.ended_at = ended_at or now
        if stop.ended_at < now:
            self._reschedule_done()
        note(self.case.id, now, "clock_resumed", by, {"reason": stop.reason_key})
        self._events.append(events.ClockResumed(stop.id))
        self._reschedule_open(now)

    def enter_retroactive_stop(self, stop: Stop, by: By, now: datetime) -> None:
        """Enter a stop that began in the past, and may have ended there. Later due dates are recomputed."""
        self._stops.append(stop)
        db.session.add(stop)
        note(self.case.id, now, "stop_entered", by, {"reason": stop.reason_key, "party": stop.party})
        over = stop.ended_at is not None
        self._events.append(events.StopEntered(stop.id) if over else events.ClockStopped(stop.id))
        self._reschedule_done()
        self._reschedule_open(now)

    def strike(self, stop: Stop, by: By, now: datetime) -> None:
        """Remove a stop that was ruled wrong from every figure and due date. An open one ends."""
        stop.struck_at = now
        stop.ended_at = stop.ended_at or now
        self._stops.remove(stop)
        note(self.case.id, now, "stop_struck", by, {"reason": stop.reason_key})
        self._reschedule_done()
        self._reschedule_open(now)

    def due_before_visit(self, purpose: str, starts_at: datetime | None, now: datetime) -> list[Task]:
        """Make the work that a visit relies on due by its start; None: no such visit is booked.

        Returns the open tasks of that kind.
        """
        found = []
        for row in self._stages:
            spec = self.program.stage(row.key)
            tasks = [task for task in self._open_tasks_of(row) if spec.task(task.key).before_visit == purpose]
            for task in tasks:
                task.due_by = starts_at
            if tasks:
                timers.clear_timers(tasks)
                self._schedule(row, spec, tasks, now)
            found += tasks
        return found

    def publish(self) -> None:
        """Write the rows, let the visits follow, publish the events. Call once, when the move is complete."""
        now = clock.now()
        done = {
            (task.key, task.round): task.completed_at for task in self._tasks if task.completed_at is not None
        }
        promise_watches.replace([self.case.id], self.watches(self._line, done, now), fresh=self._fresh)
        if not self._fresh:
            # Last, so that they are told after what ended or moved them.
            work = visits_of_work.Work(self.case, self.program, self._stages, self._tasks)
            self._events += visits_of_work.follow_work(work, now)
        self._fresh = False
        db.session.flush()
        with eventbus.together():
            while self._events:
                eventbus.publish(self._events.pop(0))

    def add_event(self, event: object, of: object = None) -> None:
        """Add an event to those that `publish` sends, in order.

        `of`: the row of the event, kept alive until then so that it need not be read again.
        """
        self._events.append(event)
        self._event_rows.append(of)

    def _reschedule_done(self) -> None:
        """Recompute the due dates of completed promised stages from the stops of their time."""
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

    def _reschedule_open(self, now: datetime) -> None:
        """Recompute due dates and timers of every open promised stage."""
        for row in self._stages:
            spec = self.program.stage(row.key)
            if row.completed_at is None and engine.counts_stops(spec):
                tasks = self._open_tasks_of(row)
                timers.clear_timers(tasks)
                self._schedule(row, spec, tasks, now)

    def _schedule(self, row: Stage, spec: StageSpec, tasks: Sequence[Task], now: datetime) -> None:
        """Set due dates and timers of a stage and of these of its tasks."""
        timing = self._timing(self._line, row, spec, tasks, now)
        row.due_at = timing.due_at
        for timed in timing.tasks:
            timed.task.due_at = timed.due_at
        timers.set_timers([timers.TaskReminders(timed.task, timed.reminders) for timed in timing.tasks], now)
