"""Somebody who left comes back. What that restores is docs/decisions/0024."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from app.core import clock
from app.core.db import db
from app.domain.errors import AlreadyDoneError, NotAllowedError, NotFoundError
from app.models import Case, CaseHandover, Staff, StaffDeparture
from app.services.cases import access
from app.services.cases.decisions import hand_over
from app.services.departures import move_case
from app.services.history.timeline import ENGINE, By, by_staff, note
from app.services.people.staffing import Colleague
from app.services.scheduling import absences
from app.services.visits.changes import closures


@dataclass(frozen=True, slots=True)
class ReturnedCase:
    """A case that is the returned manager's again."""

    case_id: str
    case_number: str
    project_name: str


@dataclass(frozen=True, slots=True)
class DepartureLine:
    """Somebody who left, and how many of their cases wait for a supervisor's confirmation."""

    id: str
    staff_number: str
    staff_name: str
    left_at: datetime
    unconfirmed: int


def departures(staff: Colleague | None) -> Sequence[DepartureLine]:
    """Everybody who left and has not come back, the last first.

    Raises `NotAllowedError` but for supervisors.
    """
    if staff is not None and not staff.is_supervisor:
        raise NotAllowedError("离岗记录由督办查看，请联系督办人员。")
    rows = db.session.execute(
        select(StaffDeparture, Staff)
        .join(Staff, Staff.id == StaffDeparture.staff_id)
        .where(StaffDeparture.returned_at.is_(None))
        .order_by(StaffDeparture.left_at.desc(), StaffDeparture.id)
    )
    return [
        DepartureLine(row.id, member.number, member.name, row.left_at, len(_unconfirmed(row.id)))
        for row, member in rows
    ]


def preview(staff: Colleague | None, departure_id: str) -> Sequence[ReturnedCase]:
    """The cases that somebody would have again. Changes nothing. Raises as `bring_back` does."""
    with closures.rehearsal():
        return bring_back(staff, departure_id)


def bring_back(staff: Colleague | None, departure_id: str) -> Sequence[ReturnedCase]:
    """The person works here again and logs in anew; cases that nobody has confirmed yet are theirs again.

    `staff` is a supervisor, or None for the operator. Tasks, confirmed cases, conversations and visits stay
    with who has them. Raises `NotFoundError`, `AlreadyDoneError`.
    """
    if staff is not None and not staff.is_supervisor:
        raise NotFoundError
    absences.one_at_a_time()
    cases = [db.session.get_one(CaseHandover, id_).case_id for id_ in _unconfirmed(departure_id)]
    for case_id in sorted(cases):
        access.locked_case(case_id)
    departure = db.session.get(StaffDeparture, departure_id, with_for_update=True, populate_existing=True)
    if departure is None:
        raise NotFoundError
    if departure.returned_at is not None:
        raise AlreadyDoneError("该人员已恢复在岗，请刷新列表。")
    now, by = clock.now(), ENGINE if staff is None else by_staff(staff.id)
    departure.returned_at, departure.returned_by = now, None if staff is None else staff.id
    member = db.session.get_one(Staff, departure.staff_id, with_for_update=True)
    member.active = True
    db.session.flush()
    absences.revalidate_later(staff_id=member.id)
    returned = [_give_back(case_id, member, by, now) for case_id in sorted(cases)]
    return [case for case in returned if case is not None]


def bring_back_number(number: str) -> Sequence[ReturnedCase]:
    """The same for the operator, by staff number. Raises `NotFoundError`, `AlreadyDoneError`."""
    member = db.session.scalar(select(Staff).where(Staff.number == number))
    if member is None:
        raise NotFoundError("没有这位员工，请核对工号。")
    departure = db.session.scalar(
        select(StaffDeparture).where(
            StaffDeparture.staff_id == member.id, StaffDeparture.returned_at.is_(None)
        )
    )
    if departure is not None:
        return bring_back(None, departure.id)
    if member.active:
        raise AlreadyDoneError("该人员在岗，无需恢复。")
    # Somebody who left before departures were recorded.
    member.active = True
    db.session.flush()
    return ()


def _give_back(case_id: str, member: Staff, by: By, now: datetime) -> ReturnedCase | None:
    case = db.session.get_one(Case, case_id)
    proposal = hand_over.pending(case_id)
    if proposal is None or proposal.former_id != member.id or not member.is_manager:
        return None
    hand_over.end_proposal(case_id, by, now)
    case.manager_id = member.id
    db.session.flush()
    note(case_id, now, "handover_undone", by)
    move_case.move_tasks(case, None, by, now, managed=True)
    absences.revalidate_later(case_id=case_id)
    return ReturnedCase(case.id, case.number, case.project_name)


def _unconfirmed(departure_id: str) -> Sequence[str]:
    return db.session.scalars(
        select(CaseHandover.id)
        .join(Case, Case.id == CaseHandover.case_id)
        .where(
            CaseHandover.departure_id == departure_id,
            CaseHandover.ended_at.is_(None),
            Case.closed_at.is_(None),
        )
    ).all()
