"""Who may see which case. A case that somebody may not see does not exist for them (404)."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Select, or_, select

from app.core import clock
from app.core.crypto import mask_address, mask_name, mask_phone
from app.core.db import db
from app.domain.errors import NotFoundError
from app.models import Application, Case, Task
from app.services.history.access_log import record_reads
from app.services.people import acting, phones
from app.services.people.staffing import Colleague

_HELD = "steward.cases.held"

__all__ = ["Case", "customer_case", "read_contact", "staff_case"]


def customer_case(customer_id: str, case_id: str, *, to_move: bool = False) -> Case:
    """Returns a customer's own case. Raises `NotFoundError` for any other.

    With `to_move` it is locked at once, as by `lock`.
    """
    return _found(select(Case).where(Case.id == case_id, Case.customer_id == customer_id), to_move=to_move)


def staff_case(staff: Colleague, case_id: str, *, to_move: bool = False) -> Case:
    """Returns a case that concerns this member of staff. Raises `NotFoundError` for any other.

    With `to_move` it is locked at once, as by `lock`.
    """
    query = select(Case).where(Case.id == case_id)
    if not staff.is_supervisor:
        manages = Case.manager_id.in_(sorted(acting.principals(staff.id, clock.now())))
        query = query.where(concerns_staff(manages, staff.department))
    return _found(query, to_move=to_move)


def _found(query: Select[Case], *, to_move: bool) -> Case:
    if to_move:
        query = query.with_for_update(of=Case).execution_options(populate_existing=True)
    case = db.session.scalar(query)
    if case is None:
        raise NotFoundError
    if to_move:
        _held().add(case.id)
    return case


def concerns_staff(manages: ColumnElement[bool], department: Any) -> ColumnElement[bool]:
    """The condition for the cases that concern somebody who is not a supervisor.

    A case concerns its manager, who acts for the manager, and every department that has had a task in it.
    `manages`: the case's manager is one of `acting.principals`. `department` is a value or bound parameter.
    """
    has_a_task = select(Task.id).where(Task.case_id == Case.id, Task.department == department)
    return or_(manages, has_a_task.exists())


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
    """The customer's name, phone and address in full. The read is recorded (PIPL 51, 54)."""
    record_reads(staff.id, [case.id], "contact")
    return full_contact(db.session.get_one(Application, case.application_id).answers)


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
