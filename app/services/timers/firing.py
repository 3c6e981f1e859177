"""Firing due timers. Any number of processes may sweep: a timer is claimed and deleted in one commit."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, bindparam, select, update

from app.core import clock, eventbus
from app.core.bulk_write import insert_rows
from app.core.db import db
from app.core.list_parameter import one_of
from app.core.queue import Queue
from app.domain.events import ReminderDue, TaskOverdue
from app.domain.programs import engine
from app.models import Case, Task, TaskState, Timer, TimerKind
from app.services.installation import city

# Locked with the case, since firing writes to its tasks: what somebody is moving just now is left to the next
# sweep, and neither waits for the other.
QUEUE = Queue("timers", Timer, falls_due=Timer.due_at, locks_with=(Case, Case.id == Timer.case_id))


@dataclass(frozen=True, slots=True)
class SweepResult:
    """How many timers one sweep took, and how many of them were still relevant."""

    taken: int
    told: int


def sweep(limit: int) -> SweepResult:
    """Fires up to `limit` due timers, oldest first, in the caller's transaction.

    If all of these are long overdue, some that have just become due are fired as well, so that a backlog
    does not delay new ones.

    The next overdue notice of a task counts from the instant this one was due, not from now: a jobs
    process that was down for a day neither loses nor doubles one.
    """
    now = clock.now()
    rows = list(QUEUE.pop(limit))
    if len(rows) == limit and rows[0].due_at < now - FRESH:
        # What has just become due does not wait for the backlog.
        rows += QUEUE.pop(max(limit // FRESH_SHARE, 1), after=now - FRESH)
        rows.sort(key=lambda row: (row.due_at, row.id))
    if not rows:
        return SweepResult(0, 0)
    connection = db.session.connection()
    # Read after the cases are locked, so that a task completed meanwhile is seen as completed.
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
    return SweepResult(len(rows), len(firing))


FRESH = timedelta(minutes=10)
"""How recently a timer must have become due to count as new."""

FRESH_SHARE = 4
"""With a backlog, one new timer is fired for this many overdue ones."""

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
    """The timer that follows this one while its task stays open, or None if it was the last.

    Counts from when this one was due, so that downtime neither loses nor doubles one.
    """
    at: datetime | None = None
    if fired.kind == TimerKind.OVERDUE:
        at = city.working_time().next_morning(fired.due_at)
    elif fired.reminders == engine.REMIND_AFTER:
        # A task without a due date is followed up repeatedly until it is completed.
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
