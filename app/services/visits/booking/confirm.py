"""Confirming a held time. One conditional statement decides whether it has expired first."""

from typing import NoReturn

from sqlalchemy import update

from app.core import clock, eventbus
from app.core.db import db
from app.domain.errors import AlreadyDoneError, HoldExpiredError
from app.domain.events import VisitBooked, VisitMoved
from app.domain.slots import grid
from app.models import Case, Visit, VisitState
from app.services.history.timeline import By
from app.services.scheduling import reservations
from app.services.visits import appointments, required_visits, visit_updates, waitlist
from app.services.visits.booking import customer_time, find_openings, reserve
from app.services.visits.required_visits import Needed


def confirm_visit(case: Case, visit_id: str, by: By) -> Visit:
    """Confirms a hold. A hold offered by the wait-list replaces the later visit.

    Raises `AlreadyDoneError` the second time, `HoldExpiredError` with new openings when the hold has
    expired or an attendee is no longer available, `NotFoundError`, and as `required_visits.needed` does.
    """
    visit = appointments.locked_visit(case, visit_id)
    customer_time.lock_customer(case)
    needed = required_visits.require_needed(case, visit.purpose)
    if visit.state == VisitState.CONFIRMED:
        raise AlreadyDoneError("该预约已确认，无需重复操作。")
    if visit.state not in (VisitState.HELD, VisitState.EXPIRED):
        appointments.refuse_ended(visit)
    now = clock.now()
    offered = visit.offered
    former = appointments.live_visit(case.id, visit.purpose) if offered else None
    if former is not None and not reservations.end_booking(
        former.id, VisitState.RESCHEDULED, VisitState.CONFIRMED, {"reason": None}
    ):
        former = None
    confirmed = db.session.connection().execute(
        update(Visit)
        .where(Visit.id == visit.id, Visit.state == VisitState.HELD.value, Visit.hold_until > now)
        .values(
            state=VisitState.CONFIRMED.value,
            offered=False,
            confirmed_at=now,
            code=visit_updates.new_code(),
        )
    )
    coming = {row.staff_id: row.role for row in appointments.attendees(visit.id)}
    if confirmed.rowcount != 1:
        _refuse(case, needed, "为您保留的时间已过")
    if customer_time.is_elsewhere(case, needed.purpose, visit):
        # Booked after this hold had run out, by a process whose clock is ahead.
        _refuse(case, needed, "您在该时间前后另有一处预约，来不及赶到")
    if not reserve.fits(coming, needed, grid.piece_of(visit.starts_at)):
        _refuse(case, needed, "上门人员临时有变动，该时间不能再预约")
    db.session.refresh(visit)
    if offered:
        waitlist.leave_waitlist(case.id, visit.purpose)
    if former is None:
        visit_updates.schedule_confirmed(case, visit, by, now, "visit_booked")
        eventbus.publish(VisitBooked(visit.id))
    else:
        reservations.release_time([former.id])
        visit_updates.schedule_confirmed(case, visit, by, now, "visit_moved")
        eventbus.publish(VisitMoved(visit.id, former.id))
    return visit


def _refuse(case: Case, needed: Needed, why: str) -> NoReturn:
    offer = find_openings.offer(case, needed, find_openings.bookable())
    raise HoldExpiredError(offer.instead(why), openings=offer.few())
