"""Cancelling a visit, or giving up a time that is only held."""

from app.core import clock, eventbus
from app.core.db import db
from app.domain.errors import ConflictError, CutOffError
from app.domain.events import VisitCancelled
from app.models import Case, Visit, VisitState
from app.services.cases import access
from app.services.seats import taking
from app.services.timeline import By, note
from app.services.visits import appointments, queries


def by_customer(case: Case, visit_id: str, by: By, reason: str) -> Visit:
    """Cancel before the cut-off, or give up a hold at any time. Raises `CutOffError`, `ConflictError`."""
    visit = _locked(case, visit_id)
    if visit.state == VisitState.CONFIRMED and not queries.is_changeable(visit):
        raise CutOffError("已临近约定时间，如需取消请直接联系客户管家。")
    return _cancel(case, visit, by, reason)


def by_staff(case: Case, visit_id: str, by: By, reason: str) -> Visit:
    """Cancel as the customer wishes who called; also after the cut-off."""
    return _cancel(case, _locked(case, visit_id), by, reason)


def _locked(case: Case, visit_id: str) -> Visit:
    access.lock(case)
    visit = appointments.of_case(case, visit_id)
    db.session.refresh(visit)
    if visit.state not in taking.LIVE:
        appointments.refuse_ended(visit)
    if any(row.arrived_at is not None for row in appointments.attendees(visit.id)):
        raise ConflictError("上门人员已到达，不能改期或取消。")
    return visit


def _cancel(case: Case, visit: Visit, by: By, reason: str) -> Visit:
    was = VisitState(visit.state)
    if not taking.end(visit.id, VisitState.CANCELLED, was, {"reason": reason}):
        raise ConflictError("该预约刚刚有变化，请查看后再操作。")
    taking.release([visit.id])
    db.session.refresh(visit)
    if was is VisitState.CONFIRMED:
        detail = {"purpose": visit.purpose, "starts_at": appointments.shown(visit.starts_at)}
        note(case.id, clock.now(), "visit_cancelled", by, detail)
        eventbus.publish(VisitCancelled(visit.id))
    return visit
