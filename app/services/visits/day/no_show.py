"""One side did not come: it is recorded, the time is released, and the visit can be booked again."""

from enum import StrEnum

from app.core import clock, eventbus
from app.domain.errors import ConflictError, NotYetError
from app.domain.events import VisitMissed
from app.models import Case, Visit, VisitState
from app.services.history.timeline import By, by_staff, note
from app.services.installation import city
from app.services.people.staffing import Colleague
from app.services.scheduling import reservations
from app.services.visits import appointments, visit_access, visit_updates


class Absent(StrEnum):
    """Who did not come."""

    CUSTOMER = "customer"
    VISITOR = "visitor"


_NAMES = {Absent.CUSTOMER: "客户", Absent.VISITOR: "上门人员"}


def no_show_by_visitor(staff: Colleague, visit_id: str, absent: Absent, words: str) -> tuple[Case, Visit]:
    """Records it by staff. Only somebody who has checked in can say that the customer is absent.

    Raises `NotYetError` before the set time after the start has passed, or without a check-in.
    """
    case, visit = visit_access.locked_for_staff(staff, visit_id)
    visit_access.require_concerned(staff, case, visit)
    appointments.refuse_not_confirmed(visit)
    there = appointments.somebody_came(visit.id)
    if absent is Absent.CUSTOMER and not there:
        raise NotYetError("请先在现场登记到达，再登记客户未到。")
    if absent is Absent.VISITOR and there:
        raise ConflictError("已有人员登记到达，不能登记上门人员未到。")
    return case, _record(case, visit, absent, by_staff(staff.id), words)


def no_show_by_customer(case: Case, visit_id: str, by: By, words: str) -> Visit:
    """Records that the customer says nobody came.

    Raises `NotYetError` before the set time after the start, `ConflictError` when somebody has checked
    in.
    """
    visit = appointments.locked_visit(case, visit_id)
    appointments.refuse_not_confirmed(visit)
    if appointments.somebody_came(visit.id):
        raise ConflictError("上门人员已登记到达，如有疑问请联系客户管家。")
    return _record(case, visit, Absent.VISITOR, by, words)


def _record(case: Case, visit: Visit, absent: Absent, by: By, words: str) -> Visit:
    now = clock.now()
    if now < visit.starts_at:
        raise ConflictError("还未到约定时间，如有变动请改期或取消。")
    if now < visit.starts_at + city.current().visits.late_after:
        raise NotYetError("约定时间刚到，请再稍候片刻。")
    values = {"no_show_of": absent.value, "reason": words}
    visit_updates.end_visit(visit, VisitState.NO_SHOW, values)
    reservations.release_time([visit.id])
    note(case.id, now, "visit_missed", by, {"purpose": visit.purpose, "party": _NAMES[absent]})
    eventbus.publish(VisitMissed(visit.id))
    return visit
