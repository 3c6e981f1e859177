"""A second look at a stop: what the customer says against it, and what a supervisor decides."""

from enum import StrEnum

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.crypto import EncryptedText
from app.core.db import Base
from app.models.column_types import Id, Instant, Key


class Ruling(StrEnum):
    """What a supervisor decided: the stop stands, or it was wrong and counts nowhere."""

    UPHELD = "upheld"
    STRUCK = "struck"


class StopReview(Base):
    """Raised by the customer, or by a supervisor alone (`customer_id` and `objection` are empty then).

    Rows stay as they are: a stop may be disputed again after a ruling, and is then reviewed in a new row.
    """

    __tablename__ = "stop_reviews"
    __table_args__ = (
        Index(None, "stop_id"),
        # One undecided review for each stop, so that two taps on the button are not two disputes.
        Index(
            "uq_stop_reviews_undecided",
            "stop_id",
            unique=True,
            sqlite_where=text("ruled_at IS NULL"),
            postgresql_where=text("ruled_at IS NULL"),
        ),
    )

    id: Mapped[Id]
    stop_id: Mapped[Key] = mapped_column(ForeignKey("stops.id"))
    customer_id: Mapped[Key | None] = mapped_column(ForeignKey("customers.id"))
    objection: Mapped[str | None] = mapped_column(EncryptedText)
    raised_at: Mapped[Instant]
    ruling: Mapped[Key | None]
    grounds: Mapped[str | None] = mapped_column(EncryptedText)
    supervisor_id: Mapped[Key | None] = mapped_column(ForeignKey("staff.id"))
    ruled_at: Mapped[Instant | None]
