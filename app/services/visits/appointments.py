"""Reading the visits of a case, and refusing what their state does not allow."""

from datetime import datetime

from sqlalchemy import select

from app.core.db import db
from app.domain.errors import AlreadyDoneError, ConflictError, NotFoundError, NotYetError
from app.models import Case, Visit, VisitAttendee, VisitState
from app.services.cases import access
from app.services.installation import city
from app.services.scheduling import reservations

_NOT_LIVE = {
    VisitState.EXPIRED: "保留时间已过，请重新选择时间。",
    VisitState.RESCHEDULED: "该预约已改期，请查看新的预约。",
    VisitState.CANCELLED: "该预约已取消，如需上门请重新预约。",
    VisitState.DONE: "该次上门已完成，无需操作。",
    VisitState.NO_SHOW: "该次上门未能进行，请重新预约。",
}


def visit_of_case(case: Case, visit_id: str) -> Visit:
    """Returns a visit of a case that the caller was allowed to see. Raises `NotFoundError` for any other."""
    visit = db.session.scalar(select(Visit).where(Visit.id == visit_id, Visit.case_id == case.id))
    if visit is None:
        raise NotFoundError
    return visit


def locked_visit(case: Case, visit_id: str) -> Visit:
    """Like `of_case`, with the case locked and the visit read again. Raises `NotFoundError`."""
    access.lock_case(case)
    visit = visit_of_case(case, visit_id)
    db.session.refresh(visit)
    return visit


def refuse_arrived(visit: Visit) -> None:
    """Raises `ConflictError` when a visitor has checked in: then nothing can be moved or cancelled."""
    if somebody_came(visit.id):
        raise ConflictError("上门人员已到达，不能改期或取消。")


def refuse_not_confirmed(visit: Visit) -> None:
    """Raises `ConflictError` or `AlreadyDoneError` for a visit that is not confirmed."""
    if visit.state == VisitState.CONFIRMED:
        return
    if visit.state == VisitState.HELD:
        raise NotYetError("该时间尚未确认，请先确认预约。")
    refuse_ended(visit)


def refuse_ended(visit: Visit) -> None:
    """Raises `ConflictError` or `AlreadyDoneError` for a visit that is not live, with what to do instead."""
    said = _NOT_LIVE[VisitState(visit.state)]
    raise (AlreadyDoneError if visit.state == VisitState.DONE else ConflictError)(said)


def live_visit(case_id: str, purpose: str) -> Visit | None:
    """The one live booking of a case for a purpose, held or confirmed."""
    return db.session.scalar(
        select(Visit).where(
            Visit.case_id == case_id,
            Visit.purpose == purpose,
            Visit.state.in_(reservations.LIVE),
            Visit.offered.is_(False),
        )
    )


def attendees(visit_id: str) -> list[VisitAttendee]:
    """The attendees of a visit, the lead first."""
    return list(
        db.session.scalars(
            select(VisitAttendee)
            .where(VisitAttendee.visit_id == visit_id)
            .order_by(VisitAttendee.lead.desc(), VisitAttendee.role)
        )
    )


def somebody_came(visit_id: str) -> bool:
    """Whether anybody has checked in."""
    return any(row.arrived_at is not None for row in attendees(visit_id))


def staff_ids(visit_id: str) -> list[str]:
    """The staff ids of the attendees, the lead first."""
    return [row.staff_id for row in attendees(visit_id)]


def history_time(at: datetime) -> str:
    """An instant as the history shows it, in the city's time zone."""
    return at.astimezone(city.zone()).strftime("%Y-%m-%d %H:%M")
