"""Cancelling a visit, or giving up a hold."""

from app.core import clock, eventbus
from app.domain.errors import CutOffError
from app.domain.events import VisitCancelled
from app.models import Case, Visit, VisitState
from app.services.history.timeline import By, note
from app.services.scheduling import reservations
from app.services.visits import appointments, visit_updates, waitlist
from app.services.visits.views import visit_queries


def cancel_by_customer(case: Case, visit_id: str, by: By, reason: str) -> Visit:
    """Cancels before the cut-off, or gives up a hold at any time. Raises `CutOffError`, `ConflictError`.

    Who cancels a confirmed visit leaves the wait-list for it. An offer that is given up is not made again.
    """
    visit = _locked(case, visit_id)
    if visit.state == VisitState.CONFIRMED and not visit_queries.is_changeable(visit):
        raise CutOffError("已临近约定时间，如需取消请直接联系客户管家。")
    return _cancel(case, visit, by, reason)


def cancel_by_staff(case: Case, visit_id: str, by: By, reason: str) -> Visit:
    """Cancels at the customer's wish, also after the cut-off."""
    return _cancel(case, _locked(case, visit_id), by, reason)


def _locked(case: Case, visit_id: str) -> Visit:
    visit = appointments.locked_visit(case, visit_id)
    if visit.state not in reservations.LIVE:
        appointments.refuse_ended(visit)
    appointments.refuse_arrived(visit)
    return visit


def _cancel(case: Case, visit: Visit, by: By, reason: str) -> Visit:
    was = VisitState(visit.state)
    visit_updates.end_visit(visit, VisitState.CANCELLED, {"reason": reason})
    reservations.release_time([visit.id])
    if was is VisitState.CONFIRMED:
        detail = {"purpose": visit.purpose, "starts_at": appointments.history_time(visit.starts_at)}
        note(case.id, clock.now(), "visit_cancelled", by, detail)
        eventbus.publish(VisitCancelled(visit.id))
        waitlist.stop_offering(case.id, visit.purpose)
    return visit
