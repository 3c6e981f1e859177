"""Access to visits for staff: attendees, those responsible for the case, and supervisors."""

from sqlalchemy import select

from app.core.db import db
from app.domain.errors import NotFoundError
from app.models import Case, Visit, VisitAttendee
from app.services.cases import access, responsibility
from app.services.people.staffing import Colleague


def visible_visit(staff: Colleague, visit_id: str) -> tuple[Case, Visit]:
    """Returns a visit that this person attends or whose case concerns them. Raises `NotFoundError`."""
    visit = db.session.get(Visit, visit_id)
    if visit is None:
        raise NotFoundError
    if attendee(staff, visit) is not None:
        return db.session.get_one(Case, visit.case_id), visit
    return access.staff_case(staff, visit.case_id), visit


def attendee(staff: Colleague, visit: Visit) -> VisitAttendee | None:
    """The attendance of this person in a visit, or None."""
    return db.session.scalar(
        select(VisitAttendee).where(VisitAttendee.visit_id == visit.id, VisitAttendee.staff_id == staff.id)
    )


def require_concerned(staff: Colleague, case: Case, visit: Visit) -> None:
    """Raises `NotAllowedError` for staff who neither attend nor are responsible for the case."""
    if attendee(staff, visit) is None:
        responsibility.require_responsible(staff, case)


def locked_for_staff(staff: Colleague, visit_id: str) -> tuple[Case, Visit]:
    """Like `visible`, with the case locked and the visit read again."""
    case, visit = visible_visit(staff, visit_id)
    access.lock_case(case)
    db.session.refresh(visit)
    return case, visit
