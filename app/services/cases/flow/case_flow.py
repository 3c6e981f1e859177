"""Moving a case through its program: the domain's engine decides what comes next, this module writes it.

The log is loaded once in the caller's transaction (`CaseFlow.load`). The class is built in three steps, one
concern each: `CaseLog` reads, `CaseClock` stops and resumes the clock, `CaseTasks` opens and ends tasks.
"""

from datetime import datetime

from app.core.db import db
from app.domain import events
from app.domain.programs import engine
from app.domain.programs.definition import Program
from app.models import Case, Stage, StageVoid, Task
from app.services.cases.flow.case_tasks import CaseTasks
from app.services.history.timeline import ENGINE, By, note
from app.services.installation import city

BY_CONSULTATION = "consultation"


class CaseFlow(CaseTasks):
    """One case, and the moves that it can make through the stages of its program."""

    @classmethod
    def fresh(cls, case: Case) -> "CaseFlow":
        """A case that was just created and has no log yet."""
        return cls(case, (), (), ())

    def open_stages(self, now: datetime) -> None:
        """Open every stage whose predecessors are done, with every task that can start."""
        current_entry = [row for row in self._stages if row.void is None]
        opened = {row.key for row in current_entry}
        done = {row.key for row in current_entry if row.completed_at is not None}
        by_consultation = self.case.channel == BY_CONSULTATION
        for spec in engine.stages_to_open(self.program, opened, done, by_consultation=by_consultation):
            earlier = sum(row.key == spec.key for row in self._stages)
            row = Stage(case_id=self.case.id, key=spec.key, round=earlier + 1, opened_at=now)
            self._stages.append(row)
            db.session.add(row)
            note(self.case.id, now, "stage_opened", ENGINE, {"stage": spec.key})
            self._events.append(events.StageOpened(self.case.id, spec.key))
            self._open_tasks(row, spec, now)

    def complete(self, task: Task, by: By, now: datetime) -> None:
        """Complete a task: open the tasks that waited for it, or end its stage if it was the last."""
        self.mark_done(task, by, now)
        spec = self.program.stage(task.stage_key)
        if spec.task(task.key).opened_by is not None:
            # Opened by a trigger, such as the review of a low rating: nothing waits for it.
            return
        row = next(row for row in self._stages if (row.key, row.round) == (task.stage_key, task.round))
        if engine.is_complete(spec, self._done_tasks(row, spec)):
            row.completed_at = now
            note(self.case.id, now, "stage_completed", by, {"stage": spec.key})
            self._events.append(events.StageCompleted(self.case.id, spec.key))
            self.open_stages(now)
            if self.promised_stage is None:
                # No promised stage is left: a stop left open would never end.
                for stop in [stop for stop in self._stops if stop.ended_at is None]:
                    self.resume(stop, ENGINE, now)
        else:
            self._open_tasks(row, spec, now)

    def repeat(self, key: str, by: By, now: datetime) -> None:
        """Send the case back: a completed stage and all that followed it are done again.

        Used time stays used. Open tasks in these stages are cancelled, and the clock pauses they hold end.
        """
        again = engine.repeated_with(self.program, key)
        rows = [row for row in self._stages if row.key in again and row.void is None]
        for row in rows:
            row.void = StageVoid.SENT_BACK if row.completed_at is None else StageVoid.REPEATED
            row.completed_at = row.completed_at or now
        undone = [task for row in rows for task in self._open_tasks_of(row)]
        triggers = self._triggers_of(undone)
        self._cancel(undone, by, now)
        self.open_stages(now)
        self._reopen_triggered(triggers, now)

    def end(self, by: By, now: datetime) -> None:
        """End the case: open tasks are cancelled, due dates removed, and every stop ends."""
        # First, so that cancelling tasks does not announce a resumed clock.
        for stop in self._stops:
            if stop.ended_at is None:
                stop.ended_at = now
        for row in self._stages:
            if row.completed_at is None:
                row.completed_at, row.void = now, StageVoid.ENDED
        self._cancel(self.open_tasks(), by, now)

    def change_program(self, program: Program, by: By, now: datetime) -> None:
        """Switch to another program: open stages count as done, and its first stages open."""
        for row in self._stages:
            if row.completed_at is None:
                row.completed_at = now
                note(self.case.id, now, "stage_completed", by, {"stage": row.key})
        triggers = self._triggers_of(self.open_tasks())
        self._cancel(self.open_tasks(), by, now)
        self.case.former_program_key = self.program.key
        self.case.program_key, self.case.program_version = program.key, program.version
        self.program = city.program_of(program.key, self.case.former_program_key)
        self.open_stages(now)
        self._reopen_triggered(triggers, now)
