"""What whoever runs the installation watches: is what is due being done, and are the promises being kept."""

from dataclasses import dataclass
from fractions import Fraction

from sqlalchemy import distinct, func, literal_column, select

from app.core import clock
from app.core.db import db
from app.models import PromiseWatch, Task, Timer
from app.services.installation import city

SOON = Fraction(1)
"""So many working days before its due date, work is due soon."""


@dataclass(frozen=True, slots=True)
class VitalSigns:
    """The state of an installation at one moment; a lag is in seconds, 0 when nothing waits.

    Cases are counted by their open work: `overdue_cases` have some that is late, `due_soon_cases` some that
    is due within `SOON`. `warnings_due` are promises that run short and of which nobody was told yet.
    """

    timers_due: int
    timers_lag: float
    warnings_due: int
    open_tasks: int
    unassigned_tasks: int
    overdue_cases: int
    due_soon_cases: int


def read() -> VitalSigns:
    """Read the signs; a few counts over indexes of what is open or due, and nothing else."""
    now = clock.now()
    soon = city.working_time().after(now, SOON)
    timers, oldest = db.session.execute(
        select(func.count(), func.min(Timer.due_at)).where(Timer.due_at <= now)
    ).one()
    # The state is spelt out, so that the planner sees that the partial index answers.
    tasks = db.session.execute(
        select(
            func.count(),
            func.count().filter(Task.assignee_id.is_(None)),
            func.count(distinct(Task.case_id)).filter(Task.due_at < now),
            func.count(distinct(Task.case_id)).filter(Task.due_at.between(now, soon)),
        ).where(Task.state == literal_column("'open'"))
    ).one()
    return VitalSigns(
        timers_due=timers,
        timers_lag=0.0 if timers == 0 else (now - oldest).total_seconds(),
        warnings_due=db.session.scalar(select(func.count()).where(PromiseWatch.due_at <= now)) or 0,
        open_tasks=tasks[0],
        unassigned_tasks=tasks[1],
        overdue_cases=tasks[2],
        due_soon_cases=tasks[3],
    )
