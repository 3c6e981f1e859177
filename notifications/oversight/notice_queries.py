"""What the API shows of notifications: a person's notices, and what was told in a case."""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, func, or_, select, update

from app.core import clock
from app.core.db import db
from app.domain.errors import NotFoundError
from notifications.followup import attempts
from notifications.followup.attempts import AttemptLine
from notifications.models import DeliveryState, InboxEvent, Notice, OutboxMessage
from notifications.webhooks.models import PartnerDelivery, WebhookState
from notifications.wording.kinds import Audience

IN_APP = "in_app"
"""The state of what was told in the app only, because no channel reaches the person."""


@dataclass(frozen=True, slots=True)
class NoticeLine:
    """A notice as its reader sees it. `seq` is the cursor; `page` is what a tap opens in the mini-program."""

    seq: int
    id: str
    case_id: str
    kind: str
    title: str
    body: str = field(repr=False)
    page: str
    created_at: datetime
    read_at: datetime | None


@dataclass(frozen=True, slots=True)
class NoticePage:
    """Notices, the newest first, and how many of all are unread."""

    items: list[NoticeLine]
    unread: int


@dataclass(frozen=True, slots=True)
class MessageLine:
    """What one person was told in a case: when, through what, and what came of it, attempt by attempt.

    `channel` is None and `state` is `in_app` when there was no way to push it.
    """

    id: str
    kind: str
    title: str
    audience: Audience
    recipient_id: str
    channel: str | None
    state: str
    failure_class: str | None
    errcode: int | None
    attempts: list[AttemptLine]
    created_at: datetime
    settled_at: datetime | None


def notices_of_customer(customer_id: str, *, before: int | None, limit: int) -> NoticePage:
    """A page of a customer's notices: those with a `seq` below `before`, or the newest."""
    return _page(Notice.customer_id == customer_id, before, limit)


def notices_of_staff(staff_id: str, *, before: int | None, limit: int) -> NoticePage:
    """A page of the notices of a member of staff; see `notices_of_customer`."""
    return _page(Notice.staff_id == staff_id, before, limit)


def mark_read_by_customer(customer_id: str, notice_id: str) -> None:
    """The customer has read it; reading again keeps the first time. Raises `NotFoundError`."""
    _mark_read(Notice.customer_id == customer_id, notice_id)


def mark_read_by_staff(staff_id: str, notice_id: str) -> None:
    """The member of staff has read it; reading again keeps the first time. Raises `NotFoundError`."""
    _mark_read(Notice.staff_id == staff_id, notice_id)


def messages_of_case(case_id: str) -> list[MessageLine]:
    """Everything that was told in a case, in order; no text and no personal data."""
    tried = attempts.of_case(case_id)
    rows = db.session.execute(
        select(
            Notice.id,
            Notice.kind,
            Notice.title,
            Notice.customer_id,
            Notice.staff_id,
            Notice.created_at,
            OutboxMessage.id.label("message_id"),
            OutboxMessage.channel,
            OutboxMessage.state,
            OutboxMessage.failure_class,
            OutboxMessage.errcode,
            OutboxMessage.settled_at,
        )
        .outerjoin(OutboxMessage, OutboxMessage.notice_id == Notice.id)
        .where(Notice.case_id == case_id)
        .order_by(Notice.seq)
    )
    return [
        MessageLine(
            id=row.id,
            kind=row.kind,
            title=row.title,
            audience=Audience.STAFF if row.customer_id is None else Audience.CUSTOMER,
            recipient_id=row.customer_id or row.staff_id,
            channel=row.channel,
            state=row.state or IN_APP,
            failure_class=row.failure_class,
            errcode=row.errcode,
            attempts=tried.get(row.message_id, []),
            created_at=row.created_at,
            settled_at=row.settled_at,
        )
        for row in rows
    ]


def waiting_now() -> int:
    """What the jobs still have to do at this instant.

    Messages due or being sent, partners to be told or being told, callbacks to work off.
    """
    now = clock.now()
    due = (OutboxMessage.state == DeliveryState.WAITING) & (OutboxMessage.next_attempt_at <= now)
    messages = select(func.count()).where(or_(due, OutboxMessage.state == DeliveryState.SENDING))
    telling = (PartnerDelivery.state == WebhookState.WAITING) & (PartnerDelivery.next_attempt_at <= now)
    partners = select(func.count()).where(or_(telling, PartnerDelivery.state == WebhookState.SENDING))
    events = select(func.count()).where(InboxEvent.handled_at.is_(None), InboxEvent.next_attempt_at <= now)
    return sum(db.session.scalar(count) or 0 for count in (messages, partners, events))


def next_message() -> datetime | None:
    """When the first message that waits is due, such as one that waits for the end of the quiet hours."""
    waiting = OutboxMessage.state == DeliveryState.WAITING
    return db.session.scalar(select(func.min(OutboxMessage.next_attempt_at)).where(waiting))


def _page(mine: ColumnElement[bool], before: int | None, limit: int) -> NoticePage:
    older = () if before is None else (Notice.seq < before,)
    rows = db.session.execute(
        select(
            Notice.seq,
            Notice.id,
            Notice.case_id,
            Notice.kind,
            Notice.title,
            Notice.body,
            Notice.page,
            Notice.created_at,
            Notice.read_at,
        )
        .where(mine, *older)
        .order_by(Notice.seq.desc())
        .limit(limit)
    )
    unread = db.session.scalar(select(func.count()).where(mine, Notice.read_at.is_(None)))
    return NoticePage([NoticeLine(*row) for row in rows], unread or 0)


def _mark_read(mine: ColumnElement[bool], notice_id: str) -> None:
    found = db.session.execute(
        update(Notice)
        .where(Notice.id == notice_id, mine)
        .values(read_at=func.coalesce(Notice.read_at, clock.now()))
        .returning(Notice.id)
        .execution_options(synchronize_session=False)
    )
    if found.first() is None:
        raise NotFoundError
