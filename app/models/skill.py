"""A skill or certificate of a member of staff."""

from datetime import date

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.core.crypto import EncryptedText
from app.core.db import Base
from app.models.column_types import Instant, Key


class StaffSkill(Base):
    """Whoever has the skill may do the work that asks for it (skills.toml), up to and with `valid_until`.

    Without `valid_until` it does not lapse. `told_until` is the `valid_until` whose lapse supervisors have
    been told of. `entered_by` is empty for what the operator entered.
    """

    __tablename__ = "staff_skills"
    __table_args__ = (Index(None, "valid_until"),)

    staff_id: Mapped[str] = mapped_column(ForeignKey("staff.id"), primary_key=True)
    skill: Mapped[Key] = mapped_column(primary_key=True)
    valid_until: Mapped[date | None]
    certificate: Mapped[str | None] = mapped_column(EncryptedText)
    entered_by: Mapped[Key | None] = mapped_column(ForeignKey("staff.id"))
    entered_at: Mapped[Instant]
    told_until: Mapped[date | None]
