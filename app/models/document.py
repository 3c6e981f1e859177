"""Documents of a case: what they are and where their bytes lie; and what the customer was asked for."""

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.crypto import EncryptedText
from app.core.db import Base
from app.models.column_types import Hash, Id, Instant, Key, RowNumber


class Document(Base):
    """A document whose bytes lie in the object store; the row is written after them and so never without.

    `name` is what the uploader's device called it: shown, and never used for anything. `case_id` is None
    while it stands in a general enquiry alone. `withheld_at`: since when WeChat's content check calls it
    risky, so that nobody is shown it any more.
    """

    __tablename__ = "documents"
    __table_args__ = (Index(None, "case_id", "created_at"),)

    id: Mapped[Id]
    case_id: Mapped[Key | None] = mapped_column(ForeignKey("cases.id"))
    kind: Mapped[Key]
    name: Mapped[str] = mapped_column(EncryptedText)
    media_type: Mapped[Key]
    size: Mapped[int]
    sha256: Mapped[Hash]
    object_key: Mapped[Key] = mapped_column(unique=True)
    actor: Mapped[Key]
    actor_id: Mapped[Key]
    created_at: Mapped[Instant]
    withheld_at: Mapped[Instant | None]


class DeletedBytes(Base):
    """Bytes whose row was deleted: written with the deletion, so that they go even if the store is away."""

    __tablename__ = "doomed_bytes"

    object_key: Mapped[Key] = mapped_column(primary_key=True)


class DocumentRequest(Base):
    """The customer was asked for a document of the program's list; each at most once."""

    __tablename__ = "document_requests"
    __table_args__ = (UniqueConstraint("case_id", "document_key"),)

    id: Mapped[RowNumber]
    case_id: Mapped[Key] = mapped_column(ForeignKey("cases.id"))
    document_key: Mapped[Key]
    staff_id: Mapped[Key | None] = mapped_column(ForeignKey("staff.id"))
    asked_at: Mapped[Instant]
