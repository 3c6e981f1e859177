"""Notes of staff about a conversation, and its newest summary."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, select

from app.core.db import db
from app.models import ConversationNote, NoteKind, Staff


@dataclass(frozen=True, slots=True)
class NoteLine:
    """A note and its author."""

    id: int
    kind: str
    text: str
    author_name: str
    at: datetime


def notes_of_conversation(conversation_id: str) -> list[NoteLine]:
    """Every note of a conversation, newest first."""
    return [_line(row, name) for row, name in db.session.execute(_newest(conversation_id))]


def newest_summary(conversation_id: str) -> NoteLine | None:
    """The newest summary."""
    query = _newest(conversation_id).where(ConversationNote.kind == NoteKind.SUMMARY).limit(1)
    found = db.session.execute(query).first()
    return None if found is None else _line(*found)


def _newest(conversation_id: str) -> Select[ConversationNote, str | None]:
    return (
        select(ConversationNote, Staff.name)
        .outerjoin(Staff, Staff.id == ConversationNote.staff_id)
        .where(ConversationNote.conversation_id == conversation_id)
        .order_by(ConversationNote.id.desc())
    )


def _line(row: ConversationNote, name: str | None) -> NoteLine:
    return NoteLine(id=row.id, kind=row.kind, text=row.text, author_name=name or "系统", at=row.at)
