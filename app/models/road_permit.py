"""The road-opening permit (道路挖掘（占用）行政审批) of a case, followed step by step (三(三))."""

from enum import StrEnum

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from app.core.crypto import EncryptedText
from app.core.db import Base
from app.models.column_types import Instant, Key


class PermitStep(StrEnum):
    """The dated steps, in order: found to be needed, surveyed, papers prepared, handed in, received."""

    NEEDED = "needed"
    SURVEYED = "surveyed"
    PREPARED = "prepared"
    HANDED_IN = "handed_in"
    RECEIVED = "received"


class RoadPermitStep(Base):
    """One dated step. `at` is when it happened, `entered_at` when and `staff_id` by whom it was entered.

    `stop_id`, at the handing in, is the stop that this step set.
    """

    __tablename__ = "road_permit_steps"

    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), primary_key=True)
    step: Mapped[Key] = mapped_column(primary_key=True)
    at: Mapped[Instant]
    entered_at: Mapped[Instant]
    staff_id: Mapped[Key] = mapped_column(ForeignKey("staff.id"))
    evidence: Mapped[str] = mapped_column(EncryptedText)
    stop_id: Mapped[Key | None] = mapped_column(ForeignKey("stops.id"), unique=True)
