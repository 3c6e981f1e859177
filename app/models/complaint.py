"""投诉: a complaint, followed to the end by the first responsible person."""

from enum import StrEnum

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.crypto import EncryptedText
from app.core.db import Base
from app.models.column_types import Id, Instant, Key


class ComplaintState(StrEnum):
    """Where a complaint stands; an answer closes nothing by itself."""

    OPEN = "open"
    ANSWERED = "answered"
    CLOSED = "closed"


class Complaint(Base):
    """One complaint out of a conversation. `responsible_id` was first told of it and follows it to the end.

    Closed by the customer, or by a supervisor with a reason.
    """

    __tablename__ = "complaints"
    __table_args__ = (
        Index(None, "conversation_id"),
        Index(None, "responsible_id"),
        # One that is not closed in each conversation: two taps on the button are not two complaints.
        Index(
            "uq_complaints_open",
            "conversation_id",
            unique=True,
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
    )

    id: Mapped[Id]
    conversation_id: Mapped[Key] = mapped_column(ForeignKey("conversations.id"))
    words: Mapped[str] = mapped_column(EncryptedText)
    raised_at: Mapped[Instant]
    raised_by: Mapped[Key]
    responsible_id: Mapped[Key] = mapped_column(ForeignKey("staff.id"))
    due_at: Mapped[Instant]
    state: Mapped[Key] = mapped_column(default=ComplaintState.OPEN)
    answer: Mapped[str | None] = mapped_column(EncryptedText)
    answered_at: Mapped[Instant | None]
    answered_by: Mapped[Key | None] = mapped_column(ForeignKey("staff.id"))
    closed_at: Mapped[Instant | None]
    # An `Actor` and who it is.
    closed_by: Mapped[Key | None]
    closed_by_id: Mapped[Key | None]
    closed_reason: Mapped[str | None] = mapped_column(EncryptedText)
