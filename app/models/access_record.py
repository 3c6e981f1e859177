"""Who looked at what: staff reads of full personal data, and counted public look-ups."""

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base
from app.models.column_types import Hash, Instant, Key, RowNumber


class AccessRecord(Base):
    """A member of staff read a full number of a customer (PIPL: access log); an enquiry has no case."""

    __tablename__ = "access_records"

    id: Mapped[RowNumber]
    staff_id: Mapped[Key] = mapped_column(ForeignKey("staff.id"), index=True)
    case_id: Mapped[Key | None] = mapped_column(ForeignKey("cases.id"), index=True)
    field: Mapped[Key]
    at: Mapped[Instant]


class LookupCount(Base):
    """How often one source (a keyed hash) has tried the public look-up in one window of time."""

    __tablename__ = "lookup_counts"

    source: Mapped[Hash] = mapped_column(primary_key=True)
    window_start: Mapped[Instant] = mapped_column(primary_key=True)
    attempts: Mapped[int]
