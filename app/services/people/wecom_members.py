"""Which member of 企业微信 (WeCom) somebody is: bound by staff number or phone, released when they leave."""

from dataclasses import dataclass, field

from sqlalchemy import func, select, update

from app.core.db import db
from app.models import Staff


@dataclass(frozen=True, slots=True)
class Unbound:
    """Somebody whom WeCom's application can't write to yet; the phone is E.164."""

    staff_id: str
    number: str
    name: str
    phone: str = field(repr=False)


def unbound(number: str | None = None) -> list[Unbound]:
    """Everybody active without a member id, or only the person with this staff number."""
    wanted = select(Staff).where(Staff.active.is_(True), Staff.wecom_id.is_(None)).order_by(Staff.number)
    if number is not None:
        wanted = wanted.where(Staff.number == number)
    return [Unbound(found.id, found.number, found.name, found.phone) for found in db.session.scalars(wanted)]


def bind(staff_id: str, member_id: str) -> None:
    """Bind a member of staff to a member id; whoever held it before does not any more."""
    release(member_id)
    db.session.execute(update(Staff).where(Staff.id == staff_id).values(wecom_id=member_id.lower()))


def bind_number(number: str, member_id: str) -> bool:
    """Bind the active person with this staff number; False when there is none."""
    staff_id = db.session.scalar(select(Staff.id).where(Staff.number == number, Staff.active.is_(True)))
    if staff_id is None:
        return False
    bind(staff_id, member_id)
    return True


def joined(member_id: str) -> bool:
    """A member came into the application's reach: bound where the id is a staff number; whether it was.

    Others are bound by their phones (`flask staff wecom`).
    """
    staff_id = db.session.scalar(
        select(Staff.id).where(func.lower(Staff.number) == member_id.lower(), Staff.active.is_(True))
    )
    if staff_id is None:
        return False
    bind(staff_id, member_id)
    return True


def release(member_id: str) -> bool:
    """A member left the company or the application's reach; whether anybody was bound to the id."""
    freed = db.session.execute(
        update(Staff)
        .where(Staff.wecom_id == member_id.lower())
        .values(wecom_id=None)
        .returning(Staff.id)
        .execution_options(synchronize_session=False)
    )
    return freed.first() is not None


def renamed(member_id: str, new_id: str) -> bool:
    """A member has another id now; whether anybody was bound to the old one."""
    staff_id = db.session.scalar(select(Staff.id).where(Staff.wecom_id == member_id.lower()))
    if staff_id is None:
        return False
    bind(staff_id, new_id)
    return True
