"""When people can be booked within office hours, what changed of it, and who waits for an earlier time."""

from datetime import date

from sqlalchemy import JSON, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.crypto import EncryptedText
from app.core.db import Base
from app.models.column_types import Id, Instant, Key, RowNumber


class WorkPattern(Base):
    """From a day on, when a person works in an ordinary week (local times), and how many visits a day."""

    __tablename__ = "work_patterns"
    __table_args__ = (UniqueConstraint("staff_id", "valid_from"),)

    id: Mapped[RowNumber]
    staff_id: Mapped[Key] = mapped_column(ForeignKey("staff.id"))
    valid_from: Mapped[date]
    weekly: Mapped[dict[str, list[list[str]]]] = mapped_column(JSON)
    most_per_day: Mapped[int | None]


class VisitClosure(Base):
    """No visits of one department, or of nobody at all (`department` is empty), between two instants."""

    __tablename__ = "visit_closures"
    __table_args__ = (Index(None, "ends_at"),)

    id: Mapped[Id]
    department: Mapped[Key | None]
    starts_at: Mapped[Instant]
    ends_at: Mapped[Instant]
    reason: Mapped[str] = mapped_column(EncryptedText)
    entered_by: Mapped[Key] = mapped_column(ForeignKey("staff.id"))
    entered_at: Mapped[Instant]


class VisitRecheck(Base):
    """Something changed (leave, closure, hours, calendar): visits of these people are to be looked at again.

    Of one person, of one case, or, when both are empty, of everybody. `ask`: ask the customer rather than
    find another time.
    """

    __tablename__ = "visit_rechecks"

    id: Mapped[RowNumber]
    due_at: Mapped[Instant] = mapped_column(index=True)
    staff_id: Mapped[Key | None] = mapped_column(ForeignKey("staff.id"))
    case_id: Mapped[Key | None] = mapped_column(ForeignKey("cases.id"))
    ask: Mapped[bool] = mapped_column(default=False)


class VisitWait(Base):
    """A customer who would come earlier: first in line is who waits longest (`since`).

    `offers` counts those that ran out since the customer joined.
    """

    __tablename__ = "visit_waits"
    __table_args__ = (UniqueConstraint("case_id", "purpose"), Index(None, "since"))

    id: Mapped[Id]
    case_id: Mapped[Key] = mapped_column(ForeignKey("cases.id"))
    purpose: Mapped[Key]
    since: Mapped[Instant]
    offers: Mapped[int] = mapped_column(default=0, server_default="0")


class VisitChance(Base):
    """Time may have opened: the wait-list is to be gone through, behind whoever was asked last."""

    __tablename__ = "visit_chances"

    id: Mapped[RowNumber]
    due_at: Mapped[Instant] = mapped_column(index=True)
    after_since: Mapped[Instant | None]
    after_id: Mapped[Key | None]
