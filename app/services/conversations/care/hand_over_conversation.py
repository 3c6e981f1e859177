"""A conversation moves to another manager with its case and the written summary."""

from app.core import clock
from app.core.db import db
from app.models import Case, CaseChange, ConversationNote, NoteKind
from app.services.conversations import on_duty, open_conversation


def hand_over_conversation(change: CaseChange) -> None:
    """The case was handed over: the new manager holds the conversation, with the summary as a note."""
    case = db.session.get_one(Case, change.case_id)
    conversation = open_conversation.conversation_of_case(case)
    now = clock.now()
    conversation.holder_id = on_duty.who_answers(case.manager_id, now)
    db.session.add(
        ConversationNote(
            conversation_id=conversation.id,
            kind=NoteKind.SUMMARY,
            staff_id=change.actor_id,
            text=change.words,
            at=now,
        )
    )
