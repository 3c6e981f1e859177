"""One message as its sender sees it, right after sending or changing it."""

from sqlalchemy import select

from app.core.db import db
from app.domain.conversation.message_states import Side
from app.models import Conversation, Document, Message, Staff
from app.services.conversations.views import message_view
from app.services.conversations.views.message_view import COLUMNS, MessageLine, Positions, Row


def for_sender(message: Message, side: Side) -> MessageLine:
    """A message of `side` with its current state."""
    db.session.flush()
    row = db.session.execute(
        select(*COLUMNS)
        .outerjoin(Document, Document.id == Message.document_id)
        .outerjoin(Staff, Staff.id == Message.sender_id)
        .where(Message.id == message.id)
    ).one()
    conversation = db.session.get_one(Conversation, message.conversation_id)
    others = (
        Positions(conversation.staff_delivered, conversation.staff_read)
        if side is Side.CUSTOMER
        else Positions(conversation.customer_delivered, conversation.customer_read)
    )
    return message_view.message_line(Row(*row), side, others)
