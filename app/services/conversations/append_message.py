"""Appending a message to a conversation: numbered under its lock, and the same message only once."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app.core.db import db
from app.core.ids import new_id
from app.domain.errors import ConflictError
from app.models import Actor, Conversation, Medium, Message, MessageKind, Safety
from app.services.conversations.delivery import wechat_replies
from app.services.conversations.message_content import Content
from app.services.history.timeline import ENGINE, By

ANSWER = "answer:"
"""Prefix of the client ids of answers to chases and complaints; no device may use it."""

_TAKEN = "消息标识已用于其他会话，请重新发送。"
_OTHER_WORDS = "消息标识已用于另一条内容，请重新发送。"


@dataclass(frozen=True, slots=True)
class Sending:
    """Who sends through which medium, and the id that the sender's device gave the message."""

    by: By
    client_id: str | None
    medium: Medium = Medium.APP
    urgent: bool = False
    safety: Safety = Safety.UNNEEDED


def sent_before(conversation: Conversation, content: Content, sending: Sending) -> Message | None:
    """The message with this client id, if it was sent before; a resend changes nothing.

    Raises `ConflictError` when it was sent in another conversation or with other content, since the new
    content would be lost.
    """
    if sending.client_id is None:
        return None
    found = db.session.scalar(
        select(Message).where(Message.sender_id == sending.by.id, Message.client_id == sending.client_id)
    )
    if found is not None and found.conversation_id != conversation.id:
        raise ConflictError(_TAKEN)
    if found is not None and found.medium == Medium.APP and not _says_the_same(found, content):
        raise ConflictError(_OTHER_WORDS)
    return found


def _says_the_same(message: Message, content: Content) -> bool:
    # The content of a recalled message is no longer known.
    return message.recalled_at is not None or (
        (message.kind, message.content, message.document_id)
        == (content.kind, dict(content.values), content.document_id)
    )


def append_message(conversation: Conversation, content: Content, sending: Sending, now: datetime) -> Message:
    """Writes a message into a locked conversation.

    Numbers decide the order, and the instant shown is never before that of the last message, even if a clock
    was set back. Raises `ConflictError` when the sender's device uses the same id in another conversation at
    the same moment.
    """
    conversation.counter += 1
    message = Message(
        id=new_id(),
        conversation_id=conversation.id,
        seq=conversation.counter,
        changed=conversation.counter,
        author=sending.by.actor,
        sender_id=sending.by.id,
        client_id=sending.client_id,
        kind=content.kind,
        content=dict(content.values),
        document_id=content.document_id,
        medium=sending.medium,
        sent_at=now if conversation.last_at is None else max(now, conversation.last_at),
        urgent=sending.urgent,
        safety=sending.safety,
    )
    if sending.by.actor != Actor.ENGINE:
        conversation.last_at = message.sent_at
    db.session.flush()
    db.session.add(message)
    try:
        db.session.flush()
    except IntegrityError as fault:
        raise ConflictError(_TAKEN) from fault
    return message


def append_text(conversation: Conversation, text: str, now: datetime, *, in_chat: bool = False) -> Message:
    """Writes a message of the product itself, visible to both sides.

    `in_chat`: also into WeChat's chat if the customer writes there; it costs one of the limited sends.
    """
    message = append_message(
        conversation, Content(MessageKind.TEXT, {"text": text}), Sending(ENGINE, client_id=None), now
    )
    if in_chat:
        wechat_replies.queue_reply(conversation, message)
    return message


def append_card(conversation: Conversation, name: str, values: Mapping[str, Any], now: datetime) -> Message:
    """Adds a system card to a conversation."""
    content = Content(MessageKind.CARD, {"card": name, **values})
    return append_message(conversation, content, Sending(ENGINE, client_id=None), now)


def mark_changed(conversation: Conversation, message: Message) -> None:
    """Marks a message of a locked conversation as changed, so that polling phones receive it."""
    conversation.counter += 1
    message.changed = conversation.counter
