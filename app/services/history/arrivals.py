"""Outputs of a task that the check-in at the door already answers."""

from typing import Any

from sqlalchemy import func, select

from app.core.db import db
from app.domain.programs.tasks import TaskSpec
from app.models import Task, Visit, VisitAttendee, VisitState
from app.services.installation import city


def proposed(task: Task, spec: TaskSpec) -> dict[str, Any]:
    """The outputs of a task that need not be typed because its visit has a check-in."""
    if spec.visit is None or spec.visit.arrived_at is None:
        return {}
    arrived = db.session.execute(
        select(func.min(VisitAttendee.arrived_at).label("at"), Visit.starts_at)
        .join(Visit, Visit.id == VisitAttendee.visit_id)
        .where(
            Visit.case_id == task.case_id,
            Visit.stage_key == task.stage_key,
            Visit.purpose == spec.visit.purpose,
            Visit.state.in_((VisitState.CONFIRMED.value, VisitState.DONE.value)),
            Visit.created_at >= task.opened_at,
            VisitAttendee.arrived_at.is_not(None),
        )
        .group_by(Visit.id, Visit.starts_at)
        .order_by(Visit.starts_at.desc())
        .limit(1)
    ).first()
    if arrived is None:
        return {}
    return {spec.visit.arrived_at: arrived.at.astimezone(city.zone()).isoformat(timespec="seconds")}
