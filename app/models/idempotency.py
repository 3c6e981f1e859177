"""Answers already given, so that a repeated POST gets the same one."""

from sqlalchemy.orm import Mapped, mapped_column

from app.core.crypto import EncryptedText
from app.core.db import Base
from app.models.column_types import Hash, Instant, Key


class IdempotencyRecord(Base):
    """The answer to one Idempotency-Key of one caller; `fingerprint` ties it to what was asked."""

    __tablename__ = "idempotency_records"

    subject_id: Mapped[Key] = mapped_column(primary_key=True)
    key: Mapped[Key] = mapped_column(primary_key=True)
    fingerprint: Mapped[Hash]
    status: Mapped[int]
    # Encrypted, because an answer carries what the customer typed.
    body: Mapped[str] = mapped_column(EncryptedText)
    created_at: Mapped[Instant] = mapped_column(index=True)
