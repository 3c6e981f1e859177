"""Callbacks that WeChat sent and that could not be read or handled: counted, so that somebody looks."""

from datetime import datetime

from sqlalchemy import func, literal_column, select

from app.core.db import db
from notifications.models import InboxEvent


def count(since: datetime, until: datetime) -> int:
    """How many failed after `since` and until `until`."""
    # Spelt as in the partial index, so that the planner sees that it answers.
    failed = select(func.count()).where(
        literal_column("outcome = 'failed'"),
        InboxEvent.handled_at > since,
        InboxEvent.handled_at <= until,
    )
    return db.session.scalar(failed) or 0
