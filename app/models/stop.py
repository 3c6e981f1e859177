"""A stretch of time that does not count (企业不可控时间)."""

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from app.core.crypto import EncryptedText
from app.core.db import Base
from app.models.column_types import Id, Instant, Key


class Stop(Base):
    """The clock of a case stands still from `started_at` until `ended_at`, with reason and evidence.

    A stop that a supervisor found wrong keeps its row: from `struck_at` on it counts in no figure.
    """

    __tablename__ = "stops"

    id: Mapped[Id]
    case_id: Mapped[Key] = mapped_column(ForeignKey("cases.id"), index=True)
    reason_key: Mapped[Key]
    party: Mapped[Key]
    evidence: Mapped[str] = mapped_column(EncryptedText)
    started_at: Mapped[Instant]
    ended_at: Mapped[Instant | None]
    # When a supervisor entered it afterwards; empty for one that was set as it began.
    entered_at: Mapped[Instant | None]
    struck_at: Mapped[Instant | None]
    # Who set it: a member of staff, or nobody when the engine holds the clock by itself: for a task of the
    # program, or while a road-opening permit is with the authority.
    staff_id: Mapped[Key | None] = mapped_column(ForeignKey("staff.id"))
    task_id: Mapped[Key | None] = mapped_column(ForeignKey("tasks.id"), unique=True)
