"""Holding a time for a customer for a few minutes, until they confirm."""

from datetime import datetime

from app.core import clock
from app.domain.errors import BookedAlreadyError
from app.models import Case, DueKind, Visit, VisitState
from app.services.cases import access
from app.services.history.timeline import By
from app.services.installation import city
from app.services.scheduling import reservations
from app.services.visits import required_visits, visit_updates
from app.services.visits.booking import find_openings
from app.services.visits.booking.reserve import BookingRequest, reserve_visit


def hold_visit(case: Case, purpose_key: str, starts_at: datetime, by: By) -> Visit:
    """Holds a time until `hold_until`. Another hold of the case for this purpose is given up.

    Asking again for the same time returns the same hold and does not extend it. Raises as `book` and
    `required_visits.needed` do, and `BookedAlreadyError` when a visit is confirmed already.
    """
    access.lock_case(case)
    needed = required_visits.require_needed(case, purpose_key)
    now = clock.now()
    given_up: list[str] = []
    earlier = visit_updates.live_or_over(case, purpose_key)
    if earlier is not None and earlier.state == VisitState.CONFIRMED:
        raise BookedAlreadyError("您已预约过此项，如需调整请在原预约中改期。", visit_id=earlier.id)
    if earlier is not None and earlier.hold_until is not None:
        if earlier.starts_at == starts_at and earlier.hold_until > now:
            return earlier
        if reservations.end_booking(earlier.id, VisitState.EXPIRED, VisitState.HELD, {}):
            given_up.append(earlier.id)
    until = now + city.current().visits.hold
    wish = BookingRequest(needed, starts_at, by, VisitState.HELD, hold_until=until, gives_up=given_up)
    visit = reserve_visit(case, wish, find_openings.bookable())
    reservations.set_due([(visit.id, DueKind.HOLD_END.value, until)])
    return visit
