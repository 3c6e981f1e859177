"""A copy of everything that is held about a customer, made by the jobs at their wish."""

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.crypto import EncryptedBytes
from app.core.db import Base
from app.models.column_types import Id, Instant, Key


class DataCopy(Base):
    """One copy. `document` is JSON, `readable` a PDF; empty until `made_at`, and if making failed."""

    __tablename__ = "data_copies"
    __table_args__ = (
        Index(
            "ix_data_copies_unmade",
            "requested_at",
            sqlite_where=text("made_at IS NULL"),
            postgresql_where=text("made_at IS NULL"),
        ),
    )

    id: Mapped[Id]
    customer_id: Mapped[Key] = mapped_column(ForeignKey("customers.id"), index=True)
    requested_at: Mapped[Instant]
    made_at: Mapped[Instant | None]
    document: Mapped[bytes | None] = mapped_column(EncryptedBytes, deferred=True)
    readable: Mapped[bytes | None] = mapped_column(EncryptedBytes, deferred=True)
