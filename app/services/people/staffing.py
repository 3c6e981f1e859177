"""Who works here, and which manager a new case gets. Who acts for somebody absent: `acting`."""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from sqlalchemy import String, bindparam, cast, func, or_, select

from app.core.crypto import decrypt
from app.core.db import UtcDateTime, db
from app.core.prepared_query import PreparedQuery, Rows
from app.domain.errors import NobodyAvailableError
from app.models import Case, Staff
from app.services.people import acting

__all__ = ["Staff", "active_staff", "manager_of_number", "phone", "pick_manager"]


@lru_cache(maxsize=1024)
def phone(sealed: bytes) -> str:
    """The phone of a member of staff, decrypted from its stored form.

    Cached: there are few, each appears in thousands of answers, and decrypting one costs as much as a query.
    """
    return decrypt(sealed)


@dataclass(frozen=True, slots=True)
class Colleague:
    """A member of staff who acts: identity, department and rights."""

    id: str
    number: str
    name: str
    department: str
    is_manager: bool
    is_supervisor: bool

    @classmethod
    def of(cls, staff: Staff) -> "Colleague":
        """From the staff record."""
        return cls(
            staff.id, staff.number, staff.name, staff.department, staff.is_manager, staff.is_supervisor
        )


def active_staff(staff_id: str) -> Colleague | None:
    """An active member of staff. Read for every staff request, so without the session."""
    rows = _ACTIVE.rows({"staff_id": staff_id})
    if not rows:
        return None
    return Colleague(*rows[0])


_ACTIVE = PreparedQuery(
    select(Staff.id, Staff.number, Staff.name, Staff.department, Staff.is_manager, Staff.is_supervisor).where(
        Staff.id == bindparam("staff_id"), Staff.active.is_(True)
    )
)


def manager_of_number(number: str) -> Staff | None:
    """The active manager with this staff number, kept from being removed until the transaction ends."""
    return db.session.scalar(
        select(Staff)
        .where(Staff.number == number, Staff.active.is_(True), Staff.is_manager.is_(True))
        .with_for_update(read=True, key_share=True)
    )


def pick_manager(customer_id: str | None, phone_hash: str, district: str, at: datetime) -> str:
    """The manager of a new case: the customer's earlier one, else the least loaded of the district.

    Always the true manager: during leave somebody else acts for them, and the case stays theirs. Managers
    who are present at `at` come before absent ones, those of the district before others. The load is the
    number of open cases; ties go to the lowest staff number, so that the choice can be explained. Without
    any active manager a supervisor has the case until a manager is chosen (docs/decisions/0024). The person
    is kept from being removed until the transaction ends. Raises `NobodyAvailableError` when the utility has
    neither managers nor supervisors.
    """
    found = (
        _first(_EARLIER.rows({"customer_id": customer_id, "phone_hash": phone_hash}))
        or _first(_PRESENT.rows({"at": at, "districts": f'%"{_escaped(district)}"%'}))
        or _first(_PRESENT.rows({"at": at, "districts": "%"}))
        or _first(_ABSENT.rows({"district": f'%"{_escaped(district)}"%'}))
        or _first(_SUPERVISORS.rows({"at": at}))
    )
    if found is None:
        raise NobodyAvailableError("暂时无法指派客户管家，请稍后再试或拨打服务热线。")
    return found


def _first(rows: Rows) -> str | None:
    return rows[0][0] if rows else None


def _escaped(district: str) -> str:
    # "_" in LIKE matches any character.
    return district.replace("_", r"\_")


_AT = bindparam("at", type_=UtcDateTime)
_DISTRICTS = cast(Staff.districts, String)
# Removal takes the row FOR UPDATE: it waits for the new case, and then finds it.
_EARLIER = PreparedQuery(
    select(Case.manager_id)
    .join(Staff, Staff.id == Case.manager_id)
    .where(
        # An unknown customer matches nobody, as NULL does in SQL.
        or_(Case.phone_hash == bindparam("phone_hash"), Case.customer_id == bindparam("customer_id")),
        Staff.active.is_(True),
        Staff.is_manager.is_(True),
    )
    .order_by(Case.opened_at.desc())
    .limit(1)
    .with_for_update(read=True, key_share=True, of=Staff)
)
_MANAGERS = select(Staff.id).where(Staff.active.is_(True), Staff.is_manager.is_(True))
_LOAD = (
    select(func.count())
    .where(Case.manager_id == Staff.id, Case.closed_at.is_(None))
    .correlate(Staff)
    .scalar_subquery()
)
_PRESENT = PreparedQuery(
    # Narrowed in SQL, so that only their cases are counted.
    _MANAGERS.where(
        _DISTRICTS.like(bindparam("districts", type_=String), escape="\\"), ~acting.on_leave(Staff.id, _AT)
    )
    .order_by(_LOAD, Staff.number)
    .limit(1)
    .with_for_update(read=True, key_share=True, of=Staff)
)
_ABSENT = PreparedQuery(
    _MANAGERS.order_by(
        _DISTRICTS.not_like(bindparam("district", type_=String), escape="\\"), _LOAD, Staff.number
    )
    .limit(1)
    .with_for_update(read=True, key_share=True, of=Staff)
)
_SUPERVISORS = PreparedQuery(
    select(Staff.id)
    .where(Staff.active.is_(True), Staff.is_supervisor.is_(True))
    .order_by(acting.on_leave(Staff.id, _AT), Staff.number)
    .limit(1)
    .with_for_update(read=True, key_share=True, of=Staff)
)
