"""The number of messages that a customer has not read."""

from sqlalchemy import func, select

from app.core.db import db
from app.domain.conversation.message_states import Side
from app.models import Conversation, Message


def unread_by_owner(conversation_id: str) -> int:
    """The number of the utility's messages that the customer has not read."""
    unread = (
        select(func.count())
        .select_from(Message)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .where(
            Message.conversation_id == conversation_id,
            Message.seq > Conversation.customer_read,
            Message.author == Side.STAFF,
            Message.recalled_at.is_(None),
        )
    )
    return db.session.scalar(unread) or 0
