"""Money that the utility took."""

from sqlalchemy import BigInteger, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base
from app.models.column_types import Id, Instant, Key


class Payment(Base):
    """What 财务部 took for a case, in fen, under a receipt number that no other payment has."""

    __tablename__ = "payments"

    id: Mapped[Id]
    case_id: Mapped[Key] = mapped_column(ForeignKey("cases.id"), index=True)
    task_id: Mapped[Key] = mapped_column(ForeignKey("tasks.id"), unique=True)
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    receipt_number: Mapped[Key] = mapped_column(unique=True)
    received_at: Mapped[Instant]
    received_by: Mapped[Key] = mapped_column(ForeignKey("staff.id"))
