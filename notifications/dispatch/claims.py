"""Taking messages out of the outbox for one worker: claimed in batches, with a lease that runs out.

Any number of processes may claim at once: on PostgreSQL rows that another holds are skipped, on SQLite one
transaction writes at a time. A claimed message is marked as handed over before it goes to the threads that
send it; of one that was not, everybody knows that it was not sent.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    Row,
    bindparam,
    not_,
    or_,
    select,
    update,
)

from app.core.db import db
from app.core.list_parameter import one_of
from app.core.queue import what_is_due
from app.services.people import recipients
from notifications.channels.envelope import Envelope, Outcome, OutcomeKind
from notifications.dispatch import circuit_breaker, outcome_policy, record_outcomes, row_mapping, skip_rules
from notifications.dispatch.outbox_queue import CLAIMED, LEASE, PUSHED, SENDING, WAITING
from notifications.dispatch.retry import Chance
from notifications.models import DeliveryState, OutboxMessage
from notifications.outbox import delivery_rules
from notifications.outbox.delivery_rules import IMPORTANCES
from notifications.wording.kinds import Channel

SEND_ALLOWANCE = timedelta(seconds=30)
"""What has to be left of the lease when a send begins: longer than any channel waits for an answer."""

OF_ONE_PERSON = 32
"""The most messages to one person that are claimed at once: they can only go out one after the other."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What one worker took, and how many messages needed no sending any more, or not this way."""

    messages: tuple[Envelope, ...]
    expired: int
    unknown: int
    withheld: int

    @property
    def found(self) -> bool:
        """Whether there was anything to do, so that there may be more."""
        return bool(self.messages or self.expired or self.unknown or self.withheld)


def claim(owner: str, most: int, now: datetime, chance: Chance, *, busy: Collection[str] = ()) -> Claim:
    """Take up to `most` messages that are due at `now`, in the caller's transaction.

    The most important first, of these the oldest, only of channels that are open, and none to the people (by
    openid) who are `busy`: of whom the caller has enough to send already. Before that, messages
    whose worker's lease ran out are taken back: those it had not handed over go on as if nothing had been,
    and so does a template message, with the same client_msg_id, as long as WeChat would recognise it. Others
    become `unknown`: their worker died perhaps before and perhaps after they were sent.
    """
    lost = _take_back(most, now, chance)
    allowances = circuit_breaker.allowances(PUSHED, most, now)
    rows = _spread(_due(allowances, most, now, busy))
    circuit_breaker.use_allowances(Counter(Channel(row.channel) for row in rows), allowances, now)
    aside = skip_rules.put_aside(rows, now, chance)
    taken = [row for row in rows if row.id not in aside]
    if taken:
        CLAIMED.lease([row.id for row in taken], owner, now)
    phones = _phones(row.recipient_id for row in taken if row.channel == Channel.SMS)
    return Claim(
        messages=tuple(
            row_mapping.envelope(row, row.attempts + 1, now + LEASE, phones.get(row.recipient_id))
            for row in taken
        ),
        expired=sum(kind in skip_rules.POINTLESS for kind in aside.values()),
        unknown=sum(kind is OutcomeKind.GIVEN_UP for kind in aside.values()) + lost,
        withheld=sum(kind in skip_rules.WITHHELD for kind in aside.values()),
    )


def _phones(recipient_ids: Iterable[str]) -> dict[str, str]:
    """The phones of these people, of those to whom a text message can be sent."""
    reaches = delivery_rules.current().sms.reaches
    found = recipients.phones(set(recipient_ids))
    return {recipient: phone for recipient, phone in found.items() if reaches(phone)}


def mark_handed_over(owner: str, messages: Sequence[Envelope], now: datetime) -> list[Envelope]:
    """Mark these as handed to the sending threads, in the caller's transaction; those that may be sent.

    A message whose lease has almost run out is not handed over: another worker takes it back.
    """
    ready = [message for message in messages if now < message.lease_until - SEND_ALLOWANCE]
    if not ready:
        return []
    marked = set(
        db.session.connection().scalars(
            _HAND_OVER, {"ids": [message.id for message in ready], "now": now, "owner": owner}
        )
    )
    return [message for message in ready if message.id in marked]


def claimed_messages(owner: str, ids: Collection[str], now: datetime) -> list[Envelope]:
    """What is claimed by this worker, in the caller's transaction; `ids` also when taken back as unknown."""
    rows = db.session.connection().execute(_HELD, {"owner": owner, "ids": sorted(ids)}).all()
    return [row_mapping.envelope(row, row.attempts, now + LEASE) for row in rows]


_DUE = {
    part: waiting.locking(
        select(*row_mapping.COLUMNS).where(
            not_(one_of(OutboxMessage.id, "seen")), not_(one_of(OutboxMessage.openid, "busy"))
        )
    )
    for part, waiting in WAITING.items()
}
_EXPIRED_LEASES = CLAIMED.locking(select(*row_mapping.COLUMNS))
_HELD = (
    select(*row_mapping.COLUMNS)
    .where(
        CLAIMED.is_owned,
        or_(OutboxMessage.state == SENDING, OutboxMessage.id.in_(bindparam("ids", expanding=True))),
    )
    .order_by(OutboxMessage.id)
    .with_for_update()
)
_HAND_OVER = (
    update(OutboxMessage)
    .where(
        one_of(OutboxMessage.id, "ids"),
        OutboxMessage.state == SENDING,
        CLAIMED.is_owned,
        # Somebody who left since the claim: it is taken back when the lease runs out, and put aside.
        not_(recipients.has_left(OutboxMessage.recipient_id)),
        # What has lost its point since it was claimed is dropped by whoever claims it next.
        or_(OutboxMessage.expires_at.is_(None), OutboxMessage.expires_at > bindparam("now")),
    )
    .values(handed_at=bindparam("now"))
    .returning(OutboxMessage.id)
)


def _due(
    allowances: Mapping[Channel, circuit_breaker.Allowance], most: int, now: datetime, busy: Collection[str]
) -> list[Row[Any]]:
    """The due rows of open channels, by importance; no channel crowds another out of what is left."""
    connection = db.session.connection()
    found: list[Row[Any]] = []
    room = {channel: given.most for channel, given in allowances.items()}
    # Of nine questions eight would be answered with nothing, each for a way to the database and back.
    waiting = what_is_due(tuple(WAITING.values()), now)
    for importance in IMPORTANCES:
        asking = [
            channel for channel in allowances if room[channel] and WAITING[channel, importance] in waiting
        ]
        while asking and len(found) < most:
            share = max((most - len(found)) // len(asking), 1)
            for channel in list(asking):
                wanted = min(share, room[channel], most - len(found))
                if not wanted:
                    continue
                seen = [row.id for row in found if row.channel == channel and row.importance == importance]
                wish = {"now": now, "limit": wanted, "seen": seen, "busy": busy}
                rows = connection.execute(_DUE[channel, importance], wish).all()
                found += rows
                room[channel] -= len(rows)
                if len(rows) < wanted or not room[channel]:
                    asking.remove(channel)
    return found


def _spread(rows: Sequence[Row[Any]]) -> list[Row[Any]]:
    """Without what is too much for one person; who has no openid is sent to by several threads at once."""
    to: Counter[str] = Counter()
    kept = []
    for row in rows:
        to[row.openid] += 1
        if not row.openid or to[row.openid] <= OF_ONE_PERSON:
            kept.append(row)
    return kept


def _take_back(most: int, now: datetime, chance: Chance) -> int:
    """Settle what a worker held when it died; how many of these are lost to knowledge."""
    rows = db.session.connection().execute(_EXPIRED_LEASES, {"now": now, "limit": most}).all()
    settled = []
    for row in rows:
        message = row_mapping.envelope(row, row.attempts, now)
        if row.handed_at is None:
            again = outcome_policy.resolve(message, Outcome(OutcomeKind.LATE, now), chance)
            settled.append((message, Outcome(OutcomeKind.LATE, now), again))
            continue
        since = row.unknown_since or row.handed_at
        outcome = Outcome(OutcomeKind.UNKNOWN, row.handed_at)
        new = outcome_policy.resolve_unknown(message, since, now, chance)
        if new.next_attempt_at is not None:
            new = replace(new, next_attempt_at=now)
        settled.append((message, outcome, replace(new, failure_class="lease_ran_out")))
    record_outcomes.record_attempts(settled, owner=None)
    return sum(new.state is DeliveryState.UNKNOWN for _, _, new in settled)
