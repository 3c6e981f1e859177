"""Metrics of the service: is due work being done, and are promises being kept?"""

from dataclasses import dataclass
from fractions import Fraction

from sqlalchemy import distinct, func, literal_column, select

from app.core import clock
from app.core.db import db
from app.models import PromiseWatch, Task, Timer
from app.services.installation import city

SOON = Fraction(1)
"""Work counts as due soon so many working days before its due date."""


@dataclass(frozen=True, slots=True)
class ServiceMetrics:
    """The state of an installation at one moment; lags in seconds, 0 when nothing waits.

    Cases are counted by their open work: `overdue_cases` have late work, `due_soon_cases` have work due
    within `SOON`. `warnings_due`: endangered promises of which nobody was told yet.
    """

    timers_due: int
    timers_lag: float
    warnings_due: int
    open_tasks: int
    unassigned_tasks: int
    overdue_cases: int
    due_soon_cases: int


def read_metrics() -> ServiceMetrics:
    """Reads the metrics: a few counts over indexes of open or due work."""
    now = clock.now()
    soon = city.working_time().after(now, SOON)
    timers, oldest = db.session.execute(
        select(func.count(), func.min(Timer.due_at)).where(Timer.due_at <= now)
    ).one()
    # The state is written as a literal, so that the planner uses the partial index.
    tasks = db.session.execute(
        select(
            func.count(),
            func.count().filter(Task.assignee_id.is_(None)),
            func.count(distinct(Task.case_id)).filter(Task.due_at < now),
            func.count(distinct(Task.case_id)).filter(Task.due_at.between(now, soon)),
        ).where(Task.state == literal_column("'open'"))
    ).one()
    return ServiceMetrics(
        timers_due=timers,
        timers_lag=0.0 if timers == 0 else (now - oldest).total_seconds(),
        warnings_due=db.session.scalar(select(func.count()).where(PromiseWatch.due_at <= now)) or 0,
        open_tasks=tasks[0],
        unassigned_tasks=tasks[1],
        overdue_cases=tasks[2],
        due_soon_cases=tasks[3],
    )
