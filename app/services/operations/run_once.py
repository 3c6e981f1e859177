"""Jobs that are done once for an occasion, whichever process comes first."""

from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.dialects import postgresql, sqlite

from app.core import clock
from app.core.db import db
from app.models import JobRun


def first(job: str, occasion: str) -> bool:
    """Whether the caller is the first to do `job` for `occasion`; it counts when the transaction commits.

    Who comes at the same moment waits for the other's transaction, and is told what became of it.
    """
    connection = db.session.connection()
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    mine = connection.execute(
        insert(JobRun)
        .values(job=job, occasion=occasion, at=clock.now())
        .on_conflict_do_nothing()
        .returning(JobRun.job)
    )
    return mine.first() is not None


def last(job: str) -> datetime | None:
    """When `job` was done last, for whatever occasion."""
    return db.session.scalar(select(func.max(JobRun.at)).where(JobRun.job == job))


def forget(before: datetime) -> None:
    """Drop what was done before that moment; the newest of each job stays."""
    newest = select(func.max(JobRun.at)).group_by(JobRun.job)
    db.session.execute(delete(JobRun).where(JobRun.at < before, JobRun.at.not_in(newest)))
