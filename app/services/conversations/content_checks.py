"""WeChat's content check (内容安全) of messages, called by the jobs. Conversations go on while it is
unavailable.

A risky message is withheld from both sides. One that could not be checked is marked for the manager: the
check fails open.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import select

from app.core import clock
from app.core.db import db
from app.core.queue import Lease, Queue
from app.domain.file_types import SEEN_BY_WECHAT
from app.models import Conversation, Customer, Document, Message, MessageCheck, MessageKind, Safety, Staff
from app.services.conversations import answer_clock
from app.services.conversations.append_message import mark_changed
from app.services.documents.document_access import LinkSigner
from app.services.installation import city

__all__ = [
    "ClaimedCheck",
    "Safety",
    "answered",
    "ask",
    "await_answer",
    "being_asked",
    "claim",
    "openid_of",
    "openid_of_member",
    "postpone",
    "record_verdict",
]

LEASE = timedelta(minutes=1)

# A check that waits for WeChat's answer about a picture is due when that answer is overdue.
QUEUE = Queue(
    "checks",
    MessageCheck,
    falls_due=MessageCheck.due_at,
    lease=Lease(MessageCheck.claimed_by, MessageCheck.due_at, LEASE, MessageCheck.attempts),
)


@dataclass(frozen=True, slots=True)
class ClaimedCheck:
    """One message to check: its text or the path of a picture; neither once the wait is over."""

    message_id: str
    openid: str = field(repr=False)
    text: str | None = field(repr=False)
    picture: str | None = field(repr=False)
    attempts: int


def ask(message: Message, openid: str | None) -> None:
    """Requests the check of a new message, if WeChat knows its author and can read it."""
    if openid is None:
        return
    if message.kind == MessageKind.DOCUMENT:
        document = db.session.get_one(Document, message.document_id)
        if document.media_type not in SEEN_BY_WECHAT:
            return
    elif message.kind != MessageKind.TEXT:
        return
    message.safety = Safety.WAITING
    db.session.add(MessageCheck(message_id=message.id, openid=openid, due_at=clock.now()))


def openid_of(conversation: Conversation) -> str | None:
    """The customer's openid in the mini-program, whose check it is."""
    customer_id = conversation.customer_id
    return None if customer_id is None else db.session.get_one(Customer, customer_id).openid


def openid_of_member(staff_id: str) -> str | None:
    """The openid of a member of staff in the mini-program; None before their first log-in."""
    return db.session.get_one(Staff, staff_id).openid


def claim(owner: str, limit: int, links: LinkSigner) -> Sequence[ClaimedCheck]:
    """Take up to `limit` checks that are due; a picture whose answer never came counts as unchecked."""
    claimed = []
    for row in QUEUE.lock(limit):
        if row.trace_id is not None or row.attempts >= city.current().talk.safety.tries:
            _write(row, Safety.UNCHECKED)
        else:
            claimed.append(_claimed(row, links))
    QUEUE.lease([check.message_id for check in claimed], owner)
    return claimed


def record_verdict(owner: str, message_id: str, safety: Safety) -> None:
    """Write down what WeChat said, if the check is still this worker's."""
    row = QUEUE.owned(owner, message_id)
    if row is not None:
        _write(row, safety)


def postpone(owner: str, message_id: str, again_at: datetime) -> None:
    """Nothing was said; ask again at `again_at`, and not for ever."""
    QUEUE.release(owner, message_id, due_at=again_at)


def await_answer(owner: str, message_id: str, trace_id: str) -> None:
    """WeChat looks at a picture and will tell."""
    until = clock.now() + city.current().talk.safety.answer_within
    QUEUE.release(owner, message_id, trace_id=trace_id, due_at=until)


def being_asked() -> bool:
    """Whether a check is being requested just now: its event may arrive before the answer."""
    asking = select(MessageCheck.message_id).where(
        MessageCheck.claimed_by.is_not(None), MessageCheck.trace_id.is_(None)
    )
    return db.session.scalar(asking.limit(1)) is not None


def answered(trace_id: str, safety: Safety) -> bool:
    """Records WeChat's verdict on a picture from its event. Returns False if nobody waits for it."""
    row = db.session.scalar(select(MessageCheck).where(MessageCheck.trace_id == trace_id).with_for_update())
    if row is None:
        return False
    _write(row, safety)
    return True


def _claimed(row: MessageCheck, links: LinkSigner) -> ClaimedCheck:
    message = db.session.get_one(Message, row.message_id)
    return ClaimedCheck(
        row.message_id, row.openid, message.content.get("text"), _picture(message, links), row.attempts + 1
    )


def _picture(message: Message, links: LinkSigner) -> str | None:
    """The address at which WeChat finds the picture of a message, valid for as long as the answer may
    take.
    """
    if message.document_id is None:
        return None
    document = db.session.get_one(Document, message.document_id)
    if document.media_type not in SEEN_BY_WECHAT:
        # Of a voice message the words that WeChat recognised are checked.
        return None
    return links.nameless(document, city.current().talk.safety.answer_within).path


def _write(row: MessageCheck, safety: Safety) -> None:
    message = db.session.get_one(Message, row.message_id)
    conversation = db.session.get_one(Conversation, message.conversation_id, with_for_update=True)
    message.safety = safety
    if safety is Safety.RISKY:
        if message.document_id is not None:
            # Otherwise it could still be downloaded from the case's documents.
            db.session.get_one(Document, message.document_id).withheld_at = clock.now()
        answer_clock.recompute_answer_clock(conversation)
    if safety is not Safety.PASSED:
        # Do not mark a message as changed if nobody sees a difference.
        mark_changed(conversation, message)
    db.session.delete(row)
    db.session.flush()
