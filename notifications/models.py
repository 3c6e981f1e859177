"""The tables of notifications: notices, messages, attempts, and what WeChat pushed to us.

They reference cases, tasks and people by id without a foreign key: a notice outlives its subject, and
queueing one must not depend on the order in which other rows are written.
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from sqlalchemy import BigInteger, Float, ForeignKey, Index, Integer, SmallInteger, String, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.crypto import EncryptedJson, EncryptedText
from app.core.db import Base, UtcDateTime
from app.core.ids import LENGTH, new_id

PublicId = Annotated[str, mapped_column(String(LENGTH))]
# A log's own row number; SQLite counts by itself only in an INTEGER column.
RowNumber = Annotated[
    int, mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True)
]
Key = Annotated[str, mapped_column(String(64))]
DedupeKey = Annotated[str, mapped_column(String(200))]
WeChatId = Annotated[str, mapped_column(String(128))]
Instant = Annotated[datetime, mapped_column(UtcDateTime)]


class DeliveryState(StrEnum):
    """The state of a message. All but the first two are final, though a report may still change an
    accepted one.
    """

    WAITING = "waiting"
    """To be sent at `next_attempt_at`."""
    SENDING = "sending"
    """Claimed by one worker until `lease_until`; possibly handed to the channel if `handed_at` is set."""
    ACCEPTED = "accepted"
    """The channel accepted it; its delivery report is awaited (some kinds never get one)."""
    DELIVERED = "delivered"
    """WeChat's report says that it is on the phone."""
    REFUSED = "refused"
    """The person can't be reached by any channel, or blocked us."""
    FAILED = "failed"
    """Our fault, WeChat's or the configuration's; `failure_class` says whose."""
    UNKNOWN = "unknown"
    """Sent, but the outcome is not known; the city's rule is applied later."""
    TO_CALL = "to_call"
    """No message reached the person; the manager has the task of calling them."""
    GATHERED = "gathered"
    """Not sent alone: told with others in the next morning's message (`digest_id` once that is written)."""
    EXPIRED = "expired"
    """It became pointless before it could be sent, such as a reminder of a completed task."""


class Notice(Base):
    """What one person was told; readable in the app whether or not a channel carried it.

    Exactly one of `customer_id` and `staff_id` is set. `seq` orders a person's notices and is the cursor of
    lists.
    """

    __tablename__ = "notices"
    __table_args__ = (
        Index(None, "customer_id", "seq"),
        Index(None, "staff_id", "seq"),
    )

    seq: Mapped[RowNumber]
    id: Mapped[PublicId] = mapped_column(unique=True, default=new_id)
    customer_id: Mapped[Key | None]
    staff_id: Mapped[Key | None]
    case_id: Mapped[Key] = mapped_column(index=True)
    task_id: Mapped[Key | None]
    kind: Mapped[Key]
    title: Mapped[str] = mapped_column(String(100))
    body: Mapped[str] = mapped_column(EncryptedText)
    page: Mapped[str] = mapped_column(String(200))
    dedupe_key: Mapped[DedupeKey] = mapped_column(unique=True)
    created_at: Mapped[Instant]
    read_at: Mapped[Instant | None]


TO_STAFF = "audience = 'staff' AND state <> 'gathered'"
"""What goes to staff alone, written as in the index."""

NOT_TOLD_YET = "state = 'gathered' AND digest_id IS NULL"
"""What is gathered for the next morning, written as in the index."""

UNDELIVERED = "state IN ('failed', 'refused', 'unknown', 'to_call')"
"""The states of undelivered messages, written as in the index: a query uses it only in the same words."""


class OutboxMessage(Base):
    """One message to one person, written in the transaction of its event.

    `importance` is 1 (first) to 3 (last). `next_channels` holds {"routes": [...]}: the channels to try when
    this one cannot reach the person. After `expires_at` it is pointless, and so it may become by what
    happens to `subject_id`: the visit, stop, chase or complaint that it speaks of. `handed_at` is committed
    before a claimed message goes to the sender threads: without it, it was not sent. `unknown_since`: the
    first send of unknown outcome; it bounds the time in which WeChat recognises a repetition. `attempts`
    counts the sends on the current channel. `needed_by`: when a member of staff must have heard of it, such
    as the due date of a task. `digest_id` is the notice of the morning's message that told it with others.
    """

    __tablename__ = "outbox_messages"
    __table_args__ = (
        # Finished messages are never looked up by time: a million of them must not slow claiming down.
        Index(
            "ix_outbox_messages_waiting",
            "channel",
            "importance",
            "next_attempt_at",
            sqlite_where=text("state = 'waiting'"),
            postgresql_where=text("state = 'waiting'"),
        ),
        # Undelivered messages, for those who look after them.
        Index(
            "ix_outbox_messages_undelivered",
            "settled_at",
            sqlite_where=text(UNDELIVERED),
            postgresql_where=text(UNDELIVERED),
        ),
        # Only claimed messages are looked up by lease, a handful at any time.
        Index(
            "ix_outbox_messages_lease",
            "lease_until",
            sqlite_where=text("state = 'sending'"),
            postgresql_where=text("state = 'sending'"),
        ),
        Index(None, "openid", "template_key"),
        # What waits for the next morning's message, and how many messages a member of staff got today.
        Index(
            "ix_outbox_messages_gathered",
            "recipient_id",
            sqlite_where=text(NOT_TOLD_YET),
            postgresql_where=text(NOT_TOLD_YET),
        ),
        Index(
            "ix_outbox_messages_staff",
            "recipient_id",
            "handed_at",
            sqlite_where=text(TO_STAFF),
            postgresql_where=text(TO_STAFF),
        ),
        Index(
            "ix_outbox_messages_digest_id",
            "digest_id",
            sqlite_where=text("digest_id IS NOT NULL"),
            postgresql_where=text("digest_id IS NOT NULL"),
        ),
        # How many cards one member got lately: WeCom drops what is too much without a word.
        Index(
            "ix_outbox_messages_wecom",
            "openid",
            "handed_at",
            sqlite_where=text("channel = 'wecom'"),
            postgresql_where=text("channel = 'wecom'"),
        ),
    )

    id: Mapped[PublicId] = mapped_column(primary_key=True, default=new_id)
    notice_id: Mapped[PublicId] = mapped_column(ForeignKey("notices.id"), unique=True)
    kind: Mapped[Key]
    case_id: Mapped[Key] = mapped_column(index=True)
    task_id: Mapped[Key | None]
    subject_id: Mapped[Key | None]
    audience: Mapped[Key]
    recipient_id: Mapped[Key]
    channel: Mapped[Key]
    template_key: Mapped[Key]
    openid: Mapped[WeChatId]
    data: Mapped[dict[str, Any]] = mapped_column(EncryptedJson)
    page: Mapped[str] = mapped_column(String(200))
    next_channels: Mapped[dict[str, Any]] = mapped_column(EncryptedJson)
    dedupe_key: Mapped[DedupeKey] = mapped_column(unique=True)
    importance: Mapped[int] = mapped_column(SmallInteger)
    state: Mapped[Key] = mapped_column(default=DeliveryState.WAITING)
    failure_class: Mapped[Key | None]
    errcode: Mapped[int | None]
    attempts: Mapped[int] = mapped_column(default=0)
    next_attempt_at: Mapped[Instant]
    expires_at: Mapped[Instant | None]
    needed_by: Mapped[Instant | None]
    digest_id: Mapped[PublicId | None]
    claimed_at: Mapped[Instant | None]
    handed_at: Mapped[Instant | None]
    lease_until: Mapped[Instant | None]
    lease_owner: Mapped[Key | None]
    unknown_since: Mapped[Instant | None]
    msgid: Mapped[Key | None] = mapped_column(index=True)
    created_at: Mapped[Instant]
    settled_at: Mapped[Instant | None]


class DeliveryAttempt(Base):
    """One attempt to reach somebody, kept for good: when, by which channel, and the outcome."""

    __tablename__ = "delivery_attempts"
    __table_args__ = (
        # Only refused content is counted by template, and it is rare.
        Index(
            "ix_delivery_attempts_content",
            "template_key",
            "at",
            sqlite_where=text("outcome = 'content'"),
            postgresql_where=text("outcome = 'content'"),
        ),
    )

    id: Mapped[RowNumber]
    message_id: Mapped[PublicId] = mapped_column(ForeignKey("outbox_messages.id"), index=True)
    at: Mapped[Instant]
    channel: Mapped[Key]
    template_key: Mapped[Key]
    outcome: Mapped[Key]
    errcode: Mapped[int | None]


class ChannelGate(Base):
    """The circuit breaker of a channel, shared by all processes; a channel without a row is open.

    `reason` is set while it is closed, until `closed_until`; then one worker may probe it until
    `probing_until`. `faults`: consecutive faults. `closings`: how often it closed without being open in
    between. `draining`: the backlog is released at the city's rate; `allowance` messages were allowed at
    `allowance_at`.
    """

    __tablename__ = "channel_gates"

    channel: Mapped[Key] = mapped_column(primary_key=True)
    reason: Mapped[Key | None]
    closed_until: Mapped[Instant | None]
    probing_until: Mapped[Instant | None]
    faults: Mapped[int] = mapped_column(default=0)
    closings: Mapped[int] = mapped_column(default=0)
    draining: Mapped[bool] = mapped_column(default=False)
    allowance: Mapped[float] = mapped_column(Float, default=0.0)
    allowance_at: Mapped[Instant]


class StoppedTemplate(Base):
    """A template that WeChat refuses. Its messages wait or take the next channel until it is released."""

    __tablename__ = "stopped_templates"

    template_key: Mapped[Key] = mapped_column(primary_key=True)
    errcode: Mapped[int | None]
    stopped_at: Mapped[Instant]


class MessagePreference(Base):
    """Whether a customer wants one topic of messages pushed; without a row they do."""

    __tablename__ = "message_preferences"

    customer_id: Mapped[Key] = mapped_column(primary_key=True)
    topic: Mapped[Key] = mapped_column(primary_key=True)
    wanted: Mapped[bool]
    updated_at: Mapped[Instant]


class SubscribeConsent(Base):
    """How many subscribe messages of one template a user of the mini-program still accepts.

    By openid and not by customer, since WeChat's events identify the person so. `unmatched_reports`: how many
    more accepts the client has reported than WeChat's events have confirmed (negative: the reverse), so that
    one tap reported twice counts once.
    """

    __tablename__ = "subscribe_consents"

    openid: Mapped[WeChatId] = mapped_column(primary_key=True)
    template_key: Mapped[Key] = mapped_column(primary_key=True)
    remaining: Mapped[int]
    unmatched_reports: Mapped[int] = mapped_column(default=0)
    updated_at: Mapped[Instant]


class InboxEvent(Base):
    """What WeChat pushed to a callback address, stored once and processed by the jobs."""

    __tablename__ = "inbox_events"
    __table_args__ = (
        Index(
            "ix_inbox_events_open",
            "next_attempt_at",
            sqlite_where=text("handled_at IS NULL"),
            postgresql_where=text("handled_at IS NULL"),
        ),
        # What could not be read or handled, for those who look after it.
        Index(
            "ix_inbox_events_failed",
            "handled_at",
            sqlite_where=text("outcome = 'failed'"),
            postgresql_where=text("outcome = 'failed'"),
        ),
    )

    id: Mapped[RowNumber]
    dedupe_key: Mapped[DedupeKey] = mapped_column(unique=True)
    account: Mapped[Key]
    event: Mapped[Key]
    # Encrypted, because a person may write anything to the account.
    payload: Mapped[dict[str, Any]] = mapped_column(EncryptedJson)
    received_at: Mapped[Instant]
    attempts: Mapped[int] = mapped_column(default=0)
    next_attempt_at: Mapped[Instant]
    handled_at: Mapped[Instant | None]
    outcome: Mapped[Key | None]
