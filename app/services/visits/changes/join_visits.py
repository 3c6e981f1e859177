"""Joining two visits of one customer at one place on one day: one trip, one arrival."""

from sqlalchemy import select

from app.core.db import db
from app.domain.errors import ConflictError, CutOffError, NotFoundError
from app.models import Case, Visit, VisitState
from app.services.cases import access
from app.services.history.timeline import By
from app.services.installation import city
from app.services.scheduling import working_hours
from app.services.visits import appointments
from app.services.visits.booking import customer_time, find_openings, reschedule
from app.services.visits.views import visit_queries

REASON = "与当天另一项上门合并，一次上门办理"


def join_by_customer(case: Case, visit_id: str, other_id: str, by: By) -> Visit:
    """Moves a confirmed visit to the end of another one of the same customer, before the cut-off of both.

    Raises `NotFoundError` for a visit of somebody else, `CutOffError`, `ConflictError` for visits that can't
    be joined, `SlotTakenError` when somebody who must attend is not free.
    """
    visit, other = _both(case, visit_id, other_id)
    if not (visit_queries.is_changeable(visit) and visit_queries.is_changeable(other)):
        raise CutOffError("已临近约定时间，如需合并请直接联系客户管家。")
    return _join(case, visit, other, by)


def join_by_staff(case: Case, visit_id: str, other_id: str, by: By) -> Visit:
    """Joins at the wish of either side, also after the cut-off."""
    return _join(case, *_both(case, visit_id, other_id), by)


def _both(case: Case, visit_id: str, other_id: str) -> tuple[Visit, Visit]:
    """Both visits, with both cases locked in one order, so that two requests never wait in a circle."""
    other = db.session.scalar(
        select(Visit).where(Visit.id == other_id, customer_time.OF_SAME_CUSTOMER),
        customer_time.customer_of(case),
    )
    if other is None:
        raise NotFoundError
    others_case = db.session.get_one(Case, other.case_id)
    for each in sorted((case, others_case), key=lambda each: each.id):
        access.lock_case(each)
    visit = appointments.visit_of_case(case, visit_id)
    for found in (visit, other):
        db.session.refresh(found)
        appointments.refuse_not_confirmed(found)
        appointments.refuse_arrived(found)
    return visit, other


def _join(case: Case, visit: Visit, other: Visit, by: By) -> Visit:
    _refuse_unfit(case, visit, other)
    moved = reschedule.move_visit(
        case, visit, other.ends_at, by, REASON, find_openings.bookable(by_staff=True), joins=other
    )
    if not set(appointments.staff_ids(moved.id)) & set(appointments.staff_ids(other.id)):
        raise ConflictError("两项上门没有共同的上门人员，合并不能减少上门次数，请保持原预约。")
    return moved


def _refuse_unfit(case: Case, visit: Visit, other: Visit) -> None:
    purposes = city.current().visits.purposes
    purpose, beside = purposes[visit.purpose], purposes[other.purpose]
    if visit.id == other.id:
        fault = "请选择同一天的另一项上门。"
    elif working_hours.local_day(visit.starts_at) != working_hours.local_day(other.starts_at):
        fault = "两项上门不在同一天，请先改到同一天再合并。"
    elif not customer_time.same_place(case, purpose, other.case_id, beside):
        fault = "两项上门不在同一地点，不能合并。"
    elif beside.key not in purpose.joins:
        fault = f"“{purpose.name}”与“{beside.name}”不能合并上门，请保持原预约。"
    elif visit.joined_to is not None or other.joined_to is not None or _is_joined(visit, other):
        fault = "其中一项已与其他上门合并，请保持原预约。"
    else:
        return
    raise ConflictError(fault)


def _is_joined(*visits: Visit) -> bool:
    joined = select(Visit.id).where(
        Visit.joined_to.in_([visit.id for visit in visits]), Visit.state == VisitState.CONFIRMED
    )
    return db.session.scalar(joined.limit(1)) is not None
