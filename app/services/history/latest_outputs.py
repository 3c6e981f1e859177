"""The latest outputs of a case's tasks, by output key."""

from typing import Any

from sqlalchemy import select

from app.core.db import db
from app.models import Task, TaskState


def value(case_id: str, key: str) -> Any | None:
    """The value last delivered under `key` by a completed task of the case, or None."""
    rows = db.session.scalars(
        select(Task.outputs)
        .where(Task.case_id == case_id, Task.state == TaskState.DONE)
        .order_by(Task.completed_at.desc(), Task.round.desc())
    )
    return next((outputs[key] for outputs in rows if outputs and key in outputs), None)
