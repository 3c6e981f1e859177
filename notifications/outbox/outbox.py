"""The outbox: a notice in the app and a message to the phone, written in the transaction of the change.

Either all of it happened or none. The jobs send the messages afterwards. Somebody whom no channel reaches
still has the notice.
"""

import logging
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import and_, bindparam, literal_column, or_, select

from app.core import clock, eventbus
from app.core.bulk_write import insert_rows
from app.core.crypto import Sealed, seal_json, seal_text
from app.core.db import db
from app.core.ids import new_id
from app.core.list_parameter import one_of
from app.core.logs import NO_REQUEST, request_id
from notifications.channels.envelope import Route
from notifications.channels.message_channel import Draft
from notifications.channels.registry import CHANNELS
from notifications.models import TO_STAFF, DeliveryState, Notice, OutboxMessage
from notifications.outbox import consents, delivery_rules, preferences
from notifications.outbox.delivery_rules import DeliveryRules
from notifications.wording import catalog
from notifications.wording.catalog import Message, Rendered
from notifications.wording.kinds import Audience, Channel

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody to tell, with the addresses by which the channels know them."""

    audience: Audience
    id: str
    addresses: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class NewNotice:
    """One thing to tell. `event_key` names the event: each the same person of it again changes nothing.

    The notice is there at once; the message is not sent before `not_before`, and not after `expires_at`, when
    it has lost its point (both aware; a reminder of a visit expires when the visit begins). It is not sent
    either when it has lost its point by what happened to `subject_id`. Staff must have heard of it by
    `needed_by`, such as the due date of a task. `id` is given to the notice where its page names it; then
    there is one recipient.
    """

    kind: str
    event_key: str
    case_id: str
    values: Mapping[str, str] = field(repr=False)
    task_id: str | None = None
    visit_id: str | None = None
    subject_id: str | None = None
    not_before: datetime | None = None
    expires_at: datetime | None = None
    needed_by: datetime | None = None
    id: str | None = None


@dataclass(frozen=True, slots=True)
class _Sealed:
    """The words of one notice, encrypted once for everybody who is told of it: `data` by channel."""

    body: Sealed
    data: dict[str, Sealed] = field(default_factory=dict)

    def of(self, route: Mapping[str, Any]) -> Sealed:
        channel: str = route["channel"]
        if channel not in self.data:
            self.data[channel] = seal_json(route["data"])
        return self.data[channel]


@dataclass(frozen=True, slots=True)
class _Addressed:
    """A notice to one person, with its `row`."""

    notice: NewNotice
    rendered: Rendered
    sealed: _Sealed
    person: Recipient
    row: Mapping[str, Any] = field(repr=False)


def enqueue(notice: NewNotice, recipients: Iterable[Recipient]) -> None:
    """Tell each of `recipients` once; where events are published together, it is written with theirs.

    Raises `KeyError` when the kind's text needs a value that `notice` lacks.
    """
    people = {recipient.id: recipient for recipient in recipients}
    if not people:
        return
    ids = {
        "case_id": notice.case_id,
        "task_id": notice.task_id or "",
        "visit_id": notice.visit_id or "",
        "notice_id": notice.id or "",
    }
    rendered = catalog.current().render(notice.kind, notice.values, ids)
    sealed = _Sealed(seal_text(rendered.body))
    addressed = [
        _Addressed(notice, rendered, sealed, person, _row(notice, rendered, sealed, person))
        for person in people.values()
    ]
    waiting = eventbus.gathered(_write)
    if waiting is None:
        _write(addressed)
    else:
        waiting.extend(addressed)


def already_told(keys: Collection[str]) -> set[str]:
    """Those of these dedupe keys that exist already, in this transaction or before."""
    waiting = eventbus.gathered(_write) or ()
    now = {each.row["dedupe_key"] for each in waiting}.intersection(keys)
    others = sorted(set(keys) - now)
    return now.union(db.session.connection().scalars(_TOLD, {"keys": others})) if others else now


def told_alone(kind: str, people: Collection[str], since: datetime) -> Counter[str]:
    """How many messages of this kind each of these members of staff got since then, or still gets."""
    waiting = eventbus.gathered(_write) or ()
    told = Counter(each.person.id for each in waiting if each.notice.kind == kind)
    asked = {"kind": kind, "people": sorted(people), "since": since}
    told.update(db.session.connection().scalars(_TOLD_ALONE, asked))
    return told


_TOLD_ALONE = select(OutboxMessage.recipient_id).where(
    # In the words of the index.
    literal_column(TO_STAFF),
    one_of(OutboxMessage.recipient_id, "people"),
    OutboxMessage.kind == bindparam("kind"),
    or_(
        OutboxMessage.handed_at >= bindparam("since"),
        and_(OutboxMessage.handed_at.is_(None), OutboxMessage.state.in_(("waiting", "sending"))),
    ),
)
_TOLD = select(Notice.dedupe_key).where(one_of(Notice.dedupe_key, "keys"))


def dedupe_key(kind: str, event_key: str, recipient_id: str) -> str:
    """The key that makes a message unique: one person is told of one event once."""
    return f"{kind}:{event_key}:{recipient_id}"


def _row(notice: NewNotice, rendered: Rendered, sealed: _Sealed, person: Recipient) -> dict[str, Any]:
    return {
        "id": notice.id or new_id(),
        "customer_id": person.id if person.audience is Audience.CUSTOMER else None,
        "staff_id": person.id if person.audience is Audience.STAFF else None,
        "case_id": notice.case_id,
        "task_id": notice.task_id,
        "kind": catalog.current().messages[notice.kind].shown_kind,
        "title": rendered.title,
        "body": sealed.body,
        "page": rendered.page,
        "dedupe_key": dedupe_key(notice.kind, notice.event_key, person.id),
        "created_at": clock.now(),
    }


def _write(addressed: list[_Addressed]) -> None:
    """Writes the notices that do not exist yet, and their messages: two statements, whatever their number."""
    db.session.flush()
    connection = db.session.connection()
    addressed = _without_second_tellings(addressed)
    rows = [each.row for each in addressed]
    written = set(insert_rows(connection, Notice, rows, unless="dedupe_key", returning="id"))
    fresh = preferences.pushable([each for each in addressed if each.row["id"] in written], _topic)
    consenting = _consenting(fresh)
    messages = [message for each in fresh if (message := _message(each, consenting)) is not None]
    if messages:
        insert_rows(connection, OutboxMessage, messages)
        if request_id.get() != NO_REQUEST:
            # The request that caused a message is logged when another process sends it and fails.
            _log.info("messages are queued", extra={"message_ids": [message["id"] for message in messages]})


def _without_second_tellings(addressed: list[_Addressed]) -> list[_Addressed]:
    """Without variants of what the same person is told in earnest by another event of this transaction.

    Two tasks of one stage come near their due date together: who holds one of them is reminded, and needs no
    information about the other. Of several variants of one kind the first in messages.toml is told.
    """
    messages = catalog.current().messages
    place = {kind: at for at, kind in enumerate(messages)}
    best: dict[str, str] = {}
    for each in addressed:
        key, kind = _key_of_base(each, messages), each.notice.kind
        told = best.setdefault(key, kind)
        # A kind comes before its variants.
        if messages[told].variant_of and (not messages[kind].variant_of or place[kind] < place[told]):
            best[key] = kind
    return [each for each in addressed if best[_key_of_base(each, messages)] == each.notice.kind]


def _key_of_base(each: _Addressed, messages: Mapping[str, Message]) -> str:
    kind = each.notice.kind
    return dedupe_key(messages[kind].variant_of or kind, each.notice.event_key, each.person.id)


def _topic(each: _Addressed) -> tuple[str, str | None]:
    """The recipient, and the topic that they may have declined."""
    return each.person.id, delivery_rules.current().topic_of(each.notice.kind)


def _message(each: _Addressed, consenting: Mapping[str, set[str]]) -> dict[str, Any] | None:
    notice, person = each.notice, each.person
    rules = delivery_rules.current()
    gathered = rules.is_gathered(notice.kind, person.audience)
    routes = [_TOGETHER] if gathered else _routes(each, rules, consenting)
    if not routes:
        return None
    now = clock.now()
    due = max(now, notice.not_before or now)
    if routes[0]["channel"] == Channel.CALL:
        due += rules.call_after
    return {
        "id": new_id(),
        "notice_id": each.row["id"],
        "kind": notice.kind,
        "case_id": notice.case_id,
        "task_id": notice.task_id,
        "subject_id": notice.subject_id,
        "audience": person.audience,
        "recipient_id": person.id,
        **routes[0],
        "data": each.sealed.of(routes[0]),
        "page": each.rendered.page,
        "next_channels": {"routes": routes[1:]},
        "dedupe_key": each.row["dedupe_key"],
        "importance": rules.importance_of(notice.kind),
        "state": DeliveryState.GATHERED if gathered else DeliveryState.WAITING,
        "attempts": 0,
        "next_attempt_at": due,
        "expires_at": notice.expires_at,
        "needed_by": notice.needed_by,
        "created_at": now,
    }


def _consenting(addressed: Sequence[_Addressed]) -> dict[str, set[str]]:
    """By template, the openids that still accept a subscribe message of it."""
    asked: dict[str, set[str]] = {}
    for each in addressed:
        filled = each.rendered.filled.get(Channel.SUBSCRIBE)
        openid = each.person.addresses.get(Channel.SUBSCRIBE)
        if filled is not None and openid is not None:
            asked.setdefault(filled.template_key, set()).add(openid)
    return {key: consents.holders(openids, key) for key, openids in asked.items()}


def _routes(
    each: _Addressed, rules: DeliveryRules, consenting: Mapping[str, set[str]]
) -> list[dict[str, Any]]:
    """The channels by which this person can be reached, in the order of the kind's chain."""
    person, rendered = each.person, each.rendered
    addresses = dict(person.addresses)
    subscribe = rendered.filled.get(Channel.SUBSCRIBE)
    if subscribe is None or addresses.get(Channel.SUBSCRIBE) not in consenting.get(
        subscribe.template_key, ()
    ):
        addresses.pop(Channel.SUBSCRIBE, None)

    def sms_values() -> Mapping[str, str]:
        return rules.sms.filled({**each.notice.values, "title": rendered.title})

    page_url = rules.page_url(rendered.page)
    routes = []
    for channel in rules.chain(each.notice.kind, person.audience):
        if channel is Channel.CALL:
            routes.append(_columns(Route(channel, "", "", {})))
            continue
        route = CHANNELS[channel].route(Draft(rendered, addresses.get(channel), page_url, sms_values))
        if route is not None:
            routes.append(_columns(route))
    return routes


def _columns(route: Route) -> dict[str, Any]:
    return {
        "channel": route.channel.value,
        "template_key": route.template_key,
        "openid": route.openid,
        "data": dict(route.data),
    }


_TOGETHER = _columns(Route(Channel.DIGEST, "", "", {}))
