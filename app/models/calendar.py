"""The utility's calendar in versions: what it says beside the published holidays, and what each one moved."""

from datetime import date

from sqlalchemy import JSON, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base
from app.models.column_types import Id, Instant, Key, Name, RowNumber


class CalendarVersion(Base):
    """One whole state of the calendar: a draft until it has a `number`, which says the order of publication.

    `base_id` is the version it was made from; `announced` are the years whose holiday notice was imported;
    `package` is the version of the holiday package it was made on. The people are staff, or nobody when IT
    did it on the command line.
    """

    __tablename__ = "calendar_versions"

    id: Mapped[Id]
    number: Mapped[int | None] = mapped_column(unique=True)
    base_id: Mapped[Key | None] = mapped_column(ForeignKey("calendar_versions.id"))
    note: Mapped[Name]
    announced: Mapped[list[int]] = mapped_column(JSON)
    package: Mapped[Key]
    created_at: Mapped[Instant]
    created_by: Mapped[Key | None] = mapped_column(ForeignKey("staff.id"))
    published_at: Mapped[Instant | None]
    published_by: Mapped[Key | None] = mapped_column(ForeignKey("staff.id"))


class CalendarHours(Base):
    """Office hours from a day on; `periods` are pairs of local times, such as [["08:30", "12:00"]]."""

    __tablename__ = "calendar_hours"

    version_id: Mapped[str] = mapped_column(ForeignKey("calendar_versions.id"), primary_key=True)
    valid_from: Mapped[date] = mapped_column(primary_key=True)
    periods: Mapped[list[list[str]]] = mapped_column(JSON)


class CalendarHalfDay(Base):
    """A day that is declared half open, with its periods."""

    __tablename__ = "calendar_half_days"

    version_id: Mapped[str] = mapped_column(ForeignKey("calendar_versions.id"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    periods: Mapped[list[list[str]]] = mapped_column(JSON)


class CalendarDay(Base):
    """A date of a holiday notice: 休 (off) or 班 (worked in exchange), and the holiday's name."""

    __tablename__ = "calendar_days"

    version_id: Mapped[str] = mapped_column(ForeignKey("calendar_versions.id"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    kind: Mapped[Key]
    name: Mapped[Name]


class CalendarMove(Base):
    """A due date that the publication of a version moved: of a stage, or of one of its tasks.

    Written with the publication, told afterwards by the jobs, kept as the record of what was promised when.
    """

    __tablename__ = "calendar_moves"
    __table_args__ = (
        Index(
            "ix_calendar_moves_untold",
            "id",
            sqlite_where=text("told_at IS NULL"),
            postgresql_where=text("told_at IS NULL"),
        ),
    )

    id: Mapped[RowNumber]
    version_id: Mapped[Key] = mapped_column(ForeignKey("calendar_versions.id"), index=True)
    case_id: Mapped[Key] = mapped_column(ForeignKey("cases.id"), index=True)
    stage_key: Mapped[Key]
    task_id: Mapped[Key | None] = mapped_column(ForeignKey("tasks.id"))
    was: Mapped[Instant]
    becomes: Mapped[Instant]
    told_at: Mapped[Instant | None]
