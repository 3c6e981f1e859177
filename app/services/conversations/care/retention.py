"""Retention of conversations: expired ones are deleted in small batches."""

from collections.abc import Sequence

from sqlalchemy import delete, func, select, update

from app.core import clock
from app.core.db import db
from app.domain.data_terms import DataKind
from app.models import (
    Case,
    Chase,
    ChatPerson,
    ChatSend,
    Complaint,
    Conversation,
    ConversationGuest,
    ConversationNote,
    ConversationReader,
    ConversationTimer,
    Document,
    Message,
    MessageCheck,
    MessageMedia,
)
from app.services.documents import deletion
from app.services.installation import city


def delete_expired(limit: int) -> int:
    """Deletes up to `limit` expired conversations. Returns how many.

    For a case the term starts with its end; one with an open complaint stays. For a general enquiry it starts
    with the last message.
    """
    terms, now = city.current().terms, clock.now()
    case_term, enquiry_term = terms[DataKind.MESSAGES].term, terms[DataKind.ENQUIRIES].term
    unsettled = select(Complaint.conversation_id).where(Complaint.closed_at.is_(None))
    last_word = func.coalesce(Conversation.last_at, Conversation.opened_at)
    of_cases = (
        select(Conversation.id)
        .join(Case, Case.id == Conversation.case_id)
        .where(Case.closed_at < now - case_term, last_word < now - case_term)
    )
    enquiries = select(Conversation.id).where(Conversation.case_id.is_(None), last_word < now - enquiry_term)
    over = [
        conversation_id
        for query in (of_cases, enquiries)
        for conversation_id in db.session.scalars(
            query.where(Conversation.id.not_in(unsettled)).order_by(Conversation.id).limit(limit)
        )
    ][:limit]
    if over:
        delete_all(over)
    return len(over)


def delete_all(conversation_ids: Sequence[str]) -> None:
    """Delete conversations with everything that was said, noted and asked in them."""
    db.session.flush()
    ids = list(conversation_ids)
    messages = select(Message.id).where(Message.conversation_id.in_(ids))
    complaints = select(Complaint.id).where(Complaint.conversation_id.in_(ids))
    # What was sent in a case stays with the case; what was sent in an enquiry has nobody else.
    sent = db.session.scalars(
        select(Message.document_id)
        .join(Document, Document.id == Message.document_id)
        .where(Message.conversation_id.in_(ids), Document.case_id.is_(None))
        .distinct()
    ).all()
    chases = select(Chase.id).where(Chase.case_id.in_(ids))
    for doomed in (
        delete(ConversationTimer).where(
            ConversationTimer.subject_id.in_(ids)
            | ConversationTimer.subject_id.in_(complaints)
            | ConversationTimer.subject_id.in_(chases)
        ),
        delete(ChatSend).where(ChatSend.message_id.in_(messages)),
        delete(MessageCheck).where(MessageCheck.message_id.in_(messages)),
        delete(MessageMedia).where(MessageMedia.message_id.in_(messages)),
        delete(Message).where(Message.conversation_id.in_(ids)),
        delete(ConversationNote).where(ConversationNote.conversation_id.in_(ids)),
        delete(ConversationReader).where(ConversationReader.conversation_id.in_(ids)),
        delete(ConversationGuest).where(ConversationGuest.conversation_id.in_(ids)),
        delete(Complaint).where(Complaint.conversation_id.in_(ids)),
        delete(Chase).where(Chase.case_id.in_(ids)),
        update(ChatPerson)
        .where(ChatPerson.conversation_id.in_(ids))
        .values(conversation_id=None, choices=[], asked_from=None),
        delete(Conversation).where(Conversation.id.in_(ids)),
    ):
        db.session.execute(doomed, execution_options={"synchronize_session": False})
    deletion.delete_documents(sent)
