"""The meters that were hung for a case."""

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from app.core.crypto import EncryptedText
from app.core.db import Base
from app.models.column_types import Id, Instant, Key


class Meter(Base):
    """One meter, known by its serial; it hangs in one place only. `first_reading` is in cubic metres."""

    __tablename__ = "meters"

    id: Mapped[Id]
    case_id: Mapped[Key] = mapped_column(ForeignKey("cases.id"), index=True)
    task_id: Mapped[Key] = mapped_column(ForeignKey("tasks.id"), index=True)
    serial: Mapped[Key] = mapped_column(unique=True)
    calibre: Mapped[Key]
    position: Mapped[str] = mapped_column(EncryptedText)
    # A decimal as a text, since SQLite would keep it as a binary fraction.
    first_reading: Mapped[Key]
    photo_id: Mapped[Key | None] = mapped_column(ForeignKey("documents.id"))
    paper_id: Mapped[Key | None] = mapped_column(ForeignKey("papers.id"))
    hung_at: Mapped[Instant]
    hung_by: Mapped[Key] = mapped_column(ForeignKey("staff.id"))
