"""Identity: the two openids of a WeChat user, a verified phone, and the matching staff record."""

from datetime import datetime

from sqlalchemy import false, or_, select, update
from sqlalchemy.exc import IntegrityError

from app.core import clock
from app.core.db import db
from app.core.ids import new_id
from app.domain.errors import ConsentNeededError, FieldsError, PhoneUnknownError
from app.models import Customer, PrivacyConsent, Staff
from app.services.installation import city
from app.services.people import followers, sessions
from app.services.people.numbers import phone_owners
from app.services.people.phones import normalised_phone, phone_hash, verified_phone
from app.services.people.sessions import Audience


def sign_in_customer(openid: str, unionid: str | None) -> Customer:
    """The customer of this mini-program openid, created at the first login."""
    known = select(Customer).where(Customer.openid == openid)
    customer = db.session.scalar(known)
    if customer is None:
        fresh = Customer(id=new_id(), openid=openid, created_at=clock.now())
        customer = fresh if _was_first(fresh) else db.session.scalars(known).one()
    followers.record_unionid(customer, unionid)
    return customer


def verify_phone(customer_id: str, phone: str, proved_at: datetime) -> Customer:
    """Binds a phone that WeChat verified at `proved_at`: see `phone_owners.prove`, also for `ConflictError`.

    Numbers of every country: who lives abroad may have water laid on here. Raises `ConsentNeededError` before
    the privacy text was accepted, `FieldsError` for what is no number.
    """
    require_consent(customer_id)
    number = verified_phone(phone)
    if number is None:
        raise FieldsError([{"field": "code", "code": "phone", "message": "手机号无法识别，请更换后重试。"}])
    # A clock of WeChat that is ahead must not keep the next owner away.
    return phone_owners.prove(customer_id, number, min(proved_at, clock.now()))


def consent(customer_id: str, version: str) -> PrivacyConsent:
    """Record that the customer accepted the privacy text; accepting it again keeps the first date.

    Raises `FieldsError` when `version` is not the text in force.
    """
    if version != city.current().city.privacy.version:
        raise FieldsError(
            [{"field": "version", "code": "outdated", "message": "隐私政策已更新，请阅读最新版本后再同意。"}]
        )
    known = _consent(customer_id, version)
    if known is None:
        fresh = PrivacyConsent(customer_id=customer_id, version=version, accepted_at=clock.now())
        known = fresh if _was_first(fresh) else _consent(customer_id, version)
    assert known is not None  # noqa: S101 - who was not first finds the first
    return known


def has_consented(customer_id: str) -> bool:
    """Whether the privacy text in force was accepted."""
    return _consent(customer_id, city.current().city.privacy.version) is not None


def require_consent(customer_id: str) -> None:
    """Raise `ConsentNeededError` unless the privacy text in force was accepted.

    Until the transaction ends nobody withdraws it: what a person deletes is not written again by a request
    that began before.
    """
    db.session.connection().execute(
        select(Customer.id).where(Customer.id == customer_id).with_for_update(read=True, key_share=True)
    )
    if not has_consented(customer_id):
        raise ConsentNeededError("办理前请先阅读并同意隐私政策。")


def _consent(customer_id: str, version: str) -> PrivacyConsent | None:
    return db.session.scalar(
        select(PrivacyConsent).where(
            PrivacyConsent.customer_id == customer_id, PrivacyConsent.version == version
        )
    )


def _was_first(row: Customer | PrivacyConsent) -> bool:
    """Inserts a row; returns False when an equal one exists, as after a second tap on the button."""
    try:
        with db.session.begin_nested():
            db.session.add(row)
    except IntegrityError:
        return False
    return True


def staff_of(openid: str) -> Staff | None:
    """The active member of staff who has bound this mini-program openid."""
    return db.session.scalar(select(Staff).where(Staff.openid == openid, Staff.active.is_(True)))


def sign_in_staff(openid: str, unionid: str | None) -> Staff | None:
    """The active member of staff who has bound this mini-program openid; a unionid that comes now is kept."""
    staff = staff_of(openid)
    if staff is not None:
        followers.record_unionid(staff, unionid)
    return staff


def bind_staff(openid: str, unionid: str | None, phone: str) -> Staff:
    """Bind a WeChat user to the staff record of their verified phone; the logins of before end.

    Raises `PhoneUnknownError` when no active member of staff has that phone.
    """
    number = normalised_phone(phone)
    staff = number and db.session.scalar(
        select(Staff).where(Staff.phone_hash == phone_hash(number), Staff.active.is_(True))
    )
    if not staff:
        raise PhoneUnknownError("该手机号未登记为工作人员，请联系信息管理员核对。")
    # Somebody who left and came back under another number still holds them in the old record.
    same_union = false() if unionid is None else Staff.unionid == unionid
    others = or_(Staff.openid == openid, same_union), Staff.id != staff.id
    for former in (staff.id, *db.session.scalars(select(Staff.id).where(*others))):
        # Whoever holds the phone with the WeChat account of before is signed in no longer.
        sessions.revoke_all(Audience.STAFF, former)
    db.session.execute(update(Staff).where(*others).values(openid=None, unionid=None, service_openid=None))
    staff.openid = openid
    followers.record_unionid(staff, unionid)
    return staff
