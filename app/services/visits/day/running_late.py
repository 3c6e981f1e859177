"""Running late: one tap tells the customer when the visitor will arrive."""

from datetime import timedelta

from app.core import clock, eventbus
from app.domain.errors import ConflictError, FieldsError
from app.domain.events import VisitDelayed, VisitLate
from app.models import Case, Visit
from app.services.history.timeline import by_staff, note
from app.services.installation import city
from app.services.people.staffing import Colleague
from app.services.visits import appointments, visit_access, visit_updates
from app.services.visits.day import delay_reach


def announce_delay(staff: Colleague, visit_id: str, minutes: int) -> tuple[Case, Visit]:
    """Announces that the visit begins so many minutes late. A long delay offers the customer other times.

    The customers of the crew's next visits are warned by the jobs, if the delay reaches them.

    Raises `FieldsError` for a time in the past, `ConflictError` when somebody has checked in or the visit
    is not confirmed, `NotAllowedError`.
    """
    case, visit = visit_access.locked_for_staff(staff, visit_id)
    visit_access.require_concerned(staff, case, visit)
    appointments.refuse_not_confirmed(visit)
    if appointments.somebody_came(visit.id):
        raise ConflictError("已有人员登记到达，无需再报晚到。")
    now = clock.now()
    expected = visit.starts_at + timedelta(minutes=minutes)
    if expected <= now:
        fault = {"field": "minutes", "code": "invalid", "message": "预计到达时间已过，请选择更长的时间。"}
        raise FieldsError([fault])
    visit_updates.update_visit(visit, expected_at=expected, warned_at=None)
    detail = {"purpose": visit.purpose, "starts_at": appointments.history_time(expected)}
    note(case.id, now, "visit_delayed", by_staff(staff.id), detail)
    eventbus.publish(VisitDelayed(visit.id))
    if expected > visit.starts_at + city.current().visits.late_after:
        eventbus.publish(VisitLate(visit.id))
    delay_reach.look_at_next(visit)
    return case, visit
