"""When a case's promise as a whole will run short, if nothing happens before."""

from enum import StrEnum

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base
from app.models.column_types import Instant, Key


class Watch(StrEnum):
    """What is watched: the headline's own working days, or the published total."""

    HEADLINE = "headline"
    TOTAL = "total"


class PromiseWatch(Base):
    """Computed anew by every move of the case; fired and deleted by the sweep in one transaction.

    Not a `Timer`, which belongs to one task: this one belongs to the case and to the stage that runs.
    """

    __tablename__ = "promise_watches"

    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), primary_key=True)
    watch: Mapped[Key] = mapped_column(primary_key=True)
    stage_key: Mapped[Key]
    due_at: Mapped[Instant] = mapped_column(index=True)
