"""Firing what is due. Any number of processes may sweep: a timer is claimed and deleted in one commit."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select

from app.core import clock, eventbus
from app.core.db import db
from app.domain.events import ReminderDue, TaskOverdue
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
            eventbus.publish(ReminderDue(task.id, tuple(row.reminders.split(",")), row.due_at))
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


def pending() -> int:
    """How many timers are due by the clock and not yet fired."""
    return db.session.scalar(select(func.count()).where(Timer.due_at <= clock.now())) or 0


def next_due() -> datetime | None:
    """When the next timer is due, fired or not yet."""
    return db.session.scalar(select(func.min(Timer.due_at)))
