"""A piece of work that a department owes a case."""

from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.crypto import EncryptedJson
from app.core.db import Base
from app.models.column_types import Id, Instant, Key


class TaskState(StrEnum):
    """Open until done, or cancelled with its case or its stage; a task is never deleted."""

    OPEN = "open"
    DONE = "done"
    CANCELLED = "cancelled"


class Task(Base):
    """In the department's queue while `assignee_id` is empty, else with that person."""

    __tablename__ = "tasks"
    __table_args__ = (
        UniqueConstraint("case_id", "stage_key", "key", "round"),
        Index(None, "assignee_id", "state"),
        Index(None, "department", "state"),
        # A new calendar walks through the cases with open work; the work done must not slow that down.
        Index(
            "ix_tasks_open",
            "case_id",
            sqlite_where=text("state = 'open'"),
            postgresql_where=text("state = 'open'"),
        ),
    )

    id: Mapped[Id]
    case_id: Mapped[Key] = mapped_column(ForeignKey("cases.id"))
    stage_key: Mapped[Key]
    key: Mapped[Key]
    round: Mapped[int] = mapped_column(default=1)
    department: Mapped[Key]
    assignee_id: Mapped[Key | None] = mapped_column(ForeignKey("staff.id"))
    state: Mapped[Key] = mapped_column(default=TaskState.OPEN)
    opened_at: Mapped[Instant]
    due_at: Mapped[Instant | None]
    # The start of the visit before which it is due, while one is booked.
    due_by: Mapped[Instant | None]
    completed_at: Mapped[Instant | None]
    completed_by: Mapped[Key | None] = mapped_column(ForeignKey("staff.id"))
    outputs: Mapped[dict[str, Any] | None] = mapped_column(EncryptedJson)
    # How many working days its holders have been told that it is overdue.
    overdue_told: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own spelling
