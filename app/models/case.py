"""A connection case: one customer's request for water, from first contact to follow-up."""

from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.crypto import EncryptedText
from app.core.db import Base
from app.models.column_types import Hash, Id, Instant, Key, Name


class CaseState(StrEnum):
    """Where a case stands as a whole."""

    OPEN = "open"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"
    REFUSED = "refused"


class Case(Base):
    """The case. Program and version are stored, so that an edit of the data never strands open cases."""

    __tablename__ = "cases"
    __table_args__ = (
        # The load of a manager is counted at every submission; closed cases must not slow that down.
        Index(
            "ix_cases_manager_open",
            "manager_id",
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
        Index("ix_cases_customer_opened", "customer_id", "opened_at"),
    )

    id: Mapped[Id]
    number: Mapped[Key] = mapped_column(unique=True)
    application_id: Mapped[Key] = mapped_column(ForeignKey("applications.id"), unique=True)
    program_key: Mapped[Key]
    program_version: Mapped[Key]
    # The program it was applied for, when it turned out not to be eligible and goes on in another.
    former_program_key: Mapped[Key | None]
    customer_id: Mapped[Key | None] = mapped_column(ForeignKey("customers.id"))
    phone_hash: Mapped[Hash] = mapped_column(index=True)
    lookup_hash: Mapped[Hash]
    manager_id: Mapped[Key] = mapped_column(ForeignKey("staff.id"))
    district: Mapped[Key]
    project_name: Mapped[Name]
    channel: Mapped[Key]
    state: Mapped[Key] = mapped_column(default=CaseState.OPEN)
    opened_at: Mapped[Instant]
    confirmed_at: Mapped[Instant | None]
    water_on_at: Mapped[Instant | None]
    closed_at: Mapped[Instant | None]
    rating: Mapped[int | None]
    # Encrypted, because a person may write anything about anybody.
    rating_remark: Mapped[str | None] = mapped_column(EncryptedText)
    rated_at: Mapped[Instant | None]
    # When its term was over and everything personal was deleted.
    erased_at: Mapped[Instant | None]
    calendar_version: Mapped[Key]
    figures: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own spelling
