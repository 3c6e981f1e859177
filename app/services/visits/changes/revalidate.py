"""Revalidating a booked visit after a change: can it take place, and if not, when could it?"""

from app.core import clock, eventbus
from app.core.db import db
from app.domain.errors import SlotTakenError
from app.domain.events import VisitInDoubt
from app.domain.slots import grid, openings
from app.domain.slots.openings import Opening
from app.models import Case, Visit, VisitState
from app.services.cases import access
from app.services.history.timeline import ENGINE, note
from app.services.scheduling import reservations
from app.services.scheduling.availability import Supposition
from app.services.visits import appointments, required_visits, visit_updates
from app.services.visits.booking import attendees, find_openings, reschedule, reserve
from app.services.visits.booking.find_openings import View
from app.services.visits.required_visits import Needed

REASON = "原上门人员或时间有变动，已为您调整"


def revalidate(visit_id: str, *, ask: bool) -> None:
    """Keeps a visit that can take place; otherwise moves it or asks the customer. No visit is dropped.

    It moves to the nearest opening that keeps the due date (any opening, if the customer had chosen a
    time after it). With `ask`, or without such an opening, the visit stays and is marked, and customer
    and manager are told. A hold that cannot be confirmed ends.
    """
    visit = db.session.get_one(Visit, visit_id)
    case = db.session.get_one(Case, visit.case_id)
    access.lock_case(case)
    db.session.refresh(visit)
    needed = required_visits.find_needed(case, visit.purpose)
    if visit.state not in reservations.LIVE or visit.starts_at <= clock.now() or needed is None:
        return
    if can_take_place(case, visit, needed):
        if visit.in_doubt_at is not None:
            visit_updates.update_visit(visit, in_doubt_at=None)
        return
    if visit.state == VisitState.HELD:
        if reservations.end_booking(visit.id, VisitState.EXPIRED, VisitState.HELD, {}):
            reservations.release_time([visit.id])
        return
    if ask or not _moved(case, visit, needed):
        _doubt(case, visit)


def can_take_place(case: Case, visit: Visit, needed: Needed) -> bool:
    """Whether every attendee still can, and the manager is still the case's."""
    rows = appointments.attendees(visit.id)
    if needed.party.not_manager and case.manager_id in [row.staff_id for row in rows]:
        return False
    for row in rows:
        if row.role == attendees.MANAGER and case.manager_id not in (row.staff_id, row.deputy_for):
            return False
    return reserve.fits({row.staff_id: row.role for row in rows}, needed, grid.piece_of(visit.starts_at))


def nearest(seen: View, visit: Visit) -> Opening | None:
    """The opening to which a visit would be moved; None when the customer must be asked."""
    return openings.nearest(seen.listed(), visit.starts_at, late_too=visit.after_due)


def _moved(case: Case, visit: Visit, needed: Needed) -> bool:
    supposed = Supposition(without=[visit.id])
    opening = nearest(find_openings.view(case, needed, find_openings.bookable(), supposed), visit)
    if opening is None:
        return False
    try:
        # Rolled back when somebody takes that time meanwhile: then the old booking stays, and the customer is
        # asked.
        with db.session.begin_nested():
            reschedule.move_visit(case, visit, opening.starts_at, ENGINE, REASON, find_openings.bookable())
    except SlotTakenError:
        db.session.refresh(visit)
        return False
    return True


def _doubt(case: Case, visit: Visit) -> None:
    if visit.in_doubt_at is not None:
        return
    now = clock.now()
    visit_updates.update_visit(visit, in_doubt_at=now)
    detail = {"purpose": visit.purpose, "starts_at": appointments.history_time(visit.starts_at)}
    note(case.id, now, "visit_in_doubt", ENGINE, detail)
    eventbus.publish(VisitInDoubt(visit.id))
