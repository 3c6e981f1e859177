"""Complaints by words in WeChat's chat, which has no buttons; also for people with only an enquiry."""

from sqlalchemy import select

from app.core import clock
from app.core.db import db
from app.domain.conversation import complaint_words
from app.domain.texts import shows_something
from app.models import Complaint, ComplaintState, Conversation
from app.services.conversations.append_message import append_text
from app.services.conversations.care import complaints
from app.services.history.timeline import By
from app.services.installation import city


def complain_by_words(conversation: Conversation, by: By, text: str) -> bool:
    """Treats a message of a locked conversation as a complaint, if it is one; the word alone gets
    instructions.

    While an earlier complaint is open, the message adds to it.
    """
    talk = city.current().talk
    said = complaint_words.complained(text, talk.texts["complaint_word"])
    if said is None or _unsettled(conversation) is not None:
        return False
    if shows_something(said):
        complaints.complain(conversation, by, said[: talk.message.longest])
    else:
        append_text(conversation, talk.texts["complaint_how"], clock.now(), in_chat=True)
    return True


def close_by_words(conversation: Conversation, by: By, text: str) -> bool:
    """Closes the answered complaint, if the customer says that they are satisfied."""
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
