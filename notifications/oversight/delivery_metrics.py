"""What whoever runs the installation watches of messages: do they get out, and how does it end."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, literal_column, select

from app.core import clock
from app.core.db import db
from app.wechat.token_table import AccessTokenRow
from notifications.incoming import failed_callbacks
from notifications.models import (
    UNDELIVERED,
    ChannelGate,
    DeliveryAttempt,
    InboxEvent,
    OutboxMessage,
    StoppedTemplate,
)

LAST = 1000
"""So many of the newest attempts tell how sending goes just now, whichever process made them."""

FAILED_SHOWN = timedelta(days=7)
"""How long a callback that could not be read or handled stays in the figure."""


@dataclass(frozen=True, slots=True)
class Queue:
    """Messages of one channel that wait although they could go; `age` of the oldest, in seconds."""

    channel: str
    waiting: int
    age: float


@dataclass(frozen=True, slots=True)
class DeliverySigns:
    """The state of delivery at one moment.

    `attempts`: how the last attempts ended. `undelivered`: everything that did not arrive and is not settled
    otherwise, by state. `callbacks_failed`: within the last week. `token_seconds`: how long each account's
    token still holds, negative when it ended.
    """

    queues: list[Queue]
    sending: int
    attempts: Mapping[str, int]
    undelivered: Mapping[str, int]
    closed_channels: list[str]
    stopped_templates: int
    callbacks_waiting: int
    callbacks_failed: int
    token_seconds: Mapping[str, float]


def read() -> DeliverySigns:
    """Read the signs; each a count over an index of what waits, or over few rows."""
    now = clock.now()
    return DeliverySigns(
        queues=_queues(now),
        sending=_sending(),
        attempts=_attempts(),
        undelivered=_undelivered(),
        closed_channels=sorted(
            db.session.scalars(select(ChannelGate.channel).where(ChannelGate.reason.is_not(None)))
        ),
        stopped_templates=db.session.scalar(select(func.count()).select_from(StoppedTemplate)) or 0,
        callbacks_waiting=_callbacks(now),
        callbacks_failed=failed_callbacks.count(now - FAILED_SHOWN, now),
        token_seconds=_tokens(now),
    )


def _queues(now: datetime) -> list[Queue]:
    # Here and below the states are spelt out, so that the planner sees that a partial index answers.
    rows = db.session.execute(
        select(OutboxMessage.channel, func.count(), func.min(OutboxMessage.next_attempt_at))
        .where(literal_column("state = 'waiting'"), OutboxMessage.next_attempt_at <= now)
        .group_by(OutboxMessage.channel)
    )
    return [Queue(channel, waiting, (now - oldest).total_seconds()) for channel, waiting, oldest in rows]


def _sending() -> int:
    claimed = select(func.count()).select_from(OutboxMessage).where(literal_column("state = 'sending'"))
    return db.session.scalar(claimed) or 0


def _attempts() -> dict[str, int]:
    last = select(DeliveryAttempt.outcome).order_by(DeliveryAttempt.id.desc()).limit(LAST).subquery()
    rows = db.session.execute(select(last.c.outcome, func.count()).group_by(last.c.outcome))
    return {row[0]: row[1] for row in rows}


def _undelivered() -> dict[str, int]:
    rows = db.session.execute(
        select(OutboxMessage.state, func.count())
        .where(literal_column(UNDELIVERED))
        .group_by(OutboxMessage.state)
    )
    return {row[0]: row[1] for row in rows}


def _callbacks(now: datetime) -> int:
    waiting = select(func.count()).where(InboxEvent.handled_at.is_(None), InboxEvent.next_attempt_at <= now)
    return db.session.scalar(waiting) or 0


def _tokens(now: datetime) -> dict[str, float]:
    rows = db.session.execute(select(AccessTokenRow.appid, AccessTokenRow.expires_at))
    return {appid: (expires - now).total_seconds() for appid, expires in rows if expires is not None}
