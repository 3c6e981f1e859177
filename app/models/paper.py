"""A paper that the utility made for a case, as the customer saw and confirmed it."""

from typing import Any

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.crypto import EncryptedBytes, EncryptedJson, EncryptedText
from app.core.db import Base
from app.models.column_types import Hash, Id, Instant, Key


class Paper(Base):
    """One version of an agreement or contract; a new version needs a new confirmation.

    `sha256` is that of the PDF in `content`, `confirmed_sha256` that of what the customer had before their
    eyes. `terms` are the values that stand in it and that the task has to deliver unchanged.
    """

    __tablename__ = "papers"
    __table_args__ = (UniqueConstraint("case_id", "kind", "version"),)

    id: Mapped[Id]
    case_id: Mapped[Key] = mapped_column(ForeignKey("cases.id"))
    kind: Mapped[Key]
    version: Mapped[int]
    number: Mapped[Key] = mapped_column(unique=True)
    terms: Mapped[dict[str, Any]] = mapped_column(EncryptedJson)
    sha256: Mapped[Hash]
    content: Mapped[bytes] = mapped_column(EncryptedBytes, deferred=True)
    created_at: Mapped[Instant]
    created_by: Mapped[Key] = mapped_column(ForeignKey("staff.id"))
    confirmed_at: Mapped[Instant | None]
    confirmed_by: Mapped[Key | None] = mapped_column(ForeignKey("customers.id"))
    confirmed_name: Mapped[str | None] = mapped_column(EncryptedText)
    confirmed_sha256: Mapped[Hash | None]
