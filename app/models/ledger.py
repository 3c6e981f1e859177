"""The zero-paper ledger: every document, trip and yuan asked of the customer, and what the utility bears."""

from enum import StrEnum

from sqlalchemy import BigInteger, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base
from app.models.column_types import Instant, Key, Name, RowNumber


class LedgerKind(StrEnum):
    """What was asked of the customer, or (`UTILITY_COST_FEN`) borne by the utility in their stead."""

    DOCUMENT = "document"
    TRIP = "trip"
    PAYMENT_FEN = "payment_fen"
    UTILITY_COST_FEN = "utility_cost_fen"


class LedgerEntry(Base):
    """One thing asked; `quantity` counts documents or trips, or is the amount in fen.

    A correction is an entry of its own with the difference, which may be negative.
    """

    __tablename__ = "ledger"

    id: Mapped[RowNumber]
    case_id: Mapped[Key] = mapped_column(ForeignKey("cases.id"), index=True)
    at: Mapped[Instant]
    kind: Mapped[Key]
    # The fen of a housing estate do not fit 32 bits.
    quantity: Mapped[int] = mapped_column(BigInteger)
    what: Mapped[Name]
