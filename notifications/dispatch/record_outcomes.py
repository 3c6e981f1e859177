"""Writing down what came of attempts to reach people: the messages' new states, and every attempt."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import or_, update

from app.core.bulk_write import insert_rows, update_rows
from app.core.db import db
from notifications.channels.envelope import Envelope, Outcome, OutcomeKind, Route
from notifications.dispatch.outbox_queue import CLAIMED
from notifications.dispatch.outcome_policy import Resolution
from notifications.models import DeliveryAttempt, DeliveryState, OutboxMessage
from notifications.outbox import consents, delivery_rules
from notifications.wording.kinds import Channel

Settled = tuple[Envelope, Outcome, Resolution]

_NOT_SUBSCRIBED = 43101
_UNSETTLED = frozenset({DeliveryState.WAITING, DeliveryState.GATHERED})
# Still this worker's; and what a report of WeChat's has settled already is not undone by one that comes late.
_MINE = (
    CLAIMED.is_owned,
    or_(
        OutboxMessage.state == DeliveryState.SENDING.value, OutboxMessage.state == DeliveryState.UNKNOWN.value
    ),
)


def record_attempts(settled: Sequence[Settled], owner: str | None) -> None:
    """Keep the new states and the attempts, in the caller's transaction.

    With `owner`, only messages that are still this worker's are changed; without, the caller holds the rows.
    Whatever became of a message, its attempt is kept; so is that it was put aside, and why.
    """
    if not settled:
        return
    connection = db.session.connection()
    rows: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for message, outcome, new in settled:
        changed = _changes(message, outcome, new)
        if owner is not None or new.state is not DeliveryState.UNKNOWN:
            changed["lease_owner"] = None
        # Else the owner stays: should it be slow and not dead, it may still tell what came of it.
        rows.setdefault(tuple(changed), []).append(changed)
    for batch in rows.values():
        if owner is None:
            update_rows(connection, OutboxMessage, batch)
        else:
            update_rows(connection, OutboxMessage, batch, _MINE, {"owner": owner})
    attempts = [
        {
            "message_id": message.id,
            "at": outcome.at,
            "channel": message.route.channel,
            "template_key": message.route.template_key,
            "outcome": outcome.kind,
            "errcode": outcome.errcode,
        }
        for message, outcome, new in settled
        if not _only_waits(outcome, new)
    ]
    insert_rows(connection, DeliveryAttempt, attempts)
    _count_consents(settled)


def record_arrival(message_id: str, outcome: Outcome) -> None:
    """WeChat says that a message is on the phone; in the caller's transaction, who holds the row."""
    db.session.connection().execute(
        update(OutboxMessage)
        .where(OutboxMessage.id == message_id)
        .values(state=DeliveryState.DELIVERED, msgid=outcome.msgid, failure_class=None, settled_at=outcome.at)
    )


def _only_waits(outcome: Outcome, new: Resolution) -> bool:
    """Nothing was tried and nothing decided: the message waits on as it did, and there is nothing to keep."""
    if outcome.kind in (OutcomeKind.LATE, OutcomeKind.POSTPONED):
        return True
    return outcome.kind is OutcomeKind.HELD and new.state is DeliveryState.WAITING and new.reroute is None


def _changes(message: Envelope, outcome: Outcome, new: Resolution) -> dict[str, Any]:
    """The changed columns of one message; the same keys for all that are rerouted, and for all others."""
    columns: dict[str, Any] = {
        "id": message.id,
        "state": new.state,
        "attempts": new.attempts,
        "failure_class": new.failure_class,
        "errcode": outcome.errcode,
        "msgid": outcome.msgid,
        "unknown_since": new.unknown_since,
        "next_attempt_at": new.next_attempt_at or outcome.at,
        "settled_at": None if new.state in _UNSETTLED else outcome.at,
        "lease_until": None,
    }
    if new.reroute is not None:
        if new.reroute.channel is Channel.CALL:
            # Nobody is called about what they read in the app meanwhile.
            columns["next_attempt_at"] += delivery_rules.current().call_after
        columns |= {
            "channel": new.reroute.channel,
            "template_key": new.reroute.template_key,
            "openid": new.reroute.openid,
            "data": dict(new.reroute.data),
            "next_channels": {"routes": [_plain(route) for route in message.next_routes[1:]]},
        }
    return columns


def _plain(route: Route) -> dict[str, Any]:
    return asdict(route) | {"channel": route.channel.value, "data": dict(route.data)}


def _count_consents(settled: Sequence[Settled]) -> None:
    # In one order for every worker, so that two of them never wait for each other.
    for message, outcome, _ in sorted(settled, key=_person_and_template):
        if message.route.channel is not Channel.SUBSCRIBE:
            continue
        if outcome.kind is OutcomeKind.ACCEPTED:
            consents.consent_consumed(message.route.openid, message.route.template_key)
        elif outcome.errcode == _NOT_SUBSCRIBED:
            consents.consent_exhausted(message.route.openid, message.route.template_key)


def _person_and_template(settled: Settled) -> tuple[str, str]:
    route = settled[0].route
    return route.openid, route.template_key
