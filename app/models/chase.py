"""催办: the customer asks that it go faster."""

from datetime import date

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.crypto import EncryptedText
from app.core.db import Base
from app.models.column_types import Id, Instant, Key


class Chase(Base):
    """One chase. `day` is the working day it counts for: there is one for each such day and stage.

    `used` and `allowed` are the stage's figures at that moment, working days as decimal strings.
    """

    __tablename__ = "chases"
    __table_args__ = (UniqueConstraint("case_id", "stage_key", "day"),)

    id: Mapped[Id]
    case_id: Mapped[Key] = mapped_column(ForeignKey("cases.id"))
    stage_key: Mapped[Key]
    day: Mapped[date]
    customer_id: Mapped[Key] = mapped_column(ForeignKey("customers.id"))
    used: Mapped[Key]
    allowed: Mapped[Key]
    at: Mapped[Instant]
    due_at: Mapped[Instant]
    answer: Mapped[str | None] = mapped_column(EncryptedText)
    answered_at: Mapped[Instant | None]
    answered_by: Mapped[Key | None] = mapped_column(ForeignKey("staff.id"))
