"""What staff tell each other about a conversation; the customer never sees it."""

from enum import StrEnum

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.core.crypto import EncryptedText
from app.core.db import Base
from app.models.column_types import Instant, Key, RowNumber


class NoteKind(StrEnum):
    """A note in passing, or the summary from which somebody else goes on."""

    NOTE = "note"
    SUMMARY = "summary"


class ConversationNote(Base):
    """One note. The newest summary is what a deputy or a new manager reads first."""

    __tablename__ = "conversation_notes"
    __table_args__ = (Index(None, "conversation_id", "id"),)

    id: Mapped[RowNumber]
    conversation_id: Mapped[Key] = mapped_column(ForeignKey("conversations.id"))
    kind: Mapped[Key]
    staff_id: Mapped[Key | None] = mapped_column(ForeignKey("staff.id"))
    text: Mapped[str] = mapped_column(EncryptedText)
    at: Mapped[Instant]
