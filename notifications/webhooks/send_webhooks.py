"""Sending webhooks: claim and commit, send without a database connection, record and commit.

A partner is told at least once: after a lost answer the same delivery comes again under the same id, by
which the partner knows it. Attempts are bounded; what was given up stays in the table as failed.
"""

import logging
import random
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import orjson
import requests

from app.core import clock, signing
from app.core.atomic import atomic
from app.core.ids import new_id
from app.core.queue import NOW, Lease, Queue
from app.services.partners import webhook_addresses
from app.services.partners.webhook_addresses import WebhookAddress
from notifications.dispatch import retry
from notifications.dispatch.retry import Chance
from notifications.webhooks import deadline
from notifications.webhooks.models import PartnerDelivery, WebhookState

BATCH = 40
POOL_SIZE = 8
LEASE = timedelta(minutes=3)
"""Time to send a whole batch, `POOL_SIZE` at a time, to partners that all let us wait."""

QUEUE = Queue(
    "webhooks",
    PartnerDelivery,
    due=(
        (PartnerDelivery.state == WebhookState.WAITING) & (PartnerDelivery.next_attempt_at <= NOW),
        (PartnerDelivery.state == WebhookState.SENDING) & (PartnerDelivery.lease_until < NOW),
    ),
    order_by=(PartnerDelivery.seq,),
    lease=Lease(
        PartnerDelivery.lease_owner,
        PartnerDelivery.lease_until,
        LEASE,
        PartnerDelivery.attempts,
        {"state": WebhookState.SENDING},
    ),
)

MOST_ATTEMPTS = 24
"""Nine hours at the least, so that a partner may be down over night."""

TIMEOUT_SECONDS = (3.05, 10.0)
"""To connect, and until the next byte of the answer."""

TOTAL_SECONDS = 20.0
"""For one whole attempt. A batch then takes 100 seconds at the worst, well within `LEASE`."""

DELIVERY_HEADER = "X-Delivery"
_SUCCESS = range(200, 300)
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Counts:
    """What one round did, in deliveries."""

    claimed: int = 0
    delivered: int = 0
    waiting: int = 0
    failed: int = 0


@dataclass(frozen=True, slots=True)
class _Parcel:
    """A claimed delivery with all that sending it needs, free of the database."""

    seq: int
    attempt: int
    headers: Mapping[str, str]
    body: bytes
    address: WebhookAddress


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What came of one attempt; `failure_class` is None when the partner took it."""

    at: datetime
    status_code: int | None = None
    failure_class: str | None = None


def drain(*, simulated: bool, chance: Chance | None = None) -> Counts:
    """Send until nothing is due any more; call outside any transaction, in an app context.

    `simulated` allows partners on this machine without https. `chance` spreads the repetitions.
    """
    chance = chance or random.SystemRandom()
    total = Counts()
    while (counts := _dispatch(simulated, chance)).claimed:
        total = Counts(
            total.claimed + counts.claimed,
            total.delivered + counts.delivered,
            total.waiting + counts.waiting,
            total.failed + counts.failed,
        )
    return total


def _dispatch(simulated: bool, chance: Chance) -> Counts:
    owner = new_id()
    with atomic():
        parcels, failed = _claim(owner, simulated)
    sent = _send_all(parcels)
    delivered = waiting = 0
    with atomic():
        for parcel, outcome in sent:
            state = _record(owner, parcel, outcome, chance)
            delivered += state is WebhookState.DELIVERED
            waiting += state is WebhookState.WAITING
    return Counts(len(parcels) + failed, delivered, waiting, failed + len(parcels) - delivered - waiting)


def _claim(owner: str, simulated: bool) -> tuple[list[_Parcel], int]:
    """Take what is due, and what a worker that died held; give up what can't be sent."""
    now = clock.now()
    rows = QUEUE.lock(BATCH)
    found = {partner: webhook_addresses.address_of(partner) for partner in {row.partner_id for row in rows}}
    parcels = []
    for row in rows:
        address = found[row.partner_id]
        fault = _unsendable(row, address, simulated)
        if address is None or fault is not None:
            row.state, row.failure_class, row.settled_at = WebhookState.FAILED, fault, now
            row.lease_until = row.lease_owner = None
            _log.error("webhook given up", extra={"delivery": row.id, "reason": fault})
            continue
        body = orjson.dumps({"id": row.id, "sequence": row.seq, **row.payload})
        parcels.append(_Parcel(row.seq, row.attempts + 1, {DELIVERY_HEADER: row.id}, body, address))
    QUEUE.lease([parcel.seq for parcel in parcels], owner)
    return parcels, len(rows) - len(parcels)


def _unsendable(row: PartnerDelivery, address: WebhookAddress | None, simulated: bool) -> str | None:
    if address is None:
        return "no_address"
    if webhook_addresses.url_fault(address.url, simulated=simulated) is not None:
        return "address_refused"
    return "lease_ran_out" if row.attempts >= MOST_ATTEMPTS else None


def _send_all(parcels: Sequence[_Parcel]) -> list[tuple[_Parcel, _Outcome]]:
    if not parcels:
        return []
    with ThreadPoolExecutor(max_workers=min(POOL_SIZE, len(parcels)), thread_name_prefix="hook") as pool:
        return list(zip(parcels, pool.map(_send, parcels), strict=True))


def _send(parcel: _Parcel) -> _Outcome:
    """One attempt, in a thread of the pool. A redirection is no success: the signature is for one address."""
    try:
        with (
            deadline.session(TOTAL_SECONDS) as session,
            session.post(
                parcel.address.url,
                data=parcel.body,
                headers={**parcel.headers, **_signed(parcel), "Content-Type": "application/json"},
                timeout=TIMEOUT_SECONDS,
                allow_redirects=False,
                # The answer's body is of no interest and may be endless.
                stream=True,
            ) as answer,
        ):
            status = answer.status_code
    except requests.Timeout:
        return _Outcome(clock.now(), failure_class="timeout")
    except requests.RequestException:
        return _Outcome(clock.now(), failure_class="unreachable")
    return _Outcome(clock.now(), status, None if status in _SUCCESS else "answered")


def _signed(parcel: _Parcel) -> dict[str, str]:
    parts = urlsplit(parcel.address.url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    message = signing.Signable("POST", target, str(int(clock.now().timestamp())), new_id(), parcel.body)
    return {
        signing.KEY_HEADER: parcel.address.key_id,
        signing.TIMESTAMP_HEADER: message.timestamp,
        signing.NONCE_HEADER: message.nonce,
        signing.SIGNATURE_HEADER: signing.signature(parcel.address.secret, message),
    }


def _record(owner: str, parcel: _Parcel, outcome: _Outcome, chance: Chance) -> WebhookState:
    values: dict[str, Any] = {
        "status_code": outcome.status_code,
        "failure_class": outcome.failure_class,
    }
    if outcome.failure_class is None:
        state = WebhookState.DELIVERED
    elif parcel.attempt >= MOST_ATTEMPTS:
        state = WebhookState.FAILED
        _log.error("webhook given up", extra={"delivery": parcel.seq, "reason": outcome.failure_class})
    else:
        state = WebhookState.WAITING
        values["next_attempt_at"] = outcome.at + retry.delay(parcel.attempt, chance)
    if state is not WebhookState.WAITING:
        values["settled_at"] = outcome.at
    QUEUE.release(owner, parcel.seq, state=state, **values)
    return state
