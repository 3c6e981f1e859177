"""Firing what is due. Any number of processes may sweep: a timer is claimed and deleted in one commit."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select

from app.core import clock, eventbus
from app.core.db import db
from app.domain.events import ReminderDue, TaskOverdue
from app.domain.programs import engine
from app.models import Case, Task, TaskState, Timer, TimerKind
from app.services import city


@dataclass(frozen=True, slots=True)
class Swept:
    """How many timers one sweep took, and how many of them still had something to say."""

    taken: int
    told: int


def sweep(limit: int) -> Swept:
    """Fire up to `limit` timers that are due by the clock, oldest first, in the caller's transaction.

    The next telling of an overdue task is counted from the instant this one was due, not from now: a
    jobs process that was down for a day catches up without losing or doubling one.
    """
    rows = db.session.execute(
        select(Timer.id, Timer.due_at, Timer.kind, Timer.task_id, Timer.occurrence, Timer.reminders)
        .join(Case, Case.id == Timer.case_id)
        .where(Timer.due_at <= clock.now())
        .order_by(Timer.due_at, Timer.id)
        .limit(limit)
        # With the case, since firing writes to its tasks: what somebody is moving just now is left to the
        # next sweep, and neither waits for the other.
        .with_for_update(skip_locked=True, of=(Timer, Case))
    ).all()
    if not rows:
        return Swept(0, 0)
    db.session.execute(delete(Timer).where(Timer.id.in_([row.id for row in rows])))
    tasks = {
        task.id: task
        for task in db.session.scalars(select(Task).where(Task.id.in_({row.task_id for row in rows})))
    }
    told = 0
    for row in rows:
        task = tasks[row.task_id]
        if task.state != TaskState.OPEN:
            continue
        told += 1
        if row.kind == TimerKind.REMINDER:
            _remind(task, row.due_at, row.occurrence, tuple(row.reminders.split(",")))
            continue
        task.overdue_told = row.occurrence
        db.session.add(
            Timer(
                due_at=city.working_time().next_morning(row.due_at),
                kind=TimerKind.OVERDUE,
                case_id=task.case_id,
                task_id=task.id,
                occurrence=row.occurrence + 1,
            )
        )
        db.session.flush()
        eventbus.publish(TaskOverdue(task.id, row.occurrence))
    return Swept(len(rows), told)


def _remind(task: Task, at: datetime, occurrence: int, kinds: tuple[str, ...]) -> None:
    """Tell of a reminder. Work without a due date is followed up again and again, until it is done."""
    if kinds == (engine.REMIND_AFTER,):
        case = db.session.get_one(Case, task.case_id)
        program = city.program_of(case.program_key, case.former_program_key)
        spec = program.stage(task.stage_key).task(task.key)
        # Counted from when this one was due: a jobs process that was down loses and doubles nothing.
        following = engine.follow_up(city.working_time(), spec, at, at)
        if following is not None:
            db.session.add(
                Timer(
                    due_at=following.at,
                    kind=TimerKind.REMINDER,
                    case_id=task.case_id,
                    task_id=task.id,
                    occurrence=occurrence + 1,
                    reminders=engine.REMIND_AFTER,
                )
            )
            db.session.flush()
    eventbus.publish(ReminderDue(task.id, kinds, at))


def pending() -> int:
    """How many timers are due by the clock and not yet fired."""
    return db.session.scalar(select(func.count()).where(Timer.due_at <= clock.now())) or 0


def next_due() -> datetime | None:
    """When the next timer is due, fired or not yet."""
    return db.session.scalar(select(func.min(Timer.due_at)))
