"""A value that breaks a rule of the city's data, and was let pass."""

from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from app.core.crypto import EncryptedJson, EncryptedText
from app.core.db import Base
from app.models.column_types import Instant, Key, RowNumber


class GateException(Base):
    """Who answers for this value of a task's output, why and since when; another value is not covered.

    `value` is {"value": …}. `level` says what the rule asked for: a reason, or a supervisor's.
    """

    __tablename__ = "gate_exceptions"

    id: Mapped[RowNumber]
    case_id: Mapped[Key] = mapped_column(ForeignKey("cases.id"), index=True)
    task_id: Mapped[Key] = mapped_column(ForeignKey("tasks.id"))
    field: Mapped[Key]
    value: Mapped[dict[str, Any]] = mapped_column(EncryptedJson)
    level: Mapped[Key]
    reason: Mapped[str] = mapped_column(EncryptedText)
    passed_by: Mapped[Key] = mapped_column(ForeignKey("staff.id"))
    passed_at: Mapped[Instant]
