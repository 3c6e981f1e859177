"""The departments that take part in a conversation."""

from sqlalchemy import select

from app.core.db import db
from app.models import ConversationGuest
from app.services.installation import city


def guest_departments(conversation_id: str) -> list[str]:
    """The departments in a conversation, by name."""
    keys = db.session.scalars(
        select(ConversationGuest.department)
        .where(ConversationGuest.conversation_id == conversation_id)
        .order_by(ConversationGuest.invited_at, ConversationGuest.department)
    )
    return [city.department_name(key) for key in keys]
