"""What did not arrive: by cause for supervisors, replayed where that can help, and summed up each morning."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, func, literal_column, select, update

from app.core import clock
from app.core.db import db
from app.domain.errors import ConflictError, NotFoundError
from notifications.channels import registry
from notifications.models import UNDELIVERED, ChannelGate, DeliveryAttempt, DeliveryState, OutboxMessage

REPLAYED = "replayed"
"""The outcome of an attempt that stands for somebody's decision to send again."""

REPLAYABLE = (DeliveryState.FAILED, DeliveryState.REFUSED)
"""States that a message may leave to be sent again. Of `unknown` nobody knows that it did not arrive, and in
`to_call` the manager has it in hand."""

# In the words of the index over what did not arrive.
_UNDELIVERED: ColumnElement[bool] = literal_column(UNDELIVERED)


@dataclass(frozen=True, slots=True)
class Cause:
    """So many messages that did not arrive in one way, for one reason."""

    channel: str
    state: str
    failure_class: str | None
    errcode: int | None
    messages: int

    @property
    def errcode_said(self) -> str | None:
        """What WeChat's code stands for, in Chinese."""
        return registry.meaning_of(self.channel, self.errcode)


@dataclass(frozen=True, slots=True)
class Gate:
    """A channel that is closed, or lets out what piled up."""

    channel: str
    reason: str | None
    closed_until: datetime | None
    draining: bool


@dataclass(frozen=True, slots=True)
class Undelivered:
    """One message that did not arrive; no text and nobody's name."""

    id: str
    kind: str
    case_id: str
    channel: str
    state: str
    failure_class: str | None
    errcode: int | None
    created_at: datetime
    settled_at: datetime
    replayable: bool

    @property
    def errcode_said(self) -> str | None:
        """What WeChat's code stands for, in Chinese."""
        return registry.meaning_of(self.channel, self.errcode)


@dataclass(frozen=True, slots=True)
class Sum:
    """How many messages did not arrive in a stretch of time, by what became of them."""

    failed: int
    refused: int
    unknown: int
    to_call: int

    @property
    def all(self) -> int:
        """All of them."""
        return self.failed + self.refused + self.unknown + self.to_call


@dataclass(frozen=True, slots=True)
class MessagesUndelivered:
    """An event of the morning of `day`: so many messages ended without arriving `since` then.

    `callbacks`: how many of WeChat's pushes could not be read or handled. `unreachable`: how many members of
    staff had something to hear and no channel reaches them.
    """

    day: date
    since: datetime
    found: Sum
    callbacks: int = 0
    unreachable: int = 0


def causes(since: datetime) -> list[Cause]:
    """Everything that did not arrive since then, by its cause, the most frequent first."""
    number = func.count().label("messages")
    rows = db.session.execute(
        select(
            OutboxMessage.channel,
            OutboxMessage.state,
            OutboxMessage.failure_class,
            OutboxMessage.errcode,
            number,
        )
        .where(_UNDELIVERED, OutboxMessage.settled_at > since)
        .group_by(
            OutboxMessage.channel, OutboxMessage.state, OutboxMessage.failure_class, OutboxMessage.errcode
        )
        .order_by(number.desc(), OutboxMessage.channel, OutboxMessage.state)
    )
    return [Cause(*row) for row in rows]


def gates() -> list[Gate]:
    """The channels that are in trouble now."""
    rows = db.session.execute(
        select(ChannelGate.channel, ChannelGate.reason, ChannelGate.closed_until, ChannelGate.draining)
        .where(ChannelGate.reason.is_not(None) | ChannelGate.draining)
        .order_by(ChannelGate.channel)
    )
    return [Gate(*row) for row in rows]


def listed(before: datetime | None, limit: int) -> list[Undelivered]:
    """A page of what did not arrive, the newest first: settled before `before`, or the newest of all."""
    older = () if before is None else (OutboxMessage.settled_at < before,)
    rows = db.session.execute(
        select(
            OutboxMessage.id,
            OutboxMessage.kind,
            OutboxMessage.case_id,
            OutboxMessage.channel,
            OutboxMessage.state,
            OutboxMessage.failure_class,
            OutboxMessage.errcode,
            OutboxMessage.created_at,
            OutboxMessage.settled_at,
        )
        .where(_UNDELIVERED, *older)
        .order_by(OutboxMessage.settled_at.desc(), OutboxMessage.id)
        .limit(limit)
    )
    return [
        Undelivered(
            row.id,
            row.kind,
            row.case_id,
            row.channel,
            row.state,
            row.failure_class,
            row.errcode,
            row.created_at,
            row.settled_at or row.created_at,
            row.state in REPLAYABLE,
        )
        for row in rows
    ]


def replay(message_id: str) -> None:
    """Send a message again by the channel it ended on, in the caller's transaction.

    Raises `NotFoundError`, and `ConflictError` when it may have arrived, is under way, or is called about.
    """
    now = clock.now()
    again = db.session.execute(
        update(OutboxMessage)
        .where(OutboxMessage.id == message_id, OutboxMessage.state.in_(REPLAYABLE))
        .values(
            state=DeliveryState.WAITING,
            attempts=0,
            failure_class=None,
            errcode=None,
            unknown_since=None,
            settled_at=None,
            next_attempt_at=now,
        )
        .returning(OutboxMessage.channel, OutboxMessage.template_key)
        .execution_options(synchronize_session=False)
    ).first()
    if again is None:
        if db.session.scalar(select(OutboxMessage.id).where(OutboxMessage.id == message_id)) is None:
            raise NotFoundError
        raise ConflictError("该消息可能已送达或正在处理，不能重发。请在工单中查看送达情况。")
    db.session.add(
        DeliveryAttempt(
            message_id=message_id,
            at=now,
            channel=again.channel,
            template_key=again.template_key,
            outcome=REPLAYED,
        )
    )


def total(since: datetime, until: datetime) -> Sum:
    """How many messages ended without arriving after `since` and until `until`."""
    rows: Sequence[tuple[str, int]] = [
        (row.state, row.messages)
        for row in db.session.execute(
            select(OutboxMessage.state, func.count().label("messages"))
            .where(_UNDELIVERED, OutboxMessage.settled_at > since, OutboxMessage.settled_at <= until)
            .group_by(OutboxMessage.state)
        )
    ]
    found = dict(rows)
    return Sum(*(found.get(state, 0) for state in ("failed", "refused", "unknown", "to_call")))
