"""Who may see which case. A case that somebody may not see does not exist for them (404)."""

from collections.abc import Callable, Collection, Mapping
from enum import Enum, auto
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, or_, select, true

from app.core import clock
from app.core.crypto import mask_address, mask_name, mask_phone
from app.core.db import db
from app.domain.errors import NotAllowedError, NotFoundError
from app.models import Application, Case, Task, TaskState, Visit, VisitAttendee, VisitState
from app.services.history.access_log import record_reads
from app.services.people import acting, phones
from app.services.people.staffing import Colleague

_HELD = "steward.cases.held"

__all__ = ["Case", "Reach", "customer_case", "read_contact", "staff_case"]


class Reach(Enum):
    """How far somebody's work reaches: every case, a manager's own and stood-in ones, a department's."""

    EVERYTHING = auto()
    OWN_CASES = auto()
    DEPARTMENT = auto()


def reach_of(staff: Colleague) -> Reach:
    """How far this person's work reaches."""
    if staff.is_supervisor:
        return Reach.EVERYTHING
    return Reach.OWN_CASES if staff.is_manager else Reach.DEPARTMENT


def customer_case(customer_id: str, case_id: str, *, to_move: bool = False) -> Case:
    """Returns a customer's own case. Raises `NotFoundError` for any other.

    With `to_move` it is locked at once, as by `lock`.
    """
    return _found(select(Case).where(Case.id == case_id, Case.customer_id == customer_id), to_move=to_move)


def staff_case(staff: Colleague, case_id: str, *, to_move: bool = False) -> Case:
    """Returns a case that concerns this member of staff. Raises `NotFoundError` for any other.

    With `to_move` it is locked at once, as by `lock`.
    """
    concerns = concerns_staff(reach_of(staff), _principals_of(staff), staff.department)
    return _found(select(Case).where(Case.id == case_id, concerns), to_move=to_move)


def _found(query: Select[Case], *, to_move: bool) -> Case:
    if to_move:
        query = query.with_for_update(of=Case).execution_options(populate_existing=True)
    case = db.session.scalar(query)
    if case is None:
        raise NotFoundError
    if to_move:
        _held().add(case.id)
    return case


def concerns_staff(
    reach: Reach, is_principal: Callable[[Any], ColumnElement[bool]], department: Any
) -> ColumnElement[bool]:
    """The condition for the cases that concern somebody.

    A case concerns its manager, who acts for the manager, and every department that has had a task in it.
    The managers are one department that has a task in every case: it concerns one of them besides by a task
    that they were given, or that waits in their queue. `is_principal`: whether a column is one of
    `acting.principals`. `department` is a value or bound parameter.
    """
    if reach is Reach.EVERYTHING:
        return true()
    theirs: ColumnElement[bool] = Task.department == department
    if reach is Reach.OWN_CASES:
        theirs = or_(
            is_principal(Task.assignee_id),
            and_(theirs, Task.assignee_id.is_(None), Task.state == TaskState.OPEN),
        )
    has_a_task = select(Task.id).where(Task.case_id == Case.id, theirs)
    return or_(is_principal(Case.manager_id), has_a_task.exists())


def _principals_of(staff: Colleague) -> Callable[[Any], ColumnElement[bool]]:
    ids = sorted(acting.principals(staff.id, clock.now()))
    found: Callable[[Any], ColumnElement[bool]] = lambda column: column.in_(ids)  # noqa: E731
    return found


def lock_case(case: Case) -> None:
    """Locks the case until the transaction ends, and reads its row again.

    Every move reads all tasks and stops of the case; without the lock, two concurrent moves would not see
    each other. Take this lock before any other, so that two moves never wait for each other. (SQLite
    allows one writer at a time anyway.)
    """
    held = _held()
    if case.id not in held:
        db.session.refresh(case, with_for_update=True)
        held.add(case.id)


def locked_case(case_id: str) -> Case:
    """Like `lock`, for a case that was not loaded yet."""
    case = db.session.scalars(
        select(Case).where(Case.id == case_id).with_for_update().execution_options(populate_existing=True)
    ).one()
    _held().add(case.id)
    return case


def _held() -> set[str]:
    """The ids of the cases that the current transaction has locked; their rows cannot have changed since."""
    session = db.session()
    transaction = session.get_transaction()
    of, held = session.info.get(_HELD, (None, set()))
    if of is None or of is not transaction:
        # The first lock may be what begins the transaction.
        session.connection()
        held = set()
        session.info[_HELD] = (session.get_transaction(), held)
    found: set[str] = held
    return found


def read_contact(staff: Colleague, case: Case) -> dict[str, str | None]:
    """The customer's name, phone and address in full. The read is recorded (PIPL 51, 54).

    Raises `NotAllowedError` as `require_contact_needed` does.
    """
    require_contact_needed(staff, case)
    record_reads(staff.id, [case.id], "contact")
    return full_contact(db.session.get_one(Application, case.application_id).answers)


def require_contact_needed(staff: Colleague, case: Case) -> None:
    """Raises `NotAllowedError` for a department whose work in the case is over."""
    if case.id not in contact_needed(staff, [case.id]):
        raise NotAllowedError("您在本工单的任务已办结，客户信息不再显示。如需联系客户，请与客户管家联系。")


def contact_needed(staff: Colleague, case_ids: Collection[str]) -> frozenset[str]:
    """Those of these cases in which this person still needs to know who the customer is (PIPL 6).

    The manager and who acts for them, supervisors, whoever comes to a confirmed visit, and departments
    (of managers: the person) while a task of theirs is open.
    """
    reach, is_principal = reach_of(staff), _principals_of(staff)
    theirs: ColumnElement[bool] = is_principal(Task.assignee_id)
    queued: ColumnElement[bool] = Task.department == staff.department
    if reach is Reach.OWN_CASES:
        queued = and_(queued, Task.assignee_id.is_(None))
    works = select(Task.id).where(Task.case_id == Case.id, Task.state == TaskState.OPEN, or_(theirs, queued))
    comes = (
        select(Visit.id)
        .join(VisitAttendee, VisitAttendee.visit_id == Visit.id)
        .where(
            Visit.case_id == Case.id,
            Visit.state == VisitState.CONFIRMED,
            VisitAttendee.staff_id == staff.id,
        )
    )
    query = select(Case.id).where(Case.id.in_(sorted(set(case_ids))))
    if reach is not Reach.EVERYTHING:
        query = query.where(or_(is_principal(Case.manager_id), works.exists(), comes.exists()))
    return frozenset(db.session.scalars(query))


def full_contact(answers: Mapping[str, Any]) -> dict[str, str | None]:
    """Name, phone (E.164) with extension and country, and address in full. The caller records the read."""
    phone = answers["contact_phone"]
    return {
        "name": answers["contact_name"],
        "phone": phones.number_of(phone),
        "extension": phones.extension_of(phone),
        "country": phones.country_of(phone),
        "address": answers["address"],
    }


def masked_contact(answers: Mapping[str, Any]) -> dict[str, str | None]:
    """Name, phone and address masked, as in lists. Needs no record."""
    phone = answers["contact_phone"]
    return {
        "name": mask_name(answers["contact_name"]),
        "phone": mask_phone(phones.number_of(phone)),
        "extension": None,
        "country": phones.country_of(phone),
        "address": mask_address(answers["address"]),
    }
