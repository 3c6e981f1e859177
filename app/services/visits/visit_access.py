"""Finding a visit for those who work on it: whoever comes, whoever answers for the case, and supervisors."""

from sqlalchemy import select

from app.core.db import db
from app.domain.errors import NotFoundError
from app.models import Case, Visit, VisitAttendee
from app.services.cases import access, responsibility
from app.services.people.staffing import Colleague


def visible(staff: Colleague, visit_id: str) -> tuple[Case, Visit]:
    """A visit of a case that concerns this person, or to which they come. Raises `NotFoundError`."""
    visit = db.session.get(Visit, visit_id)
    if visit is None:
        raise NotFoundError
    if attendee(staff, visit) is not None:
        return db.session.get_one(Case, visit.case_id), visit
    return access.of_staff(staff, visit.case_id), visit


def attendee(staff: Colleague, visit: Visit) -> VisitAttendee | None:
    """Their part in a visit, if they come."""
    return db.session.scalar(
        select(VisitAttendee).where(VisitAttendee.visit_id == visit.id, VisitAttendee.staff_id == staff.id)
    )


def require_concerned(staff: Colleague, case: Case, visit: Visit) -> None:
    """Raise `NotAllowedError` for staff who neither come nor answer for the case."""
    if attendee(staff, visit) is None:
        responsibility.require(staff, case)


def locked(staff: Colleague, visit_id: str) -> tuple[Case, Visit]:
    """The same as `visible`, with the case locked and the visit read anew."""
    case, visit = visible(staff, visit_id)
    access.lock(case)
    db.session.refresh(visit)
    return case, visit
