"""Firing what is due. Any number of processes may sweep: a timer is claimed and deleted in one commit."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Integer, Row, bindparam, delete, func, select, update

from app.core import clock, eventbus
from app.core.db import db
from app.core.manyrows import insert_rows, one_of
from app.domain.events import ReminderDue, TaskOverdue
from app.domain.programs import engine
from app.models import Case, Task, TaskState, Timer, TimerKind
from app.services.installation import city


@dataclass(frozen=True, slots=True)
class Swept:
    """How many timers one sweep took, and how many of them still had something to say."""

    taken: int
    told: int


def sweep(limit: int) -> Swept:
    """Fire up to `limit` timers that are due by the clock, oldest first, in the caller's transaction.

    Where these are all long overdue, some that are due just now are fired beside them, so that a backlog of
    any size does not keep new ones waiting.

    The next telling of an overdue task is counted from the instant this one was due, not from now: a
    jobs process that was down for a day catches up without losing or doubling one.
    """
    db.session.flush()
    connection = db.session.connection()
    now = clock.now()
    taken = list(connection.execute(_TAKE, {"since": _EVER, "now": now, "limit": limit}).all())
    if len(taken) == limit and min(row.due_at for row in taken) < now - FRESH:
        # What is due just now does not wait until a backlog is gone.
        fresh = {"since": now - FRESH, "now": now, "limit": max(limit // FRESH_SHARE, 1)}
        taken += connection.execute(_TAKE, fresh).all()
    rows = sorted(taken, key=lambda row: (row.due_at, row.id))
    if not rows:
        return Swept(0, 0)
    # Asked after the cases are held, so that a task done in the meantime is seen as done.
    asked = {"ids": sorted({row.task_id for row in rows})}
    tasks = {task.id: task for task in connection.execute(_STILL_OPEN, asked).all()}
    firing = [row for row in rows if row.task_id in tasks]
    overdue = [row for row in firing if row.kind == TimerKind.OVERDUE]
    if overdue:
        connection.execute(_TOLD, [{"task": row.task_id, "told": row.occurrence} for row in overdue])
    following = [timer for row in firing if (timer := _following(row, tasks[row.task_id])) is not None]
    insert_rows(connection, Timer, following)
    with eventbus.together():
        for row in firing:
            if row.kind == TimerKind.REMINDER:
                eventbus.publish(ReminderDue(row.task_id, tuple(row.reminders.split(",")), row.due_at))
            else:
                eventbus.publish(TaskOverdue(row.task_id, row.occurrence))
    return Swept(len(rows), len(firing))


FRESH = timedelta(minutes=10)
"""How long ago a timer may have been due to count as due just now."""

FRESH_SHARE = 4
"""While there is a backlog, one timer that is due just now may be fired for so many overdue ones."""

_EVER = datetime(1970, 1, 1, tzinfo=UTC)

# Without the session, which would load each task to read one word of it.
_DUE = (
    select(Timer.id)
    .join(Case, Case.id == Timer.case_id)
    .where(Timer.due_at <= bindparam("now"), Timer.due_at > bindparam("since"))
    # And by nothing else: the thousands that are due at one instant of a morning would be sorted each time.
    .order_by(Timer.due_at)
    .limit(bindparam("limit", type_=Integer))
    # With the case, since firing writes to its tasks: what somebody is moving just now is left to the next
    # sweep, and neither waits for the other.
    .with_for_update(skip_locked=True, of=(Timer, Case))
    .cte("due")
)
_TAKE = (
    delete(Timer)
    .where(Timer.id.in_(select(_DUE.c.id)))
    .returning(
        Timer.id,
        Timer.due_at,
        Timer.kind,
        Timer.case_id,
        Timer.task_id,
        Timer.occurrence,
        Timer.reminders,
    )
)
_STILL_OPEN = (
    select(Task.id, Task.stage_key, Task.key, Case.program_key, Case.former_program_key)
    .join(Case, Case.id == Task.case_id)
    .where(one_of(Task.id, "ids"), Task.state == TaskState.OPEN.value)
)
_TOLD = (
    update(Task)
    .where(Task.id == bindparam("task"))
    .values(overdue_told=bindparam("told"), version=Task.version + 1)
)


def _following(fired: Row[*tuple[Any, ...]], task: Row[*tuple[Any, ...]]) -> dict[str, Any] | None:
    """The timer that comes after this one while its task stays open, or None if it was the last.

    Counted from when this one was due: a jobs process that was down loses and doubles nothing.
    """
    at: datetime | None = None
    if fired.kind == TimerKind.OVERDUE:
        at = city.working_time().next_morning(fired.due_at)
    elif fired.reminders == engine.REMIND_AFTER:
        # Work without a due date is followed up again and again, until it is done.
        program = city.program_of(task.program_key, task.former_program_key)
        again = engine.follow_up(
            city.working_time(), program.stage(task.stage_key).task(task.key), fired.due_at, fired.due_at
        )
        at = None if again is None else again.at
    if at is None:
        return None
    return {
        "due_at": at,
        "kind": fired.kind,
        "case_id": fired.case_id,
        "task_id": fired.task_id,
        "occurrence": fired.occurrence + 1,
        "reminders": fired.reminders,
    }


def pending() -> int:
    """How many timers are due by the clock and not yet fired."""
    return db.session.scalar(select(func.count()).where(Timer.due_at <= clock.now())) or 0


def next_due() -> datetime | None:
    """When the next timer is due, fired or not yet."""
    return db.session.scalar(select(func.min(Timer.due_at)))
