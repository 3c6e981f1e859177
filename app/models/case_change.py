"""Changes of a case beside the course of its program: ends, hand-overs, steps back, corrections."""

from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from app.core.crypto import EncryptedJson, EncryptedText
from app.core.db import Base
from app.models.column_types import Id, Instant, Key


class CaseChangeKind(StrEnum):
    """The kind of change."""

    WITHDRAWN = "withdrawn"
    REFUSED = "refused"
    HANDED_OVER = "handed_over"
    SENT_BACK = "sent_back"
    PROGRAM_CHANGED = "program_changed"
    CORRECTED = "corrected"


class CaseChange(Base):
    """One change: who, when, why. `key` is a coded reason or the stage sent back to, where there is one.

    `words` are the person's own (reason, hand-over summary); `detail` holds what was and what is now.
    """

    __tablename__ = "case_turns"

    id: Mapped[Id]
    case_id: Mapped[Key] = mapped_column(ForeignKey("cases.id"), index=True)
    at: Mapped[Instant]
    kind: Mapped[Key]
    actor: Mapped[Key]
    actor_id: Mapped[Key | None]
    key: Mapped[Key | None]
    words: Mapped[str] = mapped_column(EncryptedText)
    detail: Mapped[dict[str, Any]] = mapped_column(EncryptedJson)
    task_id: Mapped[Key | None] = mapped_column(ForeignKey("tasks.id"))
