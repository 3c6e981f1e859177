"""The database: SQLite by default, PostgreSQL for many machines, one set of column types for both.

SQLite opens every transaction with BEGIN IMMEDIATE unless the caller declared it read-only: a
deferred transaction that reads first and writes later fails at once with `database is locked`,
whatever the busy timeout (docs/decisions/0013).
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import DateTime, MetaData, event
from sqlalchemy.engine import Connection, Dialect, Engine
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.pool import NullPool
from sqlalchemy.types import TypeDecorator

BUSY_TIMEOUT_SECONDS = 15
CONNECT_SECONDS = 5
"""The longest wait for a new connection to PostgreSQL. A host that is gone does not answer at all."""

# libpq's own names. Without them a connection to a host that lost its power is noticed after two hours.
_NOTICE_SILENCE = {
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 60_000,
}

READS = "reads"
"""The engine of `prepared_query`: no transaction, so no BEGIN and no ROLLBACK around each question."""


_read_only: ContextVar[bool] = ContextVar("read_only", default=False)


class Base(DeclarativeBase):
    """Every model's ancestor; the naming convention lets a migration drop a constraint by name."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_N_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


db = SQLAlchemy(model_class=Base, disable_autonaming=True)


class UtcDateTime(TypeDecorator[datetime]):
    """An instant. Stored in UTC, handed out aware; a naive value is a programming error and is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """UTC on the way in; SQLite keeps no zone, so it is taken off there."""
        if value is None:
            return None
        if value.tzinfo is None:
            message = f"a naive datetime can't be stored: {value!r}"
            raise ValueError(message)
        instant = value.astimezone(UTC)
        return instant.replace(tzinfo=None) if dialect.name == "sqlite" else instant

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any]:  # noqa: ARG002
        """Aware on the way out.

        Instead of `process_result_value`: on SQLite that would be two function calls for each instant, and
        instants are most of what is read.
        """
        return _from_text if dialect.name == "sqlite" else _in_utc


def _from_text(stored: str | None) -> datetime | None:
    return None if stored is None else datetime.fromisoformat(stored + "+00:00")


def _in_utc(stored: datetime | None) -> datetime | None:
    return None if stored is None else stored.astimezone(UTC)


@contextmanager
def reading(read_only: bool) -> Iterator[None]:
    """Within this block, if `read_only`, a transaction promises not to write.

    SQLite then need not take the write lock. `read_only=False` takes the promise back for a block inside
    one that gave it.
    """
    token = _read_only.set(read_only)
    try:
        yield
    finally:
        _read_only.reset(token)


def is_reading() -> bool:
    """Whether the transaction under way promised not to write."""
    return _read_only.get()


def engine_options(url: str) -> dict[str, Any]:
    """Options of SQLAlchemy's engine for this database."""
    # An error's text would hold the statement's values, which are personal data, and reach the log.
    options: dict[str, Any] = {"hide_parameters": True}
    if url.startswith("sqlite"):
        return options | {"connect_args": {"timeout": BUSY_TIMEOUT_SECONDS, "check_same_thread": False}}
    return options | {
        "pool_pre_ping": True,
        "pool_size": 10,
        "max_overflow": 30,
        "connect_args": {"connect_timeout": CONNECT_SECONDS, **_NOTICE_SILENCE},
    }


def reads_options(url: str) -> dict[str, Any]:
    """Options of SQLAlchemy's engine for prepared queries on this database."""
    return {
        "url": url,
        "isolation_level": "AUTOCOMMIT",
        "poolclass": NullPool,
        "hide_parameters": True,
        "connect_args": engine_options(url)["connect_args"],
    }


def prepare_engine(engine: Engine) -> None:
    """Set SQLite's journal mode and its way to begin a transaction; PostgreSQL needs nothing."""
    if engine.dialect.name != "sqlite":
        return

    @event.listens_for(engine, "connect")
    def _on_connect(connection: Any, _record: object) -> None:
        # The driver must not begin by itself: the listener below decides how a transaction begins.
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _on_begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN" if _read_only.get() else "BEGIN IMMEDIATE")
