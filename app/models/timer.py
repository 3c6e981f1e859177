"""Durable timers: instants at which something is owed, one row each."""

from enum import StrEnum

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base
from app.models.column_types import Instant, Key, RowNumber


class TimerKind(StrEnum):
    """What a timer is for."""

    REMINDER = "reminder"
    OVERDUE = "overdue"


class Timer(Base):
    """Fired and deleted by the sweep in one transaction; `occurrence` makes every firing its own row.

    `reminders` names the reminders that fall on this instant, comma-separated, for kind `reminder`.
    """

    __tablename__ = "timers"
    __table_args__ = (UniqueConstraint("task_id", "kind", "occurrence"), Index(None, "case_id"))

    id: Mapped[RowNumber]
    due_at: Mapped[Instant] = mapped_column(index=True)
    kind: Mapped[Key]
    case_id: Mapped[Key] = mapped_column(ForeignKey("cases.id"))
    task_id: Mapped[Key] = mapped_column(ForeignKey("tasks.id"))
    occurrence: Mapped[int]
    reminders: Mapped[Key] = mapped_column(default="")
