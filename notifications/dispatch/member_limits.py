"""How many messages one person may get by a channel in a while; what goes beyond is postponed, not sent.

WeCom takes what is too much and drops it without a word, so we have to count: what was handed to the sending
threads, and what is claimed and still will be.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, and_, bindparam, literal_column, or_, select

from app.core import advisory_lock
from app.core.db import db
from notifications.channels.message_channel import MemberLimit
from notifications.channels.registry import CHANNELS
from notifications.models import DeliveryState, OutboxMessage
from notifications.wording.kinds import Channel

SLACK = timedelta(seconds=30)
"""How long a message may wait for a thread after it was handed over: its send is later than what we count."""

LIMITED: Mapping[Channel, tuple[MemberLimit, ...]] = {
    key: channel.limits for key, channel in CHANNELS.items() if channel.limits
}

_SENT = {
    channel: select(OutboxMessage.openid, OutboxMessage.handed_at).where(
        # A word of the statement and no parameter: its index is over this channel alone.
        OutboxMessage.channel == literal_column(f"'{channel}'"),
        OutboxMessage.openid.in_(bindparam("people", expanding=True)),
        or_(
            OutboxMessage.handed_at > bindparam("since"),
            and_(
                OutboxMessage.handed_at.is_(None),
                OutboxMessage.state == literal_column(f"'{DeliveryState.SENDING}'"),
            ),
        ),
    )
    for channel in LIMITED
}


def postponed(rows: Sequence[Row[Any]], now: datetime) -> dict[str, datetime]:
    """Which of these messages one person has no room for at `now`, and when there is; by the message's id.

    In the caller's transaction, which claims the others. Only one claim at a time counts for a channel.
    """
    found: dict[str, datetime] = {}
    for channel, limits in LIMITED.items():
        mine = [row for row in rows if row.channel == channel]
        if not mine:
            continue
        wait_for_other_claims()
        sent = _sent(channel, {row.openid for row in mine}, now, now - limits[-1].within - SLACK)
        for row in mine:
            times = sent[row.openid]
            until = _room_at(times, limits, now)
            if until <= now:
                times.append(now)
            else:
                found[row.id] = until
    return found


def _room_at(times: Sequence[datetime], limits: Sequence[MemberLimit], now: datetime) -> datetime:
    """When one more may be sent, after those of `times` (in order)."""
    until = now
    for limit in limits:
        if len(times) >= limit.most:
            until = max(until, times[-limit.most] + limit.within + SLACK)
    return until


def _sent(
    channel: Channel, people: Collection[str], now: datetime, since: datetime
) -> dict[str, list[datetime]]:
    """For each person, when messages went out since then, in order; what is still to go counts as now."""
    rows = db.session.connection().execute(_SENT[channel], {"people": sorted(people), "since": since})
    found: dict[str, list[datetime]] = defaultdict(list)
    for row in rows:
        found[row.openid].append(row.handed_at or now)
    for times in found.values():
        times.sort()
    return found


def wait_for_other_claims() -> None:
    """Two processes that count at the same time would each see the same room."""
    advisory_lock.wait_for("out")
