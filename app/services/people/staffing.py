"""Which manager a case gets, and who stands in during absence."""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from sqlalchemy import String, bindparam, cast, exists, func, or_, select

from app.core.crypto import decrypt
from app.core.db import db
from app.core.prepared_query import PreparedQuery
from app.domain.errors import NobodyAvailableError
from app.models import Case, Staff, StaffLeave

__all__ = ["Staff", "a_supervisor", "acting", "active_staff", "manager_of_number", "phone", "pick_manager"]


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
    """The active manager with this staff number."""
    return db.session.scalar(
        select(Staff).where(Staff.number == number, Staff.active.is_(True), Staff.is_manager.is_(True))
    )


def acting(staff_id: str, at: datetime) -> str:
    """Who acts for a member of staff at `at`: themselves, or their deputy during leave.

    A deputy who is absent too is not replaced by a third person.
    """
    deputies = _DEPUTY.rows({"staff_id": staff_id, "at": at})
    deputy: str = deputies[0][0] if deputies else staff_id
    return deputy


_DEPUTY = PreparedQuery(
    select(StaffLeave.deputy_id)
    .where(
        StaffLeave.staff_id == bindparam("staff_id"),
        StaffLeave.starts_at <= bindparam("at"),
        StaffLeave.ends_at > bindparam("at"),
    )
    .limit(1)
)


def a_supervisor() -> str | None:
    """The supervisor who reviews a low rating; None leaves it to the lead department's queue."""
    return db.session.scalar(
        select(Staff.id)
        .where(Staff.active.is_(True), Staff.is_supervisor.is_(True))
        .order_by(Staff.number)
        .limit(1)
    )


def pick_manager(customer_id: str | None, phone_hash: str, district: str, at: datetime) -> str:
    """The manager of a new case: the customer's earlier one, else the least loaded of the district.

    The load is the number of open cases; ties go to the lowest staff number, so that the choice can be
    explained. Somebody on leave at `at` is replaced by their deputy. Raises `NobodyAvailableError` when the
    utility has no active manager.
    """
    earlier = _earlier_manager(customer_id, phone_hash)
    if earlier is not None:
        return acting(earlier, at)
    candidates = _of_district(at, district) or [staff_id for staff_id, _ in _by_load(at, "%")]
    if not candidates:
        raise NobodyAvailableError("暂时无法指派客户管家，请稍后再试或拨打服务热线。")
    return candidates[0]


def _earlier_manager(customer_id: str | None, phone_hash: str) -> str | None:
    managers = _EARLIER.rows({"customer_id": customer_id, "phone_hash": phone_hash})
    manager: str | None = managers[0][0] if managers else None
    return manager


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
)


def _of_district(at: datetime, district: str) -> list[str]:
    # Narrowed in SQL, so that only their cases are counted; "_" in LIKE matches any character.
    found = _by_load(at, f'%"{district}"%')
    return [staff_id for staff_id, districts in found if district in districts]


def _by_load(at: datetime, districts: str) -> list[tuple[str, list[str]]]:
    asked = {"at": at, "districts": districts}
    return [(staff_id, districts) for staff_id, districts in _BY_LOAD.rows(asked)]


_BY_LOAD = PreparedQuery(
    select(Staff.id, Staff.districts)
    .where(
        Staff.active.is_(True),
        Staff.is_manager.is_(True),
        cast(Staff.districts, String).like(bindparam("districts", type_=String)),
        ~exists().where(
            StaffLeave.staff_id == Staff.id,
            StaffLeave.starts_at <= bindparam("at"),
            StaffLeave.ends_at > bindparam("at"),
        ),
    )
    .order_by(
        select(func.count())
        .where(Case.manager_id == Staff.id, Case.closed_at.is_(None))
        .correlate(Staff)
        .scalar_subquery(),
        Staff.number,
    )
)
