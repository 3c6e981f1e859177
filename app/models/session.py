"""A login: what makes a signed token revocable."""

from enum import StrEnum

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from app.core.db import Base
from app.models.column_types import Id, Instant, Key


class Audience(StrEnum):
    """Which part of the API a login is for."""

    CUSTOMER = "customer"
    STAFF = "staff"


class Session(Base):
    """One login of one customer or member of staff; a token names it and dies with it."""

    __tablename__ = "sessions"
    __table_args__ = (Index(None, "subject_id"),)

    id: Mapped[Id]
    audience: Mapped[Key]
    subject_id: Mapped[Key]
    created_at: Mapped[Instant]
    expires_at: Mapped[Instant]
    revoked_at: Mapped[Instant | None]
    # Not of every request: written when it is a part of the allowed inactivity ago.
    seen_at: Mapped[Instant | None]
