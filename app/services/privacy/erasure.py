"""Deletion at the wish of a person, here or at WeChat: what must go is deleted, what a law requires is kept.

Kept until their term ends: submitted applications, cases, contracts, and messages about them (民法典: the
contract and proof of its performance; 个人信息保护法 第四十七条: unless a law sets a period). Deleted: what
serves only the account itself. Each withdrawal is recorded with its result.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from sqlalchemy import ColumnElement, delete, false, or_, select, tuple_

from app.core import clock, eventbus
from app.core.db import db
from app.domain.forms import FieldKind
from app.models import (
    Application,
    ChatPerson,
    Conversation,
    Customer,
    Erasure,
    Medium,
    Message,
    MessageKind,
    PrivacyConsent,
)
from app.services.applications.answers import form_of
from app.services.conversations import open_conversation
from app.services.conversations.append_message import mark_changed
from app.services.conversations.care import retention
from app.services.conversations.delivery import wechat_replies
from app.services.people import followers
from app.services.privacy import account_traces
from app.services.privacy.kept_by_law import kept_by_law
from app.wechat.revocations import Held, revoked

CANCELLED = "user_authorization_cancellation"
REVOKED = "user_authorization_revoke"
DELETED = "deleted_by_customer"
CONSENT_WITHDRAWN = "consent_withdrawn"

_UNKNOWN = "微信新增的授权项，请人工核对是否持有相关信息"
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PersonErased:
    """Everything of a person is deleted; `openids` are those of their accounts, with the medium of each."""

    customer_id: str | None
    openids: tuple[tuple[Medium, str], ...]


@dataclass(frozen=True, slots=True)
class _Person:
    """The person who withdraws: known to the mini-program, or only from a chat of WeChat.

    `enquiry_id`: their general enquiry in that chat, if any.
    """

    medium: Medium
    openid: str
    customer: Customer | None
    enquiry_id: str | None

    @property
    def subject_id(self) -> str | None:
        """The id under which the erasure is recorded, and which messages name as sender."""
        return self.customer.id if self.customer else self.enquiry_id


@dataclass(frozen=True, slots=True)
class _Erased:
    """The numbers of deleted and kept items, with reasons."""

    deleted: Mapping[str, int]
    kept: Mapping[str, str]


def withdraw_authorisation(medium: Medium, openid: str, event: str, info: str) -> bool:
    """Handles an event of withdrawn authorisation; returns False for an unknown person.

    `medium`: the account that reports it. `info`: WeChat's RevokeInfo, the numbers of what a `REVOKED` event
    withdraws. `CANCELLED` (the WeChat account was closed) withdraws everything.
    """
    person = _found(medium, openid)
    if event == CANCELLED:
        _forget_follower(person)
    if person.subject_id is None:
        return False
    _record(event, person, _all if event == CANCELLED else lambda whose: _some(whose, info))
    return True


def erase_account(customer_id: str) -> Erasure:
    """The customer deletes their data: all of the account, at once. Returns the record of it.

    What a law asks to keep stays until its term ends, and is named with it.
    """
    customer = db.session.get_one(Customer, customer_id, with_for_update=True)
    person = _found(Medium.MINI_PROGRAM, customer.openid)
    _forget_follower(person)
    return _record(DELETED, person, _all)


def withdraw_consent(customer_id: str) -> Erasure:
    """The customer withdraws their consent: nothing new is begun until they give it again (PIPL 15)."""
    customer = db.session.get_one(Customer, customer_id, with_for_update=True)
    person = _Person(Medium.MINI_PROGRAM, customer.openid, customer, None)
    return _record(CONSENT_WITHDRAWN, person, lambda _: _Erased({}, _end_consents(customer)))


def _record(event: str, person: _Person, act: Callable[[_Person], _Erased]) -> Erasure:
    erased = act(person)
    row = Erasure(
        customer_id=person.subject_id,
        event=event,
        at=clock.now(),
        deleted=dict(erased.deleted),
        kept=dict(erased.kept) | kept_by_law(person.customer),
    )
    db.session.add(row)
    return row


def _found(medium: Medium, openid: str) -> _Person:
    column = Customer.service_openid if medium is Medium.SERVICE else Customer.openid
    customer = db.session.scalar(select(Customer).where(column == openid).with_for_update())
    enquiry_id = db.session.scalar(
        select(Conversation.id).where(
            Conversation.medium == medium, Conversation.openid == openid, Conversation.case_id.is_(None)
        )
    )
    return _Person(medium, openid, customer, enquiry_id)


def _some(person: _Person, info: str) -> _Erased:
    deleted: dict[str, int] = {}
    kept: dict[str, str] = {}
    for one in revoked(info):
        if one.held is None:
            _log.error("somebody withdrew what WeChat has added since", extra={"revoke_info": one.number})
            kept[f"unknown {one.number}"] = _UNKNOWN
        elif one.held in _ACTS and one.held not in deleted:
            deleted[one.held] = _ACTS[one.held](person)
    return _Erased(deleted, kept)


def _all(person: _Person) -> _Erased:
    deleted = {held.value: act(person) for held, act in _ACTS.items()}
    drafts = db.session.execute(
        delete(Application).where(_drafts_of(person.customer)),
        execution_options={"synchronize_session": False},
    )
    deleted["drafts"] = int(getattr(drafts, "rowcount", 0))
    deleted["enquiries"] = _enquiries(person)
    _leave_chats(person)
    openids = _openids(person)
    eventbus.publish(PersonErased(person.customer.id if person.customer else None, tuple(sorted(openids))))
    deleted["traces"] = account_traces.delete_traces(person.customer, {openid for _, openid in openids})
    if person.customer is None:
        return _Erased(deleted, {})
    consents = _end_consents(person.customer)
    account_traces.name_nobody(person.customer)
    return _Erased(deleted, consents)


def _forget_follower(person: _Person) -> None:
    """Also of somebody whom nobody here knows yet."""
    openids = {person.openid} if person.medium is Medium.SERVICE else set[str]()
    if person.customer is not None and person.customer.service_openid is not None:
        openids.add(person.customer.service_openid)
    followers.forget(openids, person.customer.unionid if person.customer else None)


def _enquiries(person: _Person) -> int:
    mine: ColumnElement[bool] = tuple_(Conversation.medium, Conversation.openid).in_(sorted(_openids(person)))
    if person.customer is not None:
        mine = or_(mine, Conversation.customer_id == person.customer.id)
    found = db.session.scalars(select(Conversation.id).where(mine, Conversation.case_id.is_(None))).all()
    if found:
        retention.delete_all(found)
    return len(found)


def _leave_chats(person: _Person) -> None:
    """Nothing more can be sent to them in WeChat's chats."""
    for medium, openid in sorted(_openids(person)):
        wechat_replies.abandon(medium, openid)
        db.session.execute(
            delete(ChatPerson).where(ChatPerson.medium == medium, ChatPerson.openid == openid),
            execution_options={"synchronize_session": False},
        )


def _openids(person: _Person) -> set[tuple[Medium, str]]:
    known = {(person.medium, person.openid)}
    if person.customer is not None:
        known.add((Medium.MINI_PROGRAM, person.customer.openid))
        if person.customer.service_openid is not None:
            known.add((Medium.SERVICE, person.customer.service_openid))
    return known


def _end_consents(customer: Customer) -> dict[str, str]:
    """Consent must be given again on return; the earlier date stays on record."""
    rows = db.session.scalars(select(PrivacyConsent).where(PrivacyConsent.customer_id == customer.id)).all()
    given = {f"consent {row.version}": row.accepted_at.isoformat() for row in rows}
    for row in rows:
        db.session.delete(row)
    return given


def _phone(person: _Person) -> int:
    """Deletes the phone from WeChat, and what was filled in from it."""
    customer = person.customer
    if customer is None:
        return 0
    held = int(customer.phone is not None)
    customer.phone = customer.phone_hash = customer.phone_proved_at = None
    for draft in _drafts(customer):
        draft.phone_hash = None
    _forget_answers(customer, FieldKind.PHONE)
    return held


def _address(person: _Person) -> int:
    """Deletes the address in drafts, whatever its source."""
    return 0 if person.customer is None else _forget_answers(person.customer, "address")


def _places(person: _Person) -> int:
    """Deletes the places in drafts and in messages; that a place was sent stays visible."""
    forgotten = 0 if person.customer is None else _forget_answers(person.customer, FieldKind.LOCATION)
    sent = db.session.execute(
        select(Message.conversation_id, Message.id)
        .where(
            Message.sender_id == person.subject_id,
            Message.kind == MessageKind.LOCATION,
            Message.recalled_at.is_(None),
        )
        .order_by(Message.conversation_id, Message.seq)
    ).all()
    for conversation_id, message_id in sent:
        conversation, message = (
            open_conversation.locked_conversation(conversation_id),
            db.session.get_one(Message, message_id),
        )
        message.content, message.recalled_at = {}, clock.now()
        mark_changed(conversation, message)
    return forgotten + len(sent)


_ACTS: Mapping[Held, Callable[[_Person], int]] = MappingProxyType(
    {Held.PHONE: _phone, Held.ADDRESS: _address, Held.PLACES: _places}
)
"""What is deleted for each kind of authorisation. Files belong to a case and stay."""


def _forget_answers(customer: Customer, which: str) -> int:
    """Removes the answers of one kind of field, or of one field, from the customer's drafts. Returns
    how many.
    """
    forgotten = 0
    for draft in _drafts(customer):
        fields = form_of(draft.program_key).fields
        doomed = {field.key for field in fields if which in (field.key, field.kind)} & set(draft.answers)
        forgotten += len(doomed)
        draft.answers = {key: value for key, value in draft.answers.items() if key not in doomed}
        draft.sources = {key: value for key, value in draft.sources.items() if key not in doomed}
    return forgotten


def _drafts(customer: Customer) -> list[Application]:
    return list(db.session.scalars(select(Application).where(_drafts_of(customer)).with_for_update()))


def _drafts_of(customer: Customer | None) -> ColumnElement[bool]:
    if customer is None:
        return false()
    return (Application.customer_id == customer.id) & Application.submitted_at.is_(None)
