"""Leave and closures that are entered: listed, changed and taken back, with a preview of what is affected."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import aliased

from app.core import clock
from app.core.db import db
from app.domain.errors import NotAllowedError, NotFoundError
from app.models import Staff, StaffLeave, VisitClosure
from app.services.installation import city
from app.services.people.staffing import Colleague
from app.services.scheduling import absences
from app.services.visits.changes import closures
from app.services.visits.changes.closures import Away, Hits


@dataclass(frozen=True, slots=True)
class LeaveLine:
    """A leave that lasts or is to come."""

    id: int
    staff_number: str
    staff_name: str
    deputy_number: str
    deputy_name: str
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class ClosureLine:
    """A closure that lasts or is to come, of one department or of all (`department` is None)."""

    id: str
    department: str | None
    starts_at: datetime
    ends_at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Change:
    """What is changed of an absence; None leaves it as it is. `taken_back`: it ends now, or never begins."""

    starts_at: datetime | None = None
    ends_at: datetime | None = None
    deputy: str | None = None
    taken_back: bool = False
    ask: bool = False


NOTHING = Hits((), 0)


def leaves(staff: Colleague | None, number: str | None = None) -> Sequence[LeaveLine]:
    """Leave that lasts or is to come, by its beginning: one's own, for supervisors everybody's.

    `staff` is None for the operator, here and below. Raises `NotAllowedError` for somebody else's.
    """
    if staff is not None and not staff.is_supervisor:
        if number not in (None, staff.number):
            raise NotAllowedError("只能查看本人的请假，其他人员的请假由督办查看。")
        number = staff.number
    person, deputy = aliased(Staff), aliased(Staff)
    query = (
        select(
            StaffLeave.id,
            person.number,
            person.name,
            deputy.number,
            deputy.name,
            StaffLeave.starts_at,
            StaffLeave.ends_at,
        )
        .join(person, person.id == StaffLeave.staff_id)
        .join(deputy, deputy.id == StaffLeave.deputy_id)
        .where(StaffLeave.ends_at > clock.now())
        .order_by(StaffLeave.starts_at, StaffLeave.id)
    )
    if number is not None:
        query = query.where(person.number == number)
    return [LeaveLine(*row) for row in db.session.execute(query)]


def standing_closures(staff: Colleague | None) -> Sequence[ClosureLine]:
    """Closures that last or are to come, by their beginning. Raises `NotAllowedError` but for supervisors."""
    if staff is not None and not staff.is_supervisor:
        raise NotAllowedError("停止预约由督办登记和更改，请联系督办人员。")
    rows = db.session.scalars(
        select(VisitClosure)
        .where(VisitClosure.ends_at > clock.now())
        .order_by(VisitClosure.starts_at, VisitClosure.id)
    )
    return [
        ClosureLine(
            row.id,
            None if row.department is None else city.department_name(row.department),
            row.starts_at,
            row.ends_at,
            row.reason,
        )
        for row in rows
    ]


def preview_leave(staff: Colleague | None, leave_id: int, change: Change) -> Hits:
    """The visits that a change of a leave would affect. Changes nothing. Raises as `change_leave` does."""
    with closures.rehearsal():
        return change_leave(staff, leave_id, change)


def change_leave(staff: Colleague | None, leave_id: int, change: Change) -> Hits:
    """Changes a leave, one's own or as a supervisor anybody's, or takes it back.

    Raises `NotFoundError` for somebody else's or one that is over, `FieldsError` as when it is entered.
    """
    row = db.session.get(StaffLeave, leave_id, with_for_update=True, populate_existing=True)
    if row is None or row.ends_at <= clock.now():
        raise NotFoundError
    if staff is not None and not staff.is_supervisor and row.staff_id != staff.id:
        raise NotFoundError
    if change.taken_back:
        absences.take_back(row)
        return NOTHING
    deputy_id = row.deputy_id
    if change.deputy is not None:
        deputy_id = closures.active(change.deputy, "deputy_number").id
    starts_at, ends_at = change.starts_at or row.starts_at, change.ends_at or row.ends_at
    absences.change_leave(row, starts_at, ends_at, deputy_id, ask=change.ask)
    number = db.session.get_one(Staff, row.staff_id).number
    return closures.hits_of(Away(starts_at, ends_at, number=number, ask=change.ask))


def preview_closure(staff: Colleague | None, closure_id: str, change: Change) -> Hits:
    """The visits that a change of a closure would affect. Changes nothing. Raises as `change_closure`."""
    with closures.rehearsal():
        return change_closure(staff, closure_id, change)


def change_closure(staff: Colleague | None, closure_id: str, change: Change) -> Hits:
    """Changes a closure or takes it back.

    Raises `NotFoundError` for one that is over and for anybody but supervisors, `FieldsError`.
    """
    if staff is not None and not staff.is_supervisor:
        raise NotFoundError
    row = db.session.get(VisitClosure, closure_id, with_for_update=True, populate_existing=True)
    if row is None or row.ends_at <= clock.now():
        raise NotFoundError
    if change.taken_back:
        absences.take_back(row)
        return NOTHING
    starts_at, ends_at = change.starts_at or row.starts_at, change.ends_at or row.ends_at
    absences.change_closure(row, starts_at, ends_at, ask=change.ask)
    return closures.hits_of(Away(starts_at, ends_at, department=row.department, ask=change.ask))
