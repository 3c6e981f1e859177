"""What the customer was told a connection costs, and what they chose."""

from typing import Any

from sqlalchemy import JSON, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.crypto import EncryptedText
from app.core.db import Base
from app.models.column_types import Id, Instant, Key


class Quote(Base):
    """One telling; the highest `version` of a case is the one in force, earlier ones stay as they were.

    `options` holds each option with its lines and total as they were computed, in fen, so that a change of
    the price list never changes what was told.
    """

    __tablename__ = "quotes"
    __table_args__ = (UniqueConstraint("case_id", "version"),)

    id: Mapped[Id]
    case_id: Mapped[Key] = mapped_column(ForeignKey("cases.id"))
    version: Mapped[int]
    pricing: Mapped[Key]
    price_version: Mapped[Key]
    options: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    issued_at: Mapped[Instant]
    issued_by: Mapped[Key] = mapped_column(ForeignKey("staff.id"))
    chosen_key: Mapped[Key | None]
    chosen_at: Mapped[Instant | None]
    chosen_by: Mapped[Key | None] = mapped_column(ForeignKey("customers.id"))
    chosen_name: Mapped[str | None] = mapped_column(EncryptedText)
