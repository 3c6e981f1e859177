"""Somebody withdraws what they allowed at WeChat: what must go is deleted, what the law asks for is kept.

Kept, with their retention: submitted applications, cases, contracts, and what was said about them (民法典:
the contract and the proof of how it was kept; 个人信息保护法 第四十七条: but where a law sets a period).
Deleted: what serves nothing but the account itself. Each time is recorded, with what became of what.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import delete, func, select, update

from app.core import clock
from app.core.db import db
from app.models import (
    Application,
    Audience,
    Case,
    ChatPerson,
    Conversation,
    Customer,
    Erasure,
    Message,
    MessageKind,
    PrivacyConsent,
)
from app.services import sessions
from app.services.conversations import retention

CANCELLED = "user_authorization_cancellation"
REVOKED = "user_authorization_revoke"

# WeChat's numbers for what may be withdrawn (授权用户资料变更, RevokeInfo).
_PHONE = "8"
_PLACES = frozenset({"13", "18"})
_NUMBER = re.compile(r"[0-9]+")
_BY_LAW = "合同及其履行证据，保存至规定期限"


@dataclass(frozen=True, slots=True)
class Erased:
    """How many of what was deleted, and of what was kept why."""

    deleted: Mapping[str, int]
    kept: Mapping[str, str]


def withdraw(openid: str, event: str, revoked: str) -> bool:
    """Act on an event of withdrawn authorisation; False for somebody who is not known here.

    `revoked` is WeChat's RevokeInfo, numbers of what a `REVOKED` event withdraws; `CANCELLED` withdraws all.
    """
    customer = db.session.scalar(select(Customer).where(Customer.openid == openid).with_for_update())
    if customer is None:
        return False
    erased = _all(customer) if event == CANCELLED else _some(customer, set(_NUMBER.findall(revoked)))
    db.session.add(
        Erasure(
            customer_id=customer.id,
            event=event,
            at=clock.now(),
            deleted=dict(erased.deleted),
            kept=dict(erased.kept),
        )
    )
    return True


def _some(customer: Customer, numbers: set[str]) -> Erased:
    deleted = {}
    if _PHONE in numbers:
        deleted["phone"] = _phone(customer)
    if numbers & _PLACES:
        deleted["places"] = _places(customer)
    return Erased(deleted, _kept(customer))


def _all(customer: Customer) -> Erased:
    drafts = db.session.execute(
        delete(Application).where(Application.customer_id == customer.id, Application.submitted_at.is_(None)),
        execution_options={"synchronize_session": False},
    )
    enquiries = db.session.scalars(
        select(Conversation.id).where(Conversation.customer_id == customer.id, Conversation.case_id.is_(None))
    ).all()
    if enquiries:
        retention.delete_all(enquiries)
    db.session.execute(delete(ChatPerson).where(ChatPerson.openid == customer.openid))
    consents = _end_consents(customer)
    deleted = {
        "phone": _phone(customer),
        "places": _places(customer),
        "drafts": int(getattr(drafts, "rowcount", 0)),
        "enquiries": len(enquiries),
    }
    customer.unionid = customer.service_openid = None
    sessions.revoke_all(Audience.CUSTOMER, customer.id)
    return Erased(deleted, _kept(customer) | consents)


def _end_consents(customer: Customer) -> dict[str, str]:
    """Consent is asked anew should they come back; when it was given stays on record."""
    rows = db.session.scalars(select(PrivacyConsent).where(PrivacyConsent.customer_id == customer.id)).all()
    given = {f"consent {row.version}": row.accepted_at.isoformat() for row in rows}
    for row in rows:
        db.session.delete(row)
    return given


def _phone(customer: Customer) -> int:
    held = int(customer.phone is not None)
    customer.phone = customer.phone_hash = None
    return held


def _places(customer: Customer) -> int:
    """The places sent in messages; that one was sent stays, where it was is gone."""
    changed = db.session.execute(
        update(Message)
        .where(Message.sender_id == customer.id, Message.kind == MessageKind.LOCATION)
        .values(content={}, recalled_at=func.coalesce(Message.recalled_at, clock.now())),
        execution_options={"synchronize_session": False},
    )
    return int(getattr(changed, "rowcount", 0))


def _kept(customer: Customer) -> dict[str, str]:
    cases = db.session.scalar(select(func.count()).where(Case.customer_id == customer.id)) or 0
    return {"cases": f"{cases}项：{_BY_LAW}"} if cases else {}
