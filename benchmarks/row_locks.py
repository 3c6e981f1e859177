"""Holding a time as one does with row locks: lock everybody who may come, look who is free, and only then
write.

It is the product's own request with one statement before it, so that it reads, writes and answers the same;
the only difference is that nobody else may look meanwhile. That is what makes checking before writing safe at
all.
"""

from typing import Any

from flask import current_app
from sqlalchemy import or_, select

from app.core.db import db
from app.models import Staff

PURPOSE = "water_plan"
DEPARTMENTS = ("design_institute", "network", "engineering")
_EVERYBODY = (
    select(Staff.id)
    .where(
        Staff.active.is_(True),
        Staff.is_supervisor.is_(False),
        or_(Staff.is_manager.is_(True), Staff.department.in_(DEPARTMENTS)),
    )
    .order_by(Staff.id)
    .with_for_update()
)


def hold_time(case_id: str) -> Any:
    """Hold a time for a case of the customer, as `POST …/visits` does."""
    db.session.execute(_EVERYBODY).all()
    return current_app.view_functions["customer_visits.hold_time"](case_id=case_id)
