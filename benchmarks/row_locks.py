"""Holding a time as one does with row locks: lock everybody who may come, look who is free, and only then
write.

It writes the same rows by the same rules; the only difference is that nobody else may look meanwhile. That is
what makes checking before writing safe at all.
"""

from datetime import timedelta

from sqlalchemy import select

from app.core import clock
from app.core.db import db
from app.domain.slots import grid
from app.models import Staff, Visit
from app.services.cases import access
from app.services.seats.hours import Stretch
from app.services.timeline import by_customer
from app.services.visits import hold, needs, parties

PURPOSE = "water_plan"


def hold_time(customer_id: str, case_id: str, piece: int) -> Visit:
    """Hold the hour that begins with `piece` for a case of the customer."""
    case = access.of_customer(customer_id, case_id)
    access.lock(case)
    now = clock.now()
    stretch = Stretch.of(now, now + timedelta(days=15))
    everybody = parties.candidates(case, needs.needed(case, PURPOSE), stretch).everybody
    db.session.execute(
        select(Staff.id)
        .where(Staff.id.in_([member.id for member in everybody]))
        .order_by(Staff.id)
        .with_for_update()
    ).all()
    return hold.hold(case, PURPOSE, grid.instant_of(piece), by_customer(customer_id))
