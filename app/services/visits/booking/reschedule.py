"""Moving a visit: the new time is reserved and confirmed in one step; the old booking stays as 已改期."""

from datetime import datetime

from app.core import clock, eventbus
from app.domain.errors import AlreadyDoneError, CutOffError
from app.domain.events import VisitMoved
from app.models import Case, Visit, VisitState
from app.services.history.timeline import By
from app.services.visits import appointments, required_visits, visit_updates
from app.services.visits.booking import find_openings
from app.services.visits.booking.find_openings import Bookable
from app.services.visits.booking.reserve import BookingRequest, reserve_visit
from app.services.visits.views import visit_queries


def reschedule_by_customer(
    case: Case, visit_id: str, starts_at: datetime, by: By, reason: str | None
) -> Visit:
    """Moves a confirmed visit, before the cut-off or when the utility cannot keep it.

    Raises `CutOffError`, `AlreadyDoneError` for the time that it already has, `ConflictError` for a visit
    that is not confirmed, and as `book` does.
    """
    visit = _locked(case, visit_id, starts_at)
    if not visit_queries.is_changeable(visit):
        raise CutOffError("已临近约定时间，如需调整请直接联系客户管家。")
    return move_visit(case, visit, starts_at, by, reason, find_openings.bookable())


def reschedule_by_staff(case: Case, visit_id: str, starts_at: datetime, by: By, reason: str | None) -> Visit:
    """Moves a confirmed visit at the customer's wish, also after the cut-off."""
    visit = _locked(case, visit_id, starts_at)
    return move_visit(case, visit, starts_at, by, reason, find_openings.bookable(by_staff=True))


def move_visit(
    case: Case,
    visit: Visit,
    starts_at: datetime,
    by: By,
    reason: str | None,
    times: Bookable,
    *,
    joins: Visit | None = None,
) -> Visit:
    """Books the new time, with the same people if possible, and ends the old booking. The case is locked.

    `joins`: the visit right after which it will be, with its people where they are needed.
    """
    needed = required_visits.require_needed(case, visit.purpose)
    kept = appointments.staff_ids(visit.id if joins is None else joins.id)
    visit_updates.end_visit(visit, VisitState.RESCHEDULED, {"reason": reason})
    wish = BookingRequest(
        needed,
        starts_at,
        by,
        VisitState.CONFIRMED,
        former=visit,
        gives_up=[visit.id],
        kept=kept,
        joins=joins,
    )
    moved = reserve_visit(case, wish, times)
    visit_updates.schedule_confirmed(case, moved, by, clock.now(), "visit_moved")
    eventbus.publish(VisitMoved(moved.id, visit.id))
    return moved


def _locked(case: Case, visit_id: str, starts_at: datetime) -> Visit:
    visit = appointments.locked_visit(case, visit_id)
    appointments.refuse_not_confirmed(visit)
    appointments.refuse_arrived(visit)
    if starts_at == visit.starts_at and visit.in_doubt_at is None:
        # Otherwise everybody would be told of a change that is none.
        raise AlreadyDoneError("该预约已是这个时间，无需改期。")
    return visit
