"""The one form of a program, as it is being filled in and as it was submitted."""

from typing import Any

from sqlalchemy import JSON, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from app.core.crypto import EncryptedJson
from app.core.db import Base
from app.models.column_types import Hash, Id, Instant, Key


class Application(Base):
    """A draft until `submitted_at`; each field's source is recorded, so that nothing is asked twice."""

    __tablename__ = "applications"

    id: Mapped[Id]
    program_key: Mapped[Key]
    customer_id: Mapped[Key | None] = mapped_column(ForeignKey("customers.id"), index=True)
    staff_id: Mapped[Key | None] = mapped_column(ForeignKey("staff.id"), index=True)
    phone_hash: Mapped[Hash | None] = mapped_column(index=True)
    channel: Mapped[Key]
    # "values" is a word of SQL, and a column called so has to be quoted by everybody who looks.
    answers: Mapped[dict[str, Any]] = mapped_column(EncryptedJson)
    sources: Mapped[dict[str, str]] = mapped_column(JSON)
    created_at: Mapped[Instant]
    updated_at: Mapped[Instant]
    submitted_at: Mapped[Instant | None]
