"""The terms of notices, messages and callbacks; what goes with an erased person, and what they see of it."""

from typing import Any

from sqlalchemy import delete, exists, select, update

from app.core import clock
from app.core.db import db
from app.domain.data_terms import DataKind
from app.services.installation import city
from app.services.privacy import held
from app.services.privacy.erasure import PersonErased
from app.services.privacy.held import Section, section
from notifications.models import (
    DeliveryAttempt,
    DeliveryState,
    InboxEvent,
    MessagePreference,
    Notice,
    OutboxMessage,
    SubscribeConsent,
)
from notifications.webhooks.models import PartnerDelivery

_UNDER_WAY = (DeliveryState.WAITING.value, DeliveryState.SENDING.value)


def wire() -> None:
    """Let a customer see their notices among everything else that is held."""
    held.add_source(DataKind.NOTICES, _notices)
    held.add_source(DataKind.DELIVERIES, _deliveries)


def forget(event: PersonErased) -> None:
    """Deletes what they were told, how it was sent, what they allowed, and what WeChat pushed of them."""
    openids = sorted({openid for _, openid in event.openids})
    _run(delete(SubscribeConsent).where(SubscribeConsent.openid.in_(openids)))
    _forget_callbacks(set(openids))
    if event.customer_id is None:
        return
    messages = select(OutboxMessage.id).where(OutboxMessage.recipient_id == event.customer_id)
    _run(delete(DeliveryAttempt).where(DeliveryAttempt.message_id.in_(messages)))
    _run(delete(OutboxMessage).where(OutboxMessage.recipient_id == event.customer_id))
    _run(delete(Notice).where(Notice.customer_id == event.customer_id))
    _run(delete(MessagePreference).where(MessagePreference.customer_id == event.customer_id))


def delete_past_terms(limit: int) -> dict[DataKind, int]:
    """Deletes up to `limit` rows of each kind whose term is over. Returns how many of which."""
    now, terms = clock.now(), city.current().terms
    delivered = now - terms[DataKind.DELIVERIES].term
    ended = OutboxMessage.state.not_in(_UNDER_WAY)
    old_messages = select(OutboxMessage.id).where(OutboxMessage.created_at < delivered, ended)
    attempts = _some(
        DeliveryAttempt,
        DeliveryAttempt.id,
        limit,
        DeliveryAttempt.message_id.in_(old_messages),
    )
    tried = exists().where(DeliveryAttempt.message_id == OutboxMessage.id)
    messages = _some(
        OutboxMessage, OutboxMessage.id, limit, OutboxMessage.created_at < delivered, ended, ~tried
    )
    sent = exists().where(OutboxMessage.notice_id == Notice.id)
    notices = _some(Notice, Notice.seq, limit, Notice.created_at < now - terms[DataKind.NOTICES].term, ~sent)
    webhooks = _some(
        PartnerDelivery,
        PartnerDelivery.seq,
        limit,
        PartnerDelivery.settled_at < now - terms[DataKind.WEBHOOKS].term,
    )
    # The emptied row keeps a repetition from being taken for new; failed ones are looked at until then.
    callbacks = _some(InboxEvent, InboxEvent.id, limit, InboxEvent.handled_at < delivered)
    return {
        DataKind.DELIVERIES: attempts + messages,
        DataKind.NOTICES: notices,
        DataKind.WEBHOOKS: webhooks,
        DataKind.CALLBACKS: callbacks,
    }


def _forget_callbacks(openids: set[str]) -> None:
    """Those that are not handled yet, or failed: the payload of all others is empty."""
    kept = select(InboxEvent.id, InboxEvent.payload).where(
        (InboxEvent.handled_at.is_(None)) | (InboxEvent.outcome == "failed")
    )
    theirs = [
        row.id
        for row in db.session.execute(kept)
        if row.payload.get("openid") in openids
        or any(openid in str(row.payload.get("content", "")) for openid in openids)
    ]
    _run(
        update(InboxEvent)
        .where(InboxEvent.id.in_(theirs))
        .values(payload={}, handled_at=clock.now(), outcome="ignored")
    )


def _notices(customer_id: str, most: int) -> Section:
    query = select(Notice.title, Notice.body, Notice.created_at, Notice.read_at)
    return section(DataKind.NOTICES, query.where(Notice.customer_id == customer_id), Notice.seq.desc(), most)


def _deliveries(customer_id: str, most: int) -> Section:
    query = select(OutboxMessage.kind, OutboxMessage.channel, OutboxMessage.state, OutboxMessage.created_at)
    mine = query.where(OutboxMessage.recipient_id == customer_id)
    return section(DataKind.DELIVERIES, mine, OutboxMessage.created_at.desc(), most)


def _some(model: Any, key: Any, limit: int, *over: Any) -> int:
    ids = db.session.scalars(select(key).where(*over).limit(limit)).all()
    if ids:
        _run(delete(model).where(key.in_(ids)))
    return len(ids)


def _run(statement: Any) -> None:
    db.session.execute(statement, execution_options={"synchronize_session": False})
