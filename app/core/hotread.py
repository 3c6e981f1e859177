"""Selects that are asked all day long: compiled once, run below SQLAlchemy (docs/decisions/0013).

SQLAlchemy's way from a statement to its rows costs several times what the database needs for a look-up by
key. Here that way is gone once, and each asking pays for the database and for reading its columns.
"""

import threading
from collections.abc import Callable, Mapping
from typing import Any, cast

import psycopg
from sqlalchemy import BindParameter, CompoundSelect, Select, event, literal_column
from sqlalchemy.engine import Dialect, Engine
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import PoolProxiedConnection
from sqlalchemy.sql.visitors import replacement_traverse

from app.core.db import READS, db, is_reading
from app.core.libpq import Asker, Prepared, is_stale

Rows = list[list[Any]]
Statement = Select[*tuple[Any, ...]] | CompoundSelect[*tuple[Any, ...]]


class _Kept(threading.local):
    """The connection for hot reads that a thread keeps: fetching it from a pool costs as much as asking.

    Of PostgreSQL with an `Asker` in front of it.
    """

    def __init__(self) -> None:
        self._engine: Engine | None = None
        self._connection: PoolProxiedConnection | None = None
        self._asker: Asker | None = None

    def connection(self, engine: Engine) -> PoolProxiedConnection:
        if self._connection is None or self._engine is not engine:
            self.drop()
            self._engine, self._connection = engine, engine.raw_connection()
            driver = self._connection.driver_connection
            self._asker = Asker(driver) if isinstance(driver, psycopg.Connection) else None
        return self._connection

    def asker(self) -> Asker | None:
        return self._asker

    def drop(self) -> None:
        self._asker = None
        if self._connection is not None:
            self._connection.close()
            self._connection = None


_kept = _Kept()


def follow(engine: Engine) -> None:
    """Let go of this thread's connection, too, when `engine` is disposed of: that means the database."""

    @event.listens_for(engine, "engine_disposed")
    def _on_dispose(_engine: Engine) -> None:
        _kept.drop()


class HotRead:
    """One select, shared by threads. It has no IN over a list whose length varies.

    In a transaction that only reads it runs by itself on the engine for reads, outside of any transaction:
    what must be of one moment has to be one statement. In a transaction that may write it sees what that
    transaction has written.
    """

    def __init__(self, statement: Statement) -> None:
        self._statement = statement
        self._compiled: dict[str, _Compiled] = {}

    def rows(self, parameters: Mapping[str, Any]) -> Rows:
        """Every row of the answer, its columns as the tables' types have them. Raises the driver's errors."""
        if not is_reading():
            # As the session's own questions do; who wants half-made rows kept back says `no_autoflush`.
            if db.session.autoflush:
                db.session.flush()
            connection = db.session.connection()
            return self._for(connection.dialect).fetch(connection.connection, parameters)
        engine = db.engines[READS]
        compiled = self._for(engine.dialect)
        kept = _kept.connection(engine)
        try:
            return compiled.ask(kept, parameters)
        except compiled.driver_error as fault:
            if not is_stale(fault) and not engine.dialect.is_disconnect(fault, kept, None):
                raise
        # The database was started anew or its tables changed, or it closed a connection that was idle; a read
        # may just ask again.
        _kept.drop()
        return compiled.ask(_kept.connection(engine), parameters)

    def _for(self, dialect: Dialect) -> "_Compiled":
        compiled = self._compiled.get(dialect.name)
        if compiled is None:
            compiled = self._compiled[dialect.name] = _Compiled(self._statement, dialect)
        return compiled


class _Compiled:
    """A statement in one database's words, with what turns the driver's values into ours."""

    def __init__(self, statement: Statement, dialect: Dialect) -> None:
        statement = _spelled_out(statement, dialect)
        compiled = statement.compile(dialect=dialect)
        self._sql = str(compiled)
        # Parameters without a value are those that the caller gives.
        self._fixed = {name: value for name, value in compiled.params.items() if value is not None}
        self._order: list[str] | None = getattr(compiled, "positiontup", None)
        writers = (
            (name, parameter.type.dialect_impl(dialect).bind_processor(dialect))
            for name, parameter in compiled.binds.items()
        )
        self._writers: list[tuple[str, Callable[[Any], Any]]] = [
            (name, writer) for name, writer in writers if writer is not None and name not in self._fixed
        ]
        readers = (
            column.type.dialect_impl(dialect).result_processor(dialect, None)
            for column in statement.selected_columns
        )
        self._readers: list[tuple[int, Callable[[Any], Any]]] = [
            (place, reader) for place, reader in enumerate(readers) if reader is not None
        ]
        self.driver_error = dialect.loaded_dbapi.Error
        self._prepared = Prepared(statement) if dialect.name == "postgresql" else None

    def ask(self, kept: PoolProxiedConnection, parameters: Mapping[str, Any]) -> Rows:
        """On the connection that this thread keeps."""
        asker = _kept.asker()
        if asker is None or self._prepared is None:
            return self.fetch(kept, parameters)
        return self._read(asker.ask(self._prepared, self._written(parameters)))

    def fetch(
        self, connection: PoolProxiedConnection | DBAPIConnection, parameters: Mapping[str, Any]
    ) -> Rows:
        """By a cursor of the driver."""
        values = self._written(parameters)
        cursor = connection.cursor()
        try:
            cursor.execute(
                self._sql, values if self._order is None else [values[name] for name in self._order]
            )
            rows = [list(row) for row in cursor.fetchall()]
        finally:
            cursor.close()
        return self._read(rows)

    def _written(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        values = {**self._fixed, **parameters}
        for name, writer in self._writers:
            values[name] = writer(values[name])
        return values

    def _read(self, rows: Rows) -> Rows:
        for row in rows:
            for place, reader in self._readers:
                if row[place] is not None:
                    row[place] = reader(row[place])
        return rows


def _spelled_out(statement: Statement, dialect: Dialect) -> Statement:
    """The statement with every value that is always the same as part of its words.

    An index that holds some rows only (tasks that are open) can be used where its condition is spelled out.
    Where it is bound, SQLite looks at the value and plans the whole statement anew with each asking, and
    PostgreSQL's plan for all values can't use that index.
    """

    def spelled_out(element: Any, **_: Any) -> Any:
        if not isinstance(element, BindParameter) or element.value is None:
            return None
        written = element.type.dialect_impl(dialect).literal_processor(dialect)
        return None if written is None else literal_column(written(element.value), element.type)

    return cast("Statement", replacement_traverse(statement, {}, spelled_out))
