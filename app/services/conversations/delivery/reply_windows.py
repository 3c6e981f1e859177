"""WeChat's reply windows (客服消息), and the person behind each."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import func, select

from app.core import clock
from app.core.db import db
from app.domain.conversation import reply_window
from app.domain.conversation.reply_window import Opened, ReplyWindow
from app.domain.conversation.vocabulary import UndeliveredCause
from app.models import ChatPerson, ChatSend, ChatSendKind
from app.services.installation import city


def window_of_conversation(conversation_id: str) -> ReplyWindow | None:
    """The window for a reply in this conversation now; None when none is open."""
    found = best_window(conversation_id, clock.now())
    return None if found is None else found[1]


def best_window(
    conversation_id: str, now: datetime, *, sends: int = 1
) -> tuple[ChatPerson, ReplyWindow] | None:
    """The person who writes into this conversation from WeChat's chat, with the window that closes last.

    Of those that have room for so many more sends.
    """
    people = people_of(conversation_id)
    opened = [(person, found) for person in people if (found := window_of_person(person, now)) is not None]
    opened = [(person, found) for person, found in opened if found.left >= sends]
    return max(opened, key=lambda pair: pair[1].closes_at, default=None)


def people_of(conversation_id: str) -> Sequence[ChatPerson]:
    """Who writes into this conversation from WeChat's chats."""
    return db.session.scalars(
        select(ChatPerson).where(ChatPerson.conversation_id == conversation_id).order_by(ChatPerson.medium)
    ).all()


def why_shut(people: Iterable[ChatPerson], now: datetime) -> UndeliveredCause:
    """Why none of these people has an open window: its time is over, or its messages are used up."""
    within = city.current().talk.window.message.within
    lasting = any(person.wrote_at is not None and now < person.wrote_at + within for person in people)
    return UndeliveredCause.USED_UP if lasting else UndeliveredCause.CLOSED


def window_of_person(person: ChatPerson, now: datetime, *, queued: int | None = None) -> ReplyWindow | None:
    """One person's window. Queued sends count as sent, unless `queued` gives their number."""
    opened = Opened(person.wrote_at, person.sends_since_writing, person.entered_at, person.sends_since_entry)
    on_its_way = _queued(person) if queued is None else queued
    return reply_window.window(city.current().talk.window, opened, now, queued=on_its_way)


def _queued(person: ChatPerson) -> int:
    found = db.session.scalar(
        select(func.sum(ChatSend.parts - ChatSend.sent_parts)).where(
            ChatSend.medium == person.medium,
            ChatSend.openid == person.openid,
            ChatSend.kind == ChatSendKind.TEXT,
        )
    )
    return found or 0
