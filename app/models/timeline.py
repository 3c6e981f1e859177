"""What happened in a case, in order, for the people concerned to read."""

from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base
from app.models.column_types import Instant, Key, RowNumber


class Actor(StrEnum):
    """Who did it."""

    CUSTOMER = "customer"
    STAFF = "staff"
    PARTNER = "partner"
    ENGINE = "engine"


class TimelineEntry(Base):
    """One line of a case's history. `detail` holds keys and figures, never personal data."""

    __tablename__ = "timeline"

    id: Mapped[RowNumber]
    case_id: Mapped[Key] = mapped_column(ForeignKey("cases.id"), index=True)
    at: Mapped[Instant]
    kind: Mapped[Key]
    actor: Mapped[Key]
    actor_id: Mapped[Key | None]
    detail: Mapped[dict[str, Any]] = mapped_column(JSON)
