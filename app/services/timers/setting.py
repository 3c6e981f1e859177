"""Setting and clearing the timers of tasks."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert

from app.core.db import db
from app.domain.programs import engine
from app.models import Task, Timer, TimerKind
from app.services.installation import city


@dataclass(frozen=True, slots=True)
class TaskReminders:
    """A task and its reminders."""

    task: Task
    reminders: Sequence[engine.Reminder]


def set_timers(wanted: Sequence[TaskReminders], now: datetime) -> None:
    """Sets reminders of tasks, and the notice that each becomes overdue.

    A task that is already overdue (its stage is late, or the clock was resumed) is announced at the next
    opening, or, if it was announced before, next morning: once each working day.
    """
    rows = [row for one in wanted for row in (*_reminders(one), *_overdue(one.task, now))]
    if rows:
        # One statement for all; the tasks that they reference must exist before.
        db.session.flush()
        db.session.connection().execute(_INSERT, rows)


_INSERT = insert(Timer)


def _reminders(wanted: TaskReminders) -> list[dict[str, Any]]:
    return [
        {
            "due_at": reminder.at,
            "kind": TimerKind.REMINDER,
            "case_id": wanted.task.case_id,
            "task_id": wanted.task.id,
            "occurrence": occurrence,
            "reminders": ",".join(reminder.kinds),
        }
        for occurrence, reminder in enumerate(wanted.reminders, start=1)
    ]


def _overdue(task: Task, now: datetime) -> list[dict[str, Any]]:
    if task.due_at is None:
        return []
    line, late_from = city.working_time(), max(task.due_at, now)
    told_before = task.overdue_told > 0
    return [
        {
            "due_at": line.next_morning(late_from) if told_before else engine.overdue_at(line, late_from, 1),
            "kind": TimerKind.OVERDUE,
            "case_id": task.case_id,
            "task_id": task.id,
            "occurrence": task.overdue_told + 1,
            "reminders": "",
        }
    ]


def clear_timers(tasks: Sequence[Task]) -> None:
    """Deletes every timer of these tasks: they are completed, or the clock is stopped."""
    if tasks:
        db.session.execute(delete(Timer).where(Timer.task_id.in_([task.id for task in tasks])))
