"""Checking in at the door: time and place, near the site or with a note."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import or_, select

from app.core import clock
from app.core.db import db
from app.domain.area import Point
from app.domain.distance import metres
from app.domain.errors import AlreadyDoneError, FieldsError, NotAllowedError, NotYetError
from app.domain.visit_rules import Place
from app.models import Case, Visit, VisitAttendee, VisitState
from app.services.history.timeline import by_staff, note
from app.services.installation import city
from app.services.people.staffing import Colleague
from app.services.scheduling import working_hours
from app.services.visits import appointments, visit_access
from app.services.visits.views import visit_queries


@dataclass(frozen=True, slots=True)
class CheckIn:
    """What the visitor's phone sends. `code` is the customer's, which the visitor asks for to compare."""

    position: Point | None
    note: str | None
    code: str | None


def check_in(staff: Colleague, visit_id: str, given: CheckIn) -> tuple[Case, Visit]:
    """Checks in, on the day of the visit, once.

    Raises `FieldsError` when the code is wrong, or the position is unknown or too far without a note;
    `NotAllowedError` for somebody who does not attend, `AlreadyDoneError`, `NotYetError` on another day.
    """
    case, visit = visit_access.locked_for_staff(staff, visit_id)
    own = visit_access.attendee(staff, visit)
    if own is None:
        raise NotAllowedError("您不在本次上门人员之中，不能登记到达。")
    appointments.refuse_not_confirmed(visit)
    if own.arrived_at is not None:
        raise AlreadyDoneError("您已登记到达，无需重复操作。")
    now = clock.now()
    if working_hours.local_day(now) != working_hours.local_day(visit.starts_at):
        raise NotYetError("请在预约当天登记到达。")
    if given.code is not None and given.code != visit.code:
        raise FieldsError([_fault("code", "invalid", "与客户出示的到访码不一致，请核对是否为本次预约。")])
    _refuse_elsewhere(case, visit, given)
    first = not appointments.somebody_came(visit.id)
    _enter(own, given)
    for joined in _joined(staff, visit):
        # One trip, one arrival.
        _enter(joined, given)
    if first:
        note(case.id, now, "visit_arrived", by_staff(staff.id), {"purpose": visit.purpose})
    return case, visit


def _joined(staff: Colleague, visit: Visit) -> Sequence[VisitAttendee]:
    """The attendance of the same person in visits that are joined with this one."""
    return db.session.scalars(
        select(VisitAttendee)
        .join(Visit, Visit.id == VisitAttendee.visit_id)
        .where(
            VisitAttendee.staff_id == staff.id,
            VisitAttendee.arrived_at.is_(None),
            Visit.state == VisitState.CONFIRMED,
            or_(Visit.joined_to == visit.id, Visit.id == (visit.joined_to or "")),
        )
    ).all()


def _enter(own: VisitAttendee, given: CheckIn) -> None:
    own.arrived_at = clock.now()
    own.note = given.note
    if given.position is not None:
        own.place = {
            "latitude_gcj02": given.position.latitude,
            "longitude_gcj02": given.position.longitude,
        }


def _refuse_elsewhere(case: Case, visit: Visit, given: CheckIn) -> None:
    rules = city.current().visits
    if given.note or rules.purposes[visit.purpose].place is Place.OFFICE:
        return
    site = visit_queries.where(case, visit).position
    if given.position is None or site is None:
        raise FieldsError([_fault("note", "required", "未取得定位，请填写说明。")])
    away = metres(given.position, site)
    if away > rules.near_metres:
        fault = f"当前位置距用水地点约{away}米，请到达后登记，或填写说明。"
        raise FieldsError([_fault("note", "required", fault)])


def _fault(field: str, code: str, message: str) -> dict[str, str]:
    return {"field": field, "code": code, "message": message}
