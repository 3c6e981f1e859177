"""Taking messages out of the outbox for one worker: claimed in batches, with a lease that runs out.

Any number of processes may claim at once: on PostgreSQL rows that another holds are skipped, on SQLite one
transaction writes at a time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, insert, select, update

from app.core.db import db
from app.services import briefs
from notifications import catalog, retry, settling
from notifications.catalog import PointLost
from notifications.envelope import Envelope, OutcomeKind, Route
from notifications.kinds import Channel, Kind
from notifications.models import DeliveryAttempt, DeliveryState, OutboxMessage
from notifications.retry import Chance

LEASE = timedelta(minutes=2)
"""How long a worker may hold a message: time to send a batch, and well inside WeChat's 10 minutes."""

_COLUMNS = (
    OutboxMessage.id,
    OutboxMessage.kind,
    OutboxMessage.task_id,
    OutboxMessage.channel,
    OutboxMessage.template_key,
    OutboxMessage.openid,
    OutboxMessage.data,
    OutboxMessage.page,
    OutboxMessage.next_channels,
    OutboxMessage.attempts,
    OutboxMessage.claimed_at,
    OutboxMessage.unknown_since,
)


@dataclass(frozen=True, slots=True)
class Claim:
    """What one worker took, and what needed no sending any more."""

    messages: tuple[Envelope, ...]
    expired: int
    unknown: int


def claim(owner: str, batch: int, now: datetime, chance: Chance) -> Claim:
    """Take up to `batch` messages that are due at `now`, oldest first, in the caller's transaction.

    Before that, messages whose worker's lease ran out are taken back: a template message goes on with the
    same client_msg_id as long as WeChat would recognise it. A subscribe message becomes `unknown` and is
    never sent again: its worker died between claiming it and writing down what came of it, perhaps after it
    was sent.
    """
    lost = _take_back(batch, now, chance)
    rows = db.session.execute(
        select(*_COLUMNS)
        .where(OutboxMessage.state == DeliveryState.WAITING, OutboxMessage.next_attempt_at <= now)
        .order_by(OutboxMessage.next_attempt_at, OutboxMessage.id)
        .limit(batch)
        .with_for_update(skip_locked=True)
    ).all()
    pointless = _pointless(rows)
    too_late = {
        row.id
        for row in rows
        if row.unknown_since is not None and not retry.may_repeat(row.unknown_since, now)
    } - pointless
    _end(pointless, DeliveryState.EXPIRED, now)
    _end(too_late, DeliveryState.UNKNOWN, now)
    taken = [row for row in rows if row.id not in pointless and row.id not in too_late]
    if taken:
        db.session.execute(
            update(OutboxMessage)
            .where(OutboxMessage.id.in_([row.id for row in taken]))
            .values(
                state=DeliveryState.SENDING,
                attempts=OutboxMessage.attempts + 1,
                claimed_at=now,
                lease_until=now + LEASE,
                lease_owner=owner,
            )
            .execution_options(synchronize_session=False)
        )
    return Claim(
        messages=tuple(_envelope(row, row.attempts + 1, now + LEASE) for row in taken),
        expired=len(pointless),
        unknown=len(too_late) + lost,
    )


def _take_back(batch: int, now: datetime, chance: Chance) -> int:
    """Settle what a worker held when it died; how many of these are lost to knowledge."""
    rows = db.session.execute(
        select(*_COLUMNS)
        .where(OutboxMessage.state == DeliveryState.SENDING, OutboxMessage.lease_until < now)
        .limit(batch)
        .with_for_update(skip_locked=True)
    ).all()
    lost = 0
    for row in rows:
        envelope = _envelope(row, row.attempts, now)
        since = row.unknown_since or row.claimed_at
        settled = settling.unknown(envelope, since, now, chance)
        values: dict[str, Any] = {
            "state": settled.state,
            "failure_class": "lease_ran_out",
            "unknown_since": since,
        }
        if settled.state is DeliveryState.UNKNOWN:
            lost += 1
            # The owner stays: should it be slow and not dead, it may still tell what came of it.
            values["settled_at"] = now
        else:
            values |= {"next_attempt_at": now, "lease_owner": None}
        db.session.execute(
            update(OutboxMessage)
            .where(OutboxMessage.id == row.id)
            .values(**values)
            .execution_options(synchronize_session=False)
        )
    if rows:
        db.session.execute(
            insert(DeliveryAttempt),
            [
                {
                    "message_id": row.id,
                    "at": row.claimed_at,
                    "channel": row.channel,
                    "outcome": OutcomeKind.UNKNOWN,
                    "errcode": None,
                }
                for row in rows
            ],
        )
    return lost


def _pointless(rows: Sequence[Row[Any]]) -> set[str]:
    """Which of these messages have lost their point before they could be sent."""
    messages = catalog.current().messages
    of_tasks = [
        row
        for row in rows
        if row.task_id is not None and messages[Kind(row.kind)].loses_point is PointLost.TASK_CLOSED
    ]
    closed = {task for task in {row.task_id for row in of_tasks} if not briefs.task(task).is_open}
    return {row.id for row in of_tasks if row.task_id in closed}


def _end(ids: set[str], state: DeliveryState, now: datetime) -> None:
    if ids:
        db.session.execute(
            update(OutboxMessage)
            .where(OutboxMessage.id.in_(ids))
            .values(state=state, settled_at=now)
            .execution_options(synchronize_session=False)
        )


def _envelope(row: Row[Any], attempt: int, lease_until: datetime) -> Envelope:
    return Envelope(
        id=row.id,
        kind=row.kind,
        route=Route(Channel(row.channel), row.template_key, row.openid, row.data),
        next_routes=tuple(
            Route(Channel(route["channel"]), route["template_key"], route["openid"], route["data"])
            for route in row.next_channels["routes"]
        ),
        page=row.page,
        attempt=attempt,
        lease_until=lease_until,
        unknown_since=row.unknown_since,
    )
