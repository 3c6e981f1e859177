"""Sending what waits in the outbox: claim and commit, send without a database connection, record and commit.

What is known to have been sent is never sent again. If the process dies between sending and recording, the
lease runs out: a template message is then repeated under the same client_msg_id, which WeChat recognises for
10 minutes, so that the person gets it once; a subscribe message has no such key, becomes `unknown` and is
never repeated (it may have been lost, or have arrived). The same holds for a send that ended in a time-out.
"""

import logging
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, astuple, dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Update, bindparam, insert, update

from app.core import clock
from app.core.atomic import atomic
from app.core.db import db
from app.core.ids import new_id
from app.wechat.port import Accounts, MiniProgram, ServiceAccount
from notifications import catalog, claims, consents
from notifications.channels import subscribe, template
from notifications.envelope import Envelope, Outcome, OutcomeKind, Route
from notifications.kinds import Channel
from notifications.models import DeliveryAttempt, DeliveryState, OutboxMessage
from notifications.retry import Chance
from notifications.settling import Settlement, settle

BATCH = 100
POOL_SIZE = 8

SEND_ALLOWANCE = timedelta(seconds=30)
"""What has to be left of the lease when a send begins: longer than WeChat's client waits for an answer."""

_NOT_SUBSCRIBED = 43101
_PREFIX = "new_"
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Counts:
    """What one round of dispatching did, in messages."""

    claimed: int = 0
    accepted: int = 0
    waiting: int = 0
    refused: int = 0
    failed: int = 0
    unknown: int = 0
    expired: int = 0


def drain(miniprogram: MiniProgram, service: ServiceAccount, *, chance: Chance | None = None) -> Counts:
    """Dispatch until nothing is due any more; the sum of what was done. See `dispatch`."""
    wechat = Accounts(miniprogram, service)
    total = Counts()
    while (counts := dispatch(wechat, chance=chance)).claimed:
        total = Counts(*map(sum, zip(astuple(total), astuple(counts), strict=True)))
    return total


def dispatch(
    wechat: Accounts, *, batch: int = BATCH, pool_size: int = POOL_SIZE, chance: Chance | None = None
) -> Counts:
    """Send up to `batch` messages that are due, at most `pool_size` at a time; call outside any transaction.

    Runs in an app context. `chance` spreads the repetitions (tests pass one that can be foretold). An error
    that is no answer of WeChat's is raised after the others were recorded; its message stays claimed until
    the lease runs out.
    """
    chance = chance or random.SystemRandom()
    owner = new_id()
    with atomic():
        claim = claims.claim(owner, batch, clock.now(), chance)
    counts = Counts(claimed=len(claim.messages), unknown=claim.unknown, expired=claim.expired)
    if not claim.messages:
        return counts
    outcomes, errors = _send_all(wechat, claim.messages, pool_size)
    settled = [(message, outcome, settle(message, outcome, chance)) for message, outcome in outcomes]
    with atomic():
        _record(owner, settled)
    for message, outcome, settlement in settled:
        _report(message, outcome, settlement)
    if errors:
        raise errors[0]
    return _counted(counts, settled)


def _send_all(
    wechat: Accounts, messages: Sequence[Envelope], pool_size: int
) -> tuple[list[tuple[Envelope, Outcome]], list[BaseException]]:
    ids = catalog.current().template_ids
    with ThreadPoolExecutor(max_workers=min(pool_size, len(messages)), thread_name_prefix="send") as pool:
        futures = [(message, pool.submit(_send, wechat, ids, message)) for message in messages]
    faults = [error for _, future in futures if (error := future.exception()) is not None]
    return [(message, future.result()) for message, future in futures if future.exception() is None], faults


def _send(wechat: Accounts, ids: Mapping[str, str], message: Envelope) -> Outcome:
    """One attempt, in a thread of the pool."""
    if clock.now() >= message.lease_until - SEND_ALLOWANCE:
        return Outcome(OutcomeKind.LATE, clock.now())
    template_id = ids[message.route.template_key]
    if message.route.channel is Channel.SUBSCRIBE:
        return subscribe.send(wechat.miniprogram, message, template_id)
    return template.send(wechat.service, message, template_id)


def _record(owner: str, settled: Sequence[tuple[Envelope, Outcome, Settlement]]) -> None:
    """Write down what came of each message that is still this worker's, and keep every attempt."""
    connection = db.session.connection()
    kept = [_changes(message, outcome, new) for message, outcome, new in settled if new.reroute is None]
    moved = [_changes(message, outcome, new) for message, outcome, new in settled if new.reroute is not None]
    for rows in (kept, moved):
        if rows:
            connection.execute(_update(owner, rows[0]), [_prefixed(row) for row in rows])
    attempts = [
        {
            "message_id": message.id,
            "at": outcome.at,
            "channel": message.route.channel,
            "outcome": outcome.kind,
            "errcode": outcome.errcode,
        }
        for message, outcome, _ in settled
        if outcome.kind is not OutcomeKind.LATE
    ]
    if attempts:
        connection.execute(insert(DeliveryAttempt), attempts)
    _count_consents([(message, outcome) for message, outcome, _ in settled])


def _update(owner: str, row: Mapping[str, Any]) -> Update:
    """The statement that writes rows with the same columns as `row`."""
    changed: dict[str, Any] = {name: bindparam(_PREFIX + name) for name in row if name != "id"}
    return (
        update(OutboxMessage)
        .where(OutboxMessage.id == bindparam(_PREFIX + "id"), OutboxMessage.lease_owner == owner)
        .values(**changed, lease_owner=None, lease_until=None)
    )


def _prefixed(row: Mapping[str, Any]) -> dict[str, Any]:
    # SQLAlchemy keeps the bare names of columns for itself in a statement that is run for many rows.
    return {_PREFIX + name: value for name, value in row.items()}


def _changes(message: Envelope, outcome: Outcome, new: Settlement) -> dict[str, Any]:
    """The changed columns of one message; the same keys for all that are rerouted, and for all others."""
    columns = {
        "id": message.id,
        "state": new.state,
        "attempts": new.attempts,
        "failure_class": new.failure_class,
        "errcode": outcome.errcode,
        "msgid": outcome.msgid,
        "unknown_since": new.unknown_since,
        "next_attempt_at": new.next_attempt_at or outcome.at,
        "settled_at": None if new.state is DeliveryState.WAITING else outcome.at,
    }
    if new.reroute is not None:
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


def _count_consents(results: Sequence[tuple[Envelope, Outcome]]) -> None:
    # In one order for every worker, so that two of them never wait for each other.
    for message, outcome in sorted(results, key=_person_and_template):
        if message.route.channel is not Channel.SUBSCRIBE:
            continue
        if outcome.kind is OutcomeKind.ACCEPTED:
            consents.consumed(message.route.openid, message.route.template_key)
        elif outcome.errcode == _NOT_SUBSCRIBED:
            consents.exhausted(message.route.openid, message.route.template_key)


def _person_and_template(result: tuple[Envelope, Outcome]) -> tuple[str, str]:
    route = result[0].route
    return route.openid, route.template_key


def _report(message: Envelope, outcome: Outcome, new: Settlement) -> None:
    facts = {
        "message_id": message.id,
        "kind": message.kind,
        "channel": message.route.channel.value,
        "template": message.route.template_key,
        "outcome": outcome.kind.value,
        "errcode": outcome.errcode,
    }
    if new.alarm:
        _log.error("a message can't be sent as configured: see to the template or the account", extra=facts)
    elif new.state in (DeliveryState.FAILED, DeliveryState.UNKNOWN):
        _log.warning("a message did not arrive for certain", extra=facts)


def _counted(counts: Counts, settled: Sequence[tuple[Envelope, Outcome, Settlement]]) -> Counts:
    states = Counter(new.state for _, _, new in settled)
    return Counts(
        claimed=counts.claimed,
        accepted=states[DeliveryState.ACCEPTED],
        waiting=states[DeliveryState.WAITING],
        refused=states[DeliveryState.REFUSED],
        failed=states[DeliveryState.FAILED],
        unknown=counts.unknown + states[DeliveryState.UNKNOWN],
        expired=counts.expired,
    )
