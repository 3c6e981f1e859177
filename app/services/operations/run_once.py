"""Jobs that run once for an occasion, in whichever process comes first."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, delete, exists, func, select

from app.core import clock
from app.core.db import db
from app.core.upsert import insert_or_ignore
from app.models import JobRun


def claim(job: str, occasion: str) -> bool:
    """Whether the caller is the first to do `job` for `occasion`; it counts when the transaction commits.

    Who comes at the same moment waits for the other's transaction, and is told what became of it.
    """
    return insert_or_ignore(JobRun, {"job": job, "occasion": occasion, "at": clock.now()})


def is_not_done(jobs: Sequence[str], occasion: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether none of these jobs has been done for an occasion, as a condition of a statement."""
    return ~exists().where(JobRun.job.in_(jobs), JobRun.occasion == occasion)


def is_done(job: str, occasion: str) -> bool:
    """Whether `job` has been done for `occasion`."""
    return db.session.get(JobRun, (job, occasion)) is not None


def last_run(job: str) -> datetime | None:
    """When `job` was done last, for whatever occasion."""
    return db.session.scalar(select(func.max(JobRun.at)).where(JobRun.job == job))


def delete_old_runs(before: datetime) -> None:
    """Drop what was done before that moment; the newest of each job stays."""
    newest = select(func.max(JobRun.at)).group_by(JobRun.job)
    db.session.execute(delete(JobRun).where(JobRun.at < before, JobRun.at.not_in(newest)))
