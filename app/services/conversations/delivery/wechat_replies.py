"""Answers into WeChat's own chat: queued with their message, handed over by the jobs, never lost silently.

What WeChat does not let through falls to a notice, whose push opens the mini-program; where the mini-program
does not know the person either, the message says that it did not arrive, and why.

A long text goes in several sends, and is begun only when the window has room for all of them. Each part that
WeChat took is written down before the next is sent. A worker that dies in between leaves the message of
unknown outcome: no part is sent twice, and the person is told by notice, where all of it can be read.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import and_, exists, select
from sqlalchemy.orm import aliased

from app.core import clock
from app.core.db import db
from app.core.queue import NOW, Lease, Queue
from app.domain.conversation import reply_parts
from app.domain.conversation.message_states import Side
from app.domain.conversation.vocabulary import UndeliveredCause
from app.domain.file_types import SEEN_BY_WECHAT
from app.models import (
    Actor,
    Carriage,
    Case,
    ChatPerson,
    ChatSend,
    ChatSendKind,
    Conversation,
    Document,
    Medium,
    Message,
    MessageKind,
    Safety,
)
from app.services.conversations.delivery import reply_windows, unread_push
from app.services.installation import city

LEASE = timedelta(minutes=1)
"""Longer than WeChat's client waits for an answer."""

_EARLIER = aliased(ChatSend)

# Of each person only the first is due: replies must not overtake each other.
QUEUE = Queue(
    "replies",
    ChatSend,
    falls_due=ChatSend.due_at,
    due=(
        and_(
            ChatSend.due_at <= NOW,
            ~exists().where(
                _EARLIER.medium == ChatSend.medium,
                _EARLIER.openid == ChatSend.openid,
                _EARLIER.id < ChatSend.id,
            ),
        ),
    ),
    order_by=(ChatSend.id,),
    lease=Lease(ChatSend.claimed_by, ChatSend.due_at, LEASE, ChatSend.attempts),
)

TYPING_LASTS = timedelta(seconds=15)
TRIES = 5


class Outcome(StrEnum):
    """What became of one attempt to hand something to WeChat."""

    SENT = "sent"
    AGAIN = "again"
    """Nothing was done; worth another try."""
    CLOSED = "closed"
    """WeChat's window is over or used up, whatever we had counted."""
    REFUSED = "refused"
    UNKNOWN = "unknown"
    """It may have arrived; it is never sent again."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that WeChat's chat can show, and where its bytes lie."""

    object_key: str
    media_type: str


@dataclass(frozen=True, slots=True)
class ClaimedReply:
    """One thing to hand to WeChat.

    `shut`: why its window does not let it through. `crashed`: somebody claimed it before and never told what
    came of it.

    `text` says the same as `picture`, should WeChat not take that one.
    """

    id: int
    medium: str
    openid: str = field(repr=False)
    kind: str
    text: str = field(repr=False)
    attempts: int
    shut: UndeliveredCause | None
    crashed: bool
    picture: Picture | None = None
    parts: tuple[str, ...] = ()
    """Of `text`, those that are still to be sent, in order."""
    withdrawn: bool = False
    """It was recalled or withheld since."""


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one attempt, and why where it did not arrive."""

    outcome: Outcome
    cause: UndeliveredCause | None = None


def queue_reply(conversation: Conversation, message: Message) -> None:
    """Queue a fresh message of a locked conversation for the chat in which the customer last wrote.

    Nothing is queued for somebody who writes in the mini-program. Where the window is closed, the message
    says so from the beginning.
    """
    if _last_medium(conversation.id) == Medium.APP:
        return
    parts, now = len(_parts(message)), clock.now()
    found = reply_windows.best_window(conversation.id, now, sends=parts)
    if found is None:
        if message.author == Actor.STAFF:
            _fall_back(conversation, message, _why_not_queued(conversation, now))
        return
    person, _ = found
    _queue(person, ChatSendKind.TEXT, message.id, parts)
    message.carriage = Carriage.WAITING


def _why_not_queued(conversation: Conversation, now: datetime) -> UndeliveredCause:
    if reply_windows.best_window(conversation.id, now) is not None:
        return UndeliveredCause.NO_ROOM
    return reply_windows.why_shut(reply_windows.people_of(conversation.id), now)


def show_typing(conversation_id: str) -> None:
    """Let the person in WeChat's chat see that somebody is writing; costs no send, and is soon forgotten."""
    found = reply_windows.best_window(conversation_id, clock.now())
    if found is not None and _last_medium(conversation_id) != Medium.APP:
        _queue(found[0], ChatSendKind.TYPING, None, 1)


def claim(owner: str, limit: int) -> Sequence[ClaimedReply]:
    """Claim up to `limit` that are due, of each person only the first."""
    return [_claimed(row, clock.now()) for row in QUEUE.claim(owner, limit)]


def record_part(owner: str, claimed: ClaimedReply) -> bool:
    """Write down that WeChat took one part of several, and hold the rest a while longer.

    False when another worker holds it by now: nothing more of it may be sent.
    """
    row = QUEUE.owned(owner, claimed.id)
    if row is None:
        return False
    row.sent_parts += 1
    row.due_at = clock.now() + LEASE
    _count(row, Outcome.SENT)
    return True


def record_result(owner: str, claimed: ClaimedReply, result: Result, again_at: datetime) -> None:
    """Write down what became of one attempt, if it is still this worker's; `again_at` is for another try."""
    row, outcome = QUEUE.owned(owner, claimed.id), result.outcome
    if row is None:
        return
    if outcome is Outcome.AGAIN and row.attempts < TRIES and row.kind == ChatSendKind.TEXT:
        QUEUE.release(owner, claimed.id, due_at=again_at)
        return
    message_id = row.message_id
    if row.kind == ChatSendKind.TEXT:
        _count(row, outcome)
    db.session.delete(row)
    db.session.flush()
    if message_id is not None:
        _tell(message_id, Result(outcome, result.cause or UndeliveredCause.OTHER))


def abandon(medium: str, openid: str) -> None:
    """Nothing that waits for this person can be said there any more; each message says what became of it."""
    waiting = db.session.scalars(
        select(ChatSend).where(ChatSend.medium == medium, ChatSend.openid == openid).with_for_update()
    ).all()
    for row in waiting:
        db.session.delete(row)
    db.session.flush()
    for row in waiting:
        if row.message_id is not None:
            _tell(row.message_id, Result(Outcome.REFUSED, UndeliveredCause.FORGOTTEN))


def _queue(person: ChatPerson, kind: ChatSendKind, message_id: str | None, parts: int) -> None:
    now = clock.now()
    db.session.add(
        ChatSend(
            medium=person.medium,
            openid=person.openid,
            kind=kind,
            message_id=message_id,
            parts=parts,
            created_at=now,
            due_at=now,
        )
    )


def _claimed(row: ChatSend, now: datetime) -> ClaimedReply:
    person = db.session.get_one(ChatPerson, (row.medium, row.openid))
    shut = _why_shut(row, person, now)
    message = None if row.message_id is None else db.session.get_one(Message, row.message_id)
    return ClaimedReply(
        id=row.id,
        medium=row.medium,
        openid=row.openid,
        kind=row.kind,
        text="" if message is None else _words(message),
        attempts=row.attempts,
        shut=shut,
        parts=() if message is None else tuple(_parts(message)[row.sent_parts :]),
        withdrawn=message is not None and not _stands(message),
        crashed=row.claimed_by is not None,
        picture=None if message is None else _picture(message),
    )


def _why_shut(row: ChatSend, person: ChatPerson, now: datetime) -> UndeliveredCause | None:
    if row.kind == ChatSendKind.TYPING:
        return None if now - row.created_at < TYPING_LASTS else UndeliveredCause.CLOSED
    window = reply_windows.window_of_person(person, now, queued=0)
    if window is None:
        return reply_windows.why_shut([person], now)
    return None if window.left >= row.parts - row.sent_parts else UndeliveredCause.NO_ROOM


def _stands(message: Message) -> bool:
    return message.recalled_at is None and message.safety != Safety.RISKY


def _picture(message: Message) -> Picture | None:
    """What of a message the chat can show."""
    if message.document_id is None:
        return None
    document = db.session.get_one(Document, message.document_id)
    largest = city.current().talk.media.largest_bytes
    if (
        document.media_type not in SEEN_BY_WECHAT
        or document.size > largest
        or document.withheld_at is not None
    ):
        return None
    return Picture(document.object_key, document.media_type)


def _parts(message: Message) -> list[str]:
    """The sends that a message takes; the same at every look, since a message does not change."""
    return reply_parts.split(_words(message), city.current().talk.window.text_bytes)


def _words(message: Message) -> str:
    """What a message says in a chat that shows text alone."""
    if message.kind == MessageKind.DOCUMENT and message.document_id is not None:
        return f"[资料] {db.session.get_one(Document, message.document_id).name}，请在小程序中查看。"
    if message.kind == MessageKind.LOCATION:
        return f"[位置] {message.content.get('name', '')}，请在小程序中查看。"
    return str(message.content.get("text", ""))


def _count(row: ChatSend, outcome: Outcome) -> None:
    """A send that arrived or may have, or a window that WeChat says is used up."""
    person = db.session.get_one(ChatPerson, (row.medium, row.openid), with_for_update=True)
    rules, now = city.current().talk.window, clock.now()
    if outcome is Outcome.CLOSED:
        person.sends_since_writing, person.sends_since_entry = rules.message.sends, rules.entry.sends
    elif outcome in {Outcome.SENT, Outcome.UNKNOWN}:
        if person.wrote_at is not None and now < person.wrote_at + rules.message.within:
            person.sends_since_writing += 1
        else:
            person.sends_since_entry += 1


def _tell(message_id: str, result: Result) -> None:
    outcome = result.outcome
    found = db.session.get_one(Message, message_id)
    conversation = db.session.get_one(Conversation, found.conversation_id, with_for_update=True)
    if outcome is Outcome.SENT:
        found.carriage = Carriage.CHAT
    elif outcome is Outcome.UNKNOWN:
        found.carriage = Carriage.UNKNOWN
        unread_push.schedule_push(conversation, Side.CUSTOMER, found)
    else:
        _fall_back(conversation, found, result.cause or UndeliveredCause.OTHER)
    conversation.counter += 1
    found.changed = conversation.counter


def _fall_back(conversation: Conversation, message: Message, cause: UndeliveredCause) -> None:
    """By notice, whose push is on its way as for any unread message; else it says that it did not arrive."""
    message.carriage_cause = cause
    if _customer(conversation) is None:
        message.carriage = Carriage.UNREACHABLE
        return
    message.carriage = Carriage.NOTICE
    unread_push.schedule_push(conversation, Side.CUSTOMER, message)


def _customer(conversation: Conversation) -> str | None:
    if conversation.case_id is None:
        return conversation.customer_id
    return db.session.get_one(Case, conversation.case_id).customer_id


def _last_medium(conversation_id: str) -> str:
    """Through what the customer last wrote; the mini-program when they never did."""
    return (
        db.session.scalar(
            select(Message.medium)
            .where(Message.conversation_id == conversation_id, Message.author == Actor.CUSTOMER)
            .order_by(Message.seq.desc())
            .limit(1)
        )
        or Medium.APP
    )
