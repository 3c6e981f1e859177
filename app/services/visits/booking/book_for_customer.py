"""Booking for a customer: by staff, for somebody who telephones or is present."""

from datetime import datetime

from app.core import clock, eventbus
from app.domain.errors import BookedAlreadyError
from app.domain.events import VisitBooked
from app.models import Case, Visit, VisitState
from app.services.cases import access, responsibility
from app.services.history.timeline import by_staff
from app.services.people.staffing import Colleague
from app.services.scheduling import reservations
from app.services.visits import required_visits, visit_updates
from app.services.visits.booking import find_openings
from app.services.visits.booking.reserve import BookingRequest, reserve_visit


def book_for_customer(staff: Colleague, case: Case, purpose_key: str, starts_at: datetime) -> Visit:
    """Books at once, without a hold and without the minimum notice.

    A hold of the customer for the same purpose is given up. Raises as `hold` does, and `NotAllowedError`
    for staff who are not responsible for the case.
    """
    access.lock_case(case)
    responsibility.require_responsible(staff, case)
    needed = required_visits.require_needed(case, purpose_key)
    earlier = visit_updates.live_or_over(case, purpose_key)
    given_up = []
    if earlier is not None:
        if earlier.state == VisitState.CONFIRMED:
            raise BookedAlreadyError("该客户已预约过此项，请在原预约中改期。", visit_id=earlier.id)
        if reservations.end_booking(earlier.id, VisitState.EXPIRED, VisitState.HELD, {}):
            given_up.append(earlier.id)
    by = by_staff(staff.id)
    wish = BookingRequest(needed, starts_at, by, VisitState.CONFIRMED, gives_up=given_up)
    visit = reserve_visit(case, wish, find_openings.bookable(by_staff=True))
    visit_updates.schedule_confirmed(case, visit, by, clock.now(), "visit_booked")
    eventbus.publish(VisitBooked(visit.id))
    return visit
