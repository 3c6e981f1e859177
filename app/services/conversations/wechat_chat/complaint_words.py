"""Complaining and being content again in WeChat's chat, also for somebody who has nothing but an enquiry."""

from sqlalchemy import select

from app.core import clock
from app.core.db import db
from app.domain.conversation import complaint_words
from app.domain.texts import shows_something
from app.models import Complaint, ComplaintState, Conversation
from app.services.conversations.append_message import say
from app.services.conversations.care import complaints
from app.services.history.timeline import By
from app.services.installation import city


def hears(conversation: Conversation, by: By, text: str) -> bool:
    """Take a message of a locked conversation as a complaint, if it is one; the word alone is told how.

    While an earlier complaint is not closed it adds to that one, as every message does.
    """
    talk = city.current().talk
    said = complaint_words.complained(text, talk.texts["complaint_word"])
    if said is None or _unsettled(conversation) is not None:
        return False
    if shows_something(said):
        complaints.complain(conversation, by, said[: talk.message.longest])
    else:
        say(conversation, talk.texts["complaint_how"], clock.now(), in_chat=True)
    return True


def settles(conversation: Conversation, by: By, text: str) -> bool:
    """Close the complaint that was answered, if the customer says that they are content."""
    if not complaint_words.settled(text, city.current().talk.texts["settled_word"]):
        return False
    found = _unsettled(conversation)
    if found is None or found.state != ComplaintState.ANSWERED:
        return False
    complaints.close_by_owner(conversation.id, by, found.id)
    return True


def _unsettled(conversation: Conversation) -> Complaint | None:
    return db.session.scalar(
        select(Complaint).where(Complaint.conversation_id == conversation.id, Complaint.closed_at.is_(None))
    )
