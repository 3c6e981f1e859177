"""The booked visits of a case follow its work: they end with it, and keep its due date.

The one place for it. `CaseClock.publish` ends every move of a case and calls `follow_work`: a task that was
completed otherwise, a stage that was passed or is done again, another program, the end of the case.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select, tuple_, update

from app.core.db import db
from app.domain.events import VisitAfterDue, VisitNotNeeded
from app.domain.programs.definition import Program
from app.domain.programs.tasks import TaskVisit
from app.models import (
    Case,
    CaseState,
    Stage,
    StageVoid,
    Task,
    TaskState,
    Visit,
    VisitAttendee,
    VisitState,
    VisitWait,
)
from app.services.history.timeline import ENGINE, note
from app.services.installation import city
from app.services.scheduling import reservations, working_hours

WORK_DONE = "该事项已办结"
CASE_ENDED = "该申请已结束办理"
TO_BE_REPEATED = "相关环节需重新办理，届时再为您预约"
NOT_NEEDED = "办理安排有变化，该事项无需上门"


@dataclass(frozen=True, slots=True)
class Work:
    """What of a case decides about its visits: the stages and tasks of its whole log."""

    case: Case
    program: Program
    stages: Sequence[Stage]
    tasks: Sequence[Task]

    def open_stage(self, key: str) -> Stage | None:
        """The entry into a stage that is open now."""
        return next(
            (row for row in self.stages if row.key == key and row.completed_at is None and row.void is None),
            None,
        )

    def needs(self, purpose: str, stage_key: str | None) -> bool:
        """Whether the work that a visit is for still has to be done."""
        if self.case.state != CaseState.OPEN:
            return False
        if stage_key is None:
            return True
        row = self.open_stage(stage_key)
        if row is None:
            return False
        settled = {
            task.key
            for task in self.tasks
            if (task.stage_key, task.round) == (row.key, row.round) and task.state != TaskState.OPEN
        }
        return any(key not in settled for key in self._visits_of(stage_key, purpose))

    def done(self, visit: Visit) -> Task | None:
        """The completed task that a visit was for."""
        if visit.stage_key is None:
            return None
        keys = self._visits_of(visit.stage_key, visit.purpose)
        found = [
            task
            for task in self.tasks
            if task.stage_key == visit.stage_key and task.key in keys and task.state == TaskState.DONE
        ]
        latest = max(found, key=lambda task: task.round, default=None)
        entries = [row for row in self.stages if row.key == visit.stage_key]
        if latest is None or latest.round != max(row.round for row in entries):
            return None
        return latest

    def arrival(self, task: Task, visit: Visit) -> datetime | None:
        """When the visitor was there, as the outputs of the task say."""
        spec = self._visits_of(task.stage_key, visit.purpose)[task.key]
        said = (task.outputs or {}).get(spec.arrived_at) if spec.arrived_at is not None else None
        return datetime.fromisoformat(said) if isinstance(said, str) else None

    def why(self, visit: Visit) -> str:
        """Why a visit is not needed any more, as customer and visitors read it."""
        if self.done(visit) is not None:
            return WORK_DONE
        if self.case.state != CaseState.OPEN:
            return CASE_ENDED
        entries = [row for row in self.stages if row.key == visit.stage_key]
        latest = max(entries, key=lambda row: row.round, default=None)
        return TO_BE_REPEATED if latest is not None and latest.void in _AGAIN else NOT_NEEDED

    def _visits_of(self, stage_key: str, purpose: str) -> Mapping[str, TaskVisit]:
        """By task, what the visits of a purpose in a stage are like."""
        return {
            task.key: task.visit
            for stage in self.program.stages
            if stage.key == stage_key
            for task in stage.tasks
            if task.visit is not None and task.visit.purpose == purpose
        }


_AGAIN = frozenset({StageVoid.SENT_BACK.value, StageVoid.REPEATED.value})


def follow_work(work: Work, now: datetime) -> list[object]:
    """Ends the live visits whose work is over, and lets the others follow their due date.

    A visit to which somebody came took place: it is done. Any other one is cancelled. Its time is free in
    this transaction. Returns the events that tell of it. The caller has locked the case.
    """
    db.session.flush()
    visits = db.session.scalars(
        select(Visit)
        .where(Visit.case_id == work.case.id, Visit.state.in_(reservations.LIVE))
        .execution_options(populate_existing=True)
    ).all()
    over = [visit for visit in visits if not work.needs(visit.purpose, visit.stage_key)]
    kept = [visit for visit in visits if visit not in over]
    return [*_end(work, over, now), *_follow_due(work, kept, now)]


def follow_moved_due_dates(moved: Mapping[tuple[str, str], datetime], now: datetime) -> list[object]:
    """Lets visits follow due dates that were moved in many cases at once, by case and stage."""
    if not moved:
        return []
    visits = db.session.scalars(
        select(Visit).where(
            tuple_(Visit.case_id, Visit.stage_key).in_(sorted(moved)),
            Visit.state.in_(reservations.LIVE),
        )
    ).all()
    return _write_due([(visit, moved[visit.case_id, visit.stage_key or ""]) for visit in visits], now)


def _end(work: Work, visits: Sequence[Visit], now: datetime) -> list[object]:
    events: list[object] = []
    ended = []
    for visit in visits:
        was = VisitState(visit.state)
        state = VisitState.DONE if was is VisitState.CONFIRMED and _took_place(work, visit, now) else None
        why = None if state is not None else work.why(visit)
        if not reservations.end_booking(
            visit.id, state or VisitState.CANCELLED, was, {} if why is None else {"reason": why}
        ):
            continue
        ended.append(visit)
        db.session.expire(visit)
        if was is VisitState.HELD:
            continue
        kind = "visit_done" if state is not None else "visit_not_needed"
        note(work.case.id, now, kind, ENGINE, _detail(visit))
        if state is None:
            events.append(VisitNotNeeded(visit.id, begun=visit.starts_at <= now))
    reservations.release_time([visit.id for visit in ended])
    _leave_waitlists(work)
    return events


def _took_place(work: Work, visit: Visit, now: datetime) -> bool:
    """Somebody checked in, or the task that completed it names an arrival on the day of the visit."""
    came = select(VisitAttendee.staff_id).where(
        VisitAttendee.visit_id == visit.id, VisitAttendee.arrived_at.is_not(None)
    )
    if db.session.scalar(came.limit(1)) is not None:
        return True
    task = work.done(visit)
    arrival = None if task is None else work.arrival(task, visit)
    if arrival is None or visit.starts_at > now:
        return False
    return working_hours.local_day(arrival) == working_hours.local_day(visit.starts_at)


def _leave_waitlists(work: Work) -> None:
    """Nobody waits for an earlier time of a visit that is not needed."""
    waits = db.session.execute(
        select(VisitWait.id, VisitWait.purpose).where(VisitWait.case_id == work.case.id)
    )
    over = [wait_id for wait_id, purpose in waits if not _purpose_is_needed(work, purpose)]
    if over:
        db.session.execute(
            delete(VisitWait).where(VisitWait.id.in_(over)).execution_options(synchronize_session=False)
        )


def _purpose_is_needed(work: Work, purpose: str) -> bool:
    known = city.current().visits.purposes.get(purpose)
    if known is not None and known.always:
        return work.needs(purpose, None)
    return any(work.needs(purpose, row.key) for row in work.stages if row.completed_at is None)


def _follow_due(work: Work, visits: Iterable[Visit], now: datetime) -> list[object]:
    due = [
        (visit, row.due_at)
        for visit in visits
        if visit.stage_key is not None and (row := work.open_stage(visit.stage_key)) is not None
    ]
    return _write_due(due, now)


def _write_due(dues: Iterable[tuple[Visit, datetime | None]], now: datetime) -> list[object]:
    """Writes the due dates that differ. Returns the events of confirmed visits that now miss theirs."""
    events: list[object] = []
    for visit, due_at in dues:
        late = due_at is not None and visit.ends_at > due_at
        if (visit.due_at, visit.after_due) == (due_at, late):
            continue
        newly = late and not visit.after_due and visit.state == VisitState.CONFIRMED
        db.session.execute(
            update(Visit)
            .where(Visit.id == visit.id)
            .values(due_at=due_at, after_due=late)
            .execution_options(synchronize_session=False)
        )
        db.session.expire(visit)
        if newly:
            note(visit.case_id, now, "visit_misses_due", ENGINE, _detail(visit))
            events.append(VisitAfterDue(visit.id))
    return events


def _detail(visit: Visit) -> dict[str, str]:
    local = visit.starts_at.astimezone(city.zone())
    return {"purpose": visit.purpose, "starts_at": local.strftime("%Y-%m-%d %H:%M")}
