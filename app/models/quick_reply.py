"""Quick replies: a member of staff's own, and those shared by everybody."""

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from app.core.crypto import EncryptedText
from app.core.db import Base
from app.models.column_types import Id, Instant, Key


class QuickReply(Base):
    """A text with fields to be filled in; `staff_id` is empty for one that everybody may use."""

    __tablename__ = "quick_replies"

    id: Mapped[Id]
    staff_id: Mapped[Key | None] = mapped_column(ForeignKey("staff.id"), index=True)
    title: Mapped[str] = mapped_column(EncryptedText)
    text: Mapped[str] = mapped_column(EncryptedText)
    created_by: Mapped[Key] = mapped_column(ForeignKey("staff.id"))
    created_at: Mapped[Instant]
