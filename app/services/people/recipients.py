"""Whom notices are written to, as plain values: members of staff and customers, one select each.

Nothing is ever sent to somebody who has left, on no channel and not in the app: whoever writes a notice asks
`StaffRecipient.here`; whoever sends a message that waited asks `has_left`. Both are decided here.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, LargeBinary, bindparam, exists, select, type_coerce
from sqlalchemy.orm import aliased

from app.core import clock, eventbus
from app.core.db import UtcDateTime, db
from app.core.list_parameter import one_of
from app.core.prepared_query import PreparedQuery
from app.models import Customer, Staff
from app.services.people import acting, addresses, staffing
from app.services.people.addresses import Addresses


class UnknownSubjectError(LookupError):
    """A notice was to be written of a case, a task or a person that does not exist."""


@dataclass(frozen=True, slots=True)
class StaffRecipient:
    """A member of staff as somebody to write to, and as the customer may know them.

    Not `here`: they have left, and nothing is written to them.
    """

    staff_id: str
    number: str
    name: str
    phone: str
    addresses: Addresses = field(repr=False, hash=False)
    here: bool = True


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
        person.active,
        *addresses.staff_columns(person),
    )


_COLLEAGUES = select(*columns(Staff)).where(Staff.active.is_(True)).order_by(Staff.number)
_DEPARTMENT = PreparedQuery(_COLLEAGUES.where(Staff.department == bindparam("department")))
_SUPERVISORS = PreparedQuery(_COLLEAGUES.where(Staff.is_supervisor.is_(True)))
_ASSIGNEE = PreparedQuery(select(*columns(Staff)).where(Staff.id == bindparam("staff_id")))
_AT = bindparam("at", type_=UtcDateTime)
_WHO_ACTS = PreparedQuery(
    select(acting.on_leave(Staff.id, _AT), *columns(Staff)).where(Staff.id == bindparam("staff_id"))
)


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


def present_of(department: str) -> tuple[StaffRecipient, ...]:
    """Everybody of a department who is not on leave now."""
    people = everybody_of(department)
    here = present({person.staff_id for person in people})
    return tuple(person for person in people if person.staff_id in here)


def member(staff_id: str) -> StaffRecipient:
    """A member of staff as somebody to write to."""
    rows = _ASSIGNEE.rows({"staff_id": staff_id})
    if not rows:
        raise UnknownSubjectError(staff_id)
    return person_of(rows[0])


def acting_member(staff_id: str) -> StaffRecipient:
    """Who acts for a member of staff now, as somebody to write to."""
    now = clock.now()
    rows = _WHO_ACTS.rows({"staff_id": staff_id, "at": now})
    if not rows:
        raise UnknownSubjectError(staff_id)
    away, *person = rows[0]
    return who_acts(person_of(person), away=bool(away))


def who_acts(person: StaffRecipient, *, away: bool) -> StaffRecipient:
    """Who acts for this person now; `away`: they are on leave. Asks nothing for somebody present."""
    if person.here and not away:
        return person
    found = acting.acts_for(person.staff_id, clock.now())
    return person if found == person.staff_id else member(found)


def present(staff_ids: Collection[str]) -> set[str]:
    """Those of these members of staff who work here and are not on leave now."""
    if not staff_ids:
        return set()
    here = select(Staff.id).where(
        one_of(Staff.id, "ids"), Staff.active.is_(True), ~acting.on_leave(Staff.id, _AT)
    )
    return set(db.session.connection().scalars(here, {"ids": sorted(staff_ids), "at": clock.now()}))


def has_left(person_id: Any) -> ColumnElement[bool]:
    """The condition that this is a member of staff who has left; customers never have."""
    return exists().where(_Left.id == person_id, _Left.active.is_(False))


def who_left(person_ids: Collection[str]) -> set[str]:
    """Those of these people who have left: what waits for them is not sent any more."""
    return {row[0] for row in _WHO_LEFT.rows({"ids": sorted(person_ids)})} if person_ids else set()


_Left = aliased(Staff)
_WHO_LEFT = PreparedQuery(select(Staff.id).where(one_of(Staff.id, "ids"), has_left(Staff.id)))


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
    staff_id, number, name, sealed_phone, here, *reached_by = row
    known = addresses.staff_addresses(reached_by)
    return StaffRecipient(staff_id, number, name, staffing.phone(sealed_phone), known, bool(here))
