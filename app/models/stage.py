"""A row of the flow chart, entered by a case."""

from enum import StrEnum

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base
from app.models.column_types import Instant, Key


class StageVoid(StrEnum):
    """Why an entry into a stage no longer stands; the time it used stays used."""

    SENT_BACK = "sent_back"
    """It was open when the case was sent back to an earlier stage."""
    REPEATED = "repeated"
    """It was done, and has to be done again."""
    ENDED = "ended"
    """The case was withdrawn or refused while it was open."""


class Stage(Base):
    """One entry of a case into a stage; `round` counts from 1, so that re-entering accumulates.

    `made_at`: the first dated try of a return visit, by which it counts as made.

    Stages not yet entered have no row: the program's data tells of them.
    """

    __tablename__ = "stages"

    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), primary_key=True)
    key: Mapped[Key] = mapped_column(primary_key=True)
    round: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, default=1)
    opened_at: Mapped[Instant]
    due_at: Mapped[Instant | None]
    completed_at: Mapped[Instant | None]
    void: Mapped[Key | None]
    made_at: Mapped[Instant | None]
