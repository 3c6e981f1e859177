"""Setting and clearing the timers of tasks; the sweep fires them."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete

from app.core.db import db
from app.domain.programs import engine
from app.models import Task, Timer, TimerKind
from app.services import city


def set_for(task: Task, reminders: Sequence[engine.Reminder], now: datetime) -> None:
    """Set a task's reminders, and the first telling that it is overdue should it come to that.

    A task already past its due date (the clock ran again after a stop) is told at the next opening.
    """
    db.session.add_all(
        Timer(
            due_at=reminder.at,
            kind=TimerKind.REMINDER,
            case_id=task.case_id,
            task_id=task.id,
            occurrence=occurrence,
            reminders=",".join(reminder.kinds),
        )
        for occurrence, reminder in enumerate(reminders, start=1)
    )
    if task.due_at is not None:
        db.session.add(
            Timer(
                due_at=engine.overdue_at(city.working_time(), max(task.due_at, now), 1),
                kind=TimerKind.OVERDUE,
                case_id=task.case_id,
                task_id=task.id,
                occurrence=task.overdue_told + 1,
            )
        )


def clear(tasks: Sequence[Task]) -> None:
    """Take away every timer of these tasks: they are done, or their clock stands still."""
    if tasks:
        db.session.execute(delete(Timer).where(Timer.task_id.in_([task.id for task in tasks])))
