"""Jobs that are done once for an occasion, by whichever process comes first."""

from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base
from app.models.column_types import Instant, Key


class JobRun(Base):
    """The job `job` was done for `occasion` (a date, say), in the transaction that wrote this row."""

    __tablename__ = "job_runs"

    job: Mapped[Key] = mapped_column(primary_key=True)
    occasion: Mapped[Key] = mapped_column(primary_key=True)
    at: Mapped[Instant]
