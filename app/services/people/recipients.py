"""Whom notices are written to, as plain values: members of staff and customers, one select each."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import LargeBinary, bindparam, select, type_coerce

from app.core import eventbus
from app.core.db import db
from app.core.prepared_query import PreparedQuery
from app.models import Customer, Staff
from app.services.people import addresses, staffing
from app.services.people.addresses import Addresses


class UnknownSubjectError(LookupError):
    """A notice was to be written of a case, a task or a person that does not exist."""


@dataclass(frozen=True, slots=True)
class StaffRecipient:
    """A member of staff as somebody to write to, and as the customer may know them."""

    staff_id: str
    number: str
    name: str
    phone: str
    addresses: Addresses = field(repr=False, hash=False)


@dataclass(frozen=True, slots=True)
class CustomerRecipient:
    """A customer as somebody to write to."""

    customer_id: str
    addresses: Addresses = field(repr=False, hash=False)


def columns(person: type[Staff]) -> tuple[Any, ...]:
    """The columns of a `StaffRecipient`, in its order; the phone as it is stored."""
    return (
        person.id,
        person.number,
        person.name,
        type_coerce(person.phone, LargeBinary),
        *addresses.staff_columns(person),
    )


_COLLEAGUES = select(*columns(Staff)).where(Staff.active.is_(True)).order_by(Staff.number)
_DEPARTMENT = PreparedQuery(_COLLEAGUES.where(Staff.department == bindparam("department")))
_SUPERVISORS = PreparedQuery(_COLLEAGUES.where(Staff.is_supervisor.is_(True)))
_ASSIGNEE = PreparedQuery(select(*columns(Staff)).where(Staff.id == bindparam("staff_id")))


def phones(customer_ids: Collection[str]) -> dict[str, str]:
    """The verified phones (E.164) of these customers, by their ids; who has none is left out."""
    if not customer_ids:
        return {}
    rows = db.session.execute(
        select(Customer.id, Customer.phone).where(
            Customer.id.in_(sorted(customer_ids)), Customer.phone.is_not(None)
        )
    )
    return {row.id: row.phone for row in rows}


def supervisors() -> tuple[StaffRecipient, ...]:
    """Everybody who audits the promise."""
    return tuple(person_of(row) for row in _SUPERVISORS.rows({}))


def everybody_of(department: str) -> tuple[StaffRecipient, ...]:
    """Everybody of a department."""
    return eventbus.once(_colleagues, department)


def member(staff_id: str) -> StaffRecipient:
    """A member of staff as somebody to write to."""
    rows = _ASSIGNEE.rows({"staff_id": staff_id})
    if not rows:
        raise UnknownSubjectError(staff_id)
    return person_of(rows[0])


def customer(customer_id: str) -> CustomerRecipient:
    """A customer as somebody to write to."""
    row = db.session.execute(
        select(*addresses.customer_columns(Customer)).where(Customer.id == customer_id)
    ).one()
    return CustomerRecipient(customer_id, addresses.customer_addresses(row))


def active(staff_ids: Sequence[str]) -> tuple[StaffRecipient, ...]:
    """Those of these members of staff who still work here."""
    if not staff_ids:
        return ()
    return tuple(person_of(row) for row in db.session.execute(_COLLEAGUES.where(Staff.id.in_(staff_ids))))


def _colleagues(department: str) -> tuple[StaffRecipient, ...]:
    return tuple(person_of(row) for row in _DEPARTMENT.rows({"department": department}))


def person_of(row: Sequence[Any]) -> StaffRecipient:
    """A member of staff from their `columns`."""
    staff_id, number, name, sealed_phone, *reached_by = row
    known = addresses.staff_addresses(reached_by)
    return StaffRecipient(staff_id, number, name, staffing.phone(sealed_phone), known)
