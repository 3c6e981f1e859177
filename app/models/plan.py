"""The customer's word on the water plan: agreement on the phone, or a refusal with its reason."""

from typing import Any

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.crypto import EncryptedJson, EncryptedText
from app.core.db import Base
from app.models.column_types import Id, Instant, Key


class PlanConfirmation(Base):
    """The customer agreed to the plan that this task fixed, then and there (location in GCJ-02).

    A plan that is corrected afterwards is agreed to anew: another row.
    """

    __tablename__ = "plan_confirmations"

    id: Mapped[Id]
    case_id: Mapped[Key] = mapped_column(ForeignKey("cases.id"), index=True)
    task_id: Mapped[Key] = mapped_column(ForeignKey("tasks.id"), index=True)
    customer_id: Mapped[Key] = mapped_column(ForeignKey("customers.id"))
    confirmed_at: Mapped[Instant]
    # The plan as it was agreed to: a later correction of the task's entries does not change it.
    plan: Mapped[dict[str, Any]] = mapped_column(EncryptedJson)
    location: Mapped[dict[str, Any]] = mapped_column(EncryptedJson)


class PlanRefusal(Base):
    """The customer did not agree to this version of the plan, by their own word or as staff recorded it."""

    __tablename__ = "plan_refusals"
    __table_args__ = (UniqueConstraint("task_id", "plan_version"),)

    id: Mapped[Id]
    case_id: Mapped[Key] = mapped_column(ForeignKey("cases.id"), index=True)
    task_id: Mapped[Key] = mapped_column(ForeignKey("tasks.id"))
    plan_version: Mapped[int]
    reason: Mapped[str] = mapped_column(EncryptedText)
    actor: Mapped[Key]
    actor_id: Mapped[Key | None]
    refused_at: Mapped[Instant]
