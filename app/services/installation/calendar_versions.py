"""Which version of the calendar is in force, such that no two processes write by different ones.

Every transaction that may write reads the newest published version with its first statement, and on
PostgreSQL holds a shared advisory lock until it ends; a publication takes the same lock exclusively (SQLite
allows one writer at a time anyway). So no due date is written by a version that was replaced before the
writer committed. Read-only transactions read the version when they first need it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from importlib.metadata import version as installed_version
from typing import Any

from sqlalchemy import Connection, String, bindparam, event, select
from sqlalchemy.orm import Session, SessionTransaction
from sqlalchemy.pool import PoolProxiedConnection

from app.core.db import db, is_reading
from app.domain.holiday_notice import CalendarContent, NoticeDay, NoticeKind, overlaid
from app.domain.office_hours import HalfDay, OfficeHours, periods_of
from app.domain.workdays import Day
from app.domain.worktime import WorkingTime
from app.models import CalendarDay, CalendarHalfDay, CalendarHours, CalendarVersion
from app.services.installation import holidays

PACKAGE = "holidays"

# Our namespace among the database's advisory locks: "cal" in ASCII.
_LOCK = 0x63616C
_KNOWN = "steward.calendar.known"
_ALONE = "steward.calendar.alone"
_OWN_LINES = "steward.calendar.lines"
_MOST_KEPT = 8

_alone: ContextVar[bool] = ContextVar("calendar_alone", default=False)
_lines: dict[str, WorkingTime] = {}

newest_id = (
    select(CalendarVersion.id)
    .where(CalendarVersion.number.is_not(None))
    .order_by(CalendarVersion.number.desc())
    .limit(1)
)
"""The id of the version in force, as a statement of one row (none before the first publication)."""

_NEWEST = str(newest_id.compile(compile_kwargs={"literal_binds": True}))
_VERSION = bindparam("version_id", type_=String)
_NUMBER = select(CalendarVersion.number).where(CalendarVersion.id == _VERSION)
_ANNOUNCED = select(CalendarVersion.announced).where(CalendarVersion.id == _VERSION)
_DAYS = select(CalendarDay.day, CalendarDay.kind, CalendarDay.name).where(CalendarDay.version_id == _VERSION)
_HOURS = (
    select(CalendarHours.valid_from, CalendarHours.periods)
    .where(CalendarHours.version_id == _VERSION)
    .order_by(CalendarHours.valid_from)
)
_HALF_DAYS = (
    select(CalendarHalfDay.day, CalendarHalfDay.periods)
    .where(CalendarHalfDay.version_id == _VERSION)
    .order_by(CalendarHalfDay.day)
)


@cache
def attach() -> None:
    """Follows the published versions in every session of this process."""
    event.listen(db.session, "after_begin", _on_begin)
    event.listen(db.session, "after_transaction_end", _on_end)


@contextmanager
def alone() -> Iterator[None]:
    """A transaction that begins in this block waits for all other writers and blocks new ones."""
    token = _alone.set(True)
    try:
        yield
    finally:
        _alone.reset(token)


def is_alone() -> bool:
    """Whether the current transaction began in `alone`."""
    return bool(db.session().info.get(_ALONE))


def current_id() -> str | None:
    """The version in force in the current transaction; None before the first publication."""
    session = db.session()
    if _KNOWN not in session.info:
        # Not through the session, which would flush half-made rows first.
        session.info[_KNOWN] = session.connection().scalar(newest_id)
    known: str | None = session.info[_KNOWN]
    return known


def know(version_id: str | None) -> None:
    """Tells a read-only transaction the `newest_id` that it has just read, which saves a statement."""
    db.session().info[_KNOWN] = version_id


def in_force(city_key: str, unedited: WorkingTime) -> WorkingTime:
    """The line of the version in force; `unedited`, from the city's folder, before the first publication."""
    version_id = current_id()
    if version_id is None:
        return unedited
    session = db.session()
    # An id published in this transaction is not visible to others before its commit: do not cache it.
    kept: dict[str, WorkingTime] = session.info.setdefault(_OWN_LINES, {}) if is_alone() else _lines
    if version_id not in kept:
        if len(kept) >= _MOST_KEPT:
            kept.clear()
        number = session.connection().execute(_NUMBER, {"version_id": version_id}).scalar_one()
        kept[version_id] = line_of(content(version_id), unedited, f"{city_key}-{number}")
    return kept[version_id]


def line_of(held: CalendarContent, unedited: WorkingTime, name: str) -> WorkingTime:
    """The working-time line of one version's content; `name` stands in the version that figures keep."""
    announced = held.announced

    def days_of_year(year: int) -> list[Day]:
        return overlaid(package_days(year), held.days, announced)

    return WorkingTime(
        unedited.zone,
        days_of_year,
        held.hours,
        held.half_days,
        version=lambda: f"{name}/{PACKAGE}-{installed_version(PACKAGE)}",
    )


def content(version_id: str) -> CalendarContent:
    """What one version holds."""
    connection = db.session().connection()
    asked = {"version_id": version_id}
    announced: list[int] = connection.execute(_ANNOUNCED, asked).scalar_one()
    days = [NoticeDay(row.day, NoticeKind(row.kind), row.name) for row in connection.execute(_DAYS, asked)]
    return CalendarContent(
        hours=tuple(
            OfficeHours(row.valid_from, periods_of(row.periods)) for row in connection.execute(_HOURS, asked)
        ),
        half_days=tuple(
            HalfDay(row.day, periods_of(row.periods)) for row in connection.execute(_HALF_DAYS, asked)
        ),
        days={day.date: day for day in days},
        announced=frozenset(announced),
    )


@cache
def package_days(year: int) -> tuple[Day, ...]:
    """The days of a year by the holiday package alone; every version of the calendar builds on them."""
    return tuple(holidays.days_of_year(year))


def _on_begin(session: Session, transaction: SessionTransaction, connection: Connection) -> None:
    if transaction.nested or is_reading():
        return
    session.info[_ALONE] = _alone.get()
    if connection.dialect.name == "postgresql":
        session.info[_KNOWN] = _lock_and_ask(connection.connection, "" if _alone.get() else "_shared")
    else:
        session.info[_KNOWN] = connection.scalar(newest_id)


def _lock_and_ask(connection: PoolProxiedConnection, shared: str) -> str | None:
    """Takes the lock, then reads the version in force: two statements sent at once.

    The second statement sees what was committed while the first one waited.
    """
    cursor: Any = connection.cursor()
    try:
        # Never prepared, since only a single statement can be.
        cursor.execute(f"SELECT pg_advisory_xact_lock{shared}({_LOCK}); {_NEWEST}", prepare=False)
        cursor.nextset()
        row: tuple[str] | None = cursor.fetchone()
    finally:
        cursor.close()
    return row[0] if row else None


def _on_end(session: Session, transaction: SessionTransaction) -> None:
    if transaction.parent is None:
        for mark in (_KNOWN, _ALONE, _OWN_LINES):
            session.info.pop(mark, None)
