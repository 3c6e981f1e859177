"""Internal notes about a conversation, and the summary for whoever continues."""

from app.core import clock
from app.core.db import db
from app.models import Case, ConversationNote, NoteKind
from app.services.conversations import open_conversation
from app.services.conversations.message_content import of_text
from app.services.conversations.views.note_lines import NoteLine, _line
from app.services.people.staffing import Colleague

__all__ = ["NoteKind", "write"]


def write(staff: Colleague, case: Case | None, conversation_id: str, kind: NoteKind, text: str) -> NoteLine:
    """Write a note; a summary is what the deputy reads first while somebody is away."""
    row = ConversationNote(
        conversation_id=open_conversation.for_writing(case, conversation_id).id,
        kind=kind,
        staff_id=staff.id,
        text=of_text(text).values["text"],
        at=clock.now(),
    )
    db.session.add(row)
    db.session.flush()
    return _line(row, staff.name)
