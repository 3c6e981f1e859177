"""WeChat's reply windows (客服消息), and the person behind each."""

from datetime import datetime

from sqlalchemy import func, select

from app.core import clock
from app.core.db import db
from app.domain.conversation import reply_window
from app.domain.conversation.reply_window import Opened, ReplyWindow
from app.models import ChatPerson, ChatSend, ChatSendKind
from app.services.installation import city


def window_of_conversation(conversation_id: str) -> ReplyWindow | None:
    """The window for a reply in this conversation now; None when none is open."""
    found = best_window(conversation_id, clock.now())
    return None if found is None else found[1]


def best_window(conversation_id: str, now: datetime) -> tuple[ChatPerson, ReplyWindow] | None:
    """The person who writes into this conversation from WeChat's chat, with the window that closes last."""
    people = db.session.scalars(
        select(ChatPerson).where(ChatPerson.conversation_id == conversation_id).order_by(ChatPerson.medium)
    )
    opened = [(person, found) for person in people if (found := window_of_person(person, now)) is not None]
    return max(opened, key=lambda pair: pair[1].closes_at, default=None)


def window_of_person(person: ChatPerson, now: datetime, *, queued: int | None = None) -> ReplyWindow | None:
    """One person's window. Queued sends count as sent, unless `queued` gives their number."""
    opened = Opened(person.wrote_at, person.sends_since_writing, person.entered_at, person.sends_since_entry)
    on_its_way = _queued(person) if queued is None else queued
    return reply_window.window(city.current().talk.window, opened, now, queued=on_its_way)


def _queued(person: ChatPerson) -> int:
    found = db.session.scalar(
        select(func.count()).where(
            ChatSend.medium == person.medium,
            ChatSend.openid == person.openid,
            ChatSend.kind == ChatSendKind.TEXT,
        )
    )
    return found or 0
