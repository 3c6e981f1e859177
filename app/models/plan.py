"""The customer's word on the water plan, given on the phone."""

from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from app.core.crypto import EncryptedJson
from app.core.db import Base
from app.models.column_types import Id, Instant, Key


class PlanConfirmation(Base):
    """The customer agreed to the plan that this task fixed, then and there (location in GCJ-02)."""

    __tablename__ = "plan_confirmations"

    id: Mapped[Id]
    case_id: Mapped[Key] = mapped_column(ForeignKey("cases.id"), index=True)
    task_id: Mapped[Key] = mapped_column(ForeignKey("tasks.id"), unique=True)
    customer_id: Mapped[Key] = mapped_column(ForeignKey("customers.id"))
    confirmed_at: Mapped[Instant]
    # The plan as it was agreed to: a later correction of the task's entries does not change it.
    plan: Mapped[dict[str, Any]] = mapped_column(EncryptedJson)
    location: Mapped[dict[str, Any]] = mapped_column(EncryptedJson)
