"""Prepared queries: selects that run very often, compiled once and executed on the driver's own cursor.

SQLAlchemy's way from a statement to its rows costs several times what the database needs for a look-up by
key (decisions 0013 and 0020). A prepared query pays for it once. After that each run costs the database's
work and the conversion of the columns.
"""

from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, cast

import psycopg
from sqlalchemy import BindParameter, CompoundSelect, Select, event, literal_column
from sqlalchemy.engine import Dialect, Engine
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.pool import PoolProxiedConnection
from sqlalchemy.sql.visitors import replacement_traverse

from app.core.db import READS, db, is_reading
from app.core.prepared_executor import PreparedExecutor, PreparedStatement, is_outdated

Rows = list[list[Any]]
Statement = Select[*tuple[Any, ...]] | CompoundSelect[*tuple[Any, ...]]


class _ReadConnection:
    """A connection for reads that stays open: fetching one from SQLAlchemy's pool costs as much as the query.

    One thread at a time has it. On PostgreSQL `executor` runs the queries, on SQLite `cursor`.
    """

    def __init__(self) -> None:
        self._engine: Engine | None = None
        self._connection: PoolProxiedConnection | None = None
        self.cursor: DBAPICursor | None = None
        self.executor: PreparedExecutor | None = None

    def open(self, engine: Engine) -> None:
        """Connect to `engine`, unless it is connected to it already."""
        if self._connection is not None and self._engine is engine:
            return
        self.close()
        self._engine, self._connection = engine, engine.raw_connection()
        driver = self._connection.driver_connection
        if isinstance(driver, psycopg.Connection):
            self.executor = PreparedExecutor(driver)
        else:
            self.cursor = self._connection.cursor()

    def is_lost(self, fault: Exception, engine: Engine) -> bool:
        """Whether the database or a pooler closed the connection."""
        return engine.dialect.is_disconnect(cast("Any", fault), self._connection, None)

    def close(self) -> None:
        self.cursor = self.executor = None
        if self._connection is not None:
            self._connection.close()
            self._connection = None


_idle: deque[_ReadConnection] = deque()
"""The last one used comes first: threads that take turns (`turns`) share one connection."""


def close_with(engine: Engine) -> None:
    """Close the connections for reads when `engine`, of the same database, is disposed of."""

    @event.listens_for(engine, "engine_disposed")
    def _on_dispose(_engine: Engine) -> None:
        while _idle:
            _idle.pop().close()


class PreparedQuery:
    """One select, shared by all threads. It must not hold an IN over a list whose length varies.

    In a read-only transaction it runs by itself, outside any transaction: what has to be consistent must be
    one statement. In a transaction that may write it sees what that transaction has written.
    """

    def __init__(self, statement: Statement) -> None:
        self._statement = statement
        self._compiled: dict[str, _Compiled] = {}

    def rows(self, parameters: Mapping[str, Any]) -> Rows:
        """All rows, each column converted by its table's type. Raises the driver's errors."""
        if is_reading():
            return self._read(parameters)
        # As the session's own queries do. `no_autoflush` keeps incomplete rows back.
        if db.session.autoflush:
            db.session.flush()
        connection = db.session.connection()
        cursor = connection.connection.cursor()
        try:
            return self._for(connection.dialect).run(cursor, parameters)
        finally:
            cursor.close()

    def _read(self, parameters: Mapping[str, Any]) -> Rows:
        engine = db.engines[READS]
        compiled = self._for(engine.dialect)
        try:
            connection = _idle.pop()
        except IndexError:
            connection = _ReadConnection()
        try:
            connection.open(engine)
            try:
                return compiled.read(connection, parameters)
            except compiled.driver_error as fault:
                if not is_outdated(fault) and not connection.is_lost(fault, engine):
                    raise
            # The database was restarted, closed an idle connection, or changed a table: a read is repeated.
            connection.close()
            connection.open(engine)
            return compiled.read(connection, parameters)
        finally:
            _idle.append(connection)

    def _for(self, dialect: Dialect) -> "_Compiled":
        compiled = self._compiled.get(dialect.name)
        if compiled is None:
            compiled = self._compiled[dialect.name] = _Compiled(self._statement, dialect)
        return compiled


class _Compiled:
    """A statement in one database's SQL, with the conversions of its parameters and columns."""

    def __init__(self, statement: Statement, dialect: Dialect) -> None:
        statement = _with_literals(statement, dialect)
        compiled = statement.compile(dialect=dialect)
        self._sql = str(compiled)
        # The caller gives the parameters that have no value here.
        self._fixed = {name: value for name, value in compiled.params.items() if value is not None}
        self._order: list[str] | None = getattr(compiled, "positiontup", None)
        binders = (
            (name, parameter.type.dialect_impl(dialect).bind_processor(dialect))
            for name, parameter in compiled.binds.items()
        )
        self._binders: list[tuple[str, Callable[[Any], Any]]] = [
            (name, bind) for name, bind in binders if bind is not None and name not in self._fixed
        ]
        readers = (
            column.type.dialect_impl(dialect).result_processor(dialect, None)
            for column in statement.selected_columns
        )
        self._readers: list[tuple[int, Callable[[Any], Any]]] = [
            (position, reader) for position, reader in enumerate(readers) if reader is not None
        ]
        self.driver_error = dialect.loaded_dbapi.Error

        self._prepared = PreparedStatement(statement) if dialect.name == "postgresql" else None

    def read(self, connection: _ReadConnection, parameters: Mapping[str, Any]) -> Rows:
        """All rows, on a connection that is kept for reads."""
        if connection.executor is None or self._prepared is None:
            assert connection.cursor is not None  # noqa: S101 - it has one or the other
            return self.run(connection.cursor, parameters)
        values = self._bound(parameters)
        return self._converted(
            connection.executor.run(self._prepared, [values[name] for name in self._prepared.order])
        )

    def run(self, cursor: DBAPICursor, parameters: Mapping[str, Any]) -> Rows:
        """All rows, by a cursor of the driver."""
        values = self._bound(parameters)
        cursor.execute(self._sql, values if self._order is None else [values[name] for name in self._order])
        return self._converted([list(row) for row in cursor.fetchall()])

    def _bound(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        values = {**self._fixed, **parameters}
        for name, bind in self._binders:
            values[name] = bind(values[name])
        return values

    def _converted(self, rows: Rows) -> Rows:
        for row in rows:
            for position, reader in self._readers:
                if row[position] is not None:
                    row[position] = reader(row[position])
        return rows


def _with_literals(statement: Statement, dialect: Dialect) -> Statement:
    """The statement with each value that never changes written into its SQL.

    A partial index (open tasks only) can be used where its condition is written out. For a bound value SQLite
    plans the whole statement anew with every run, and PostgreSQL's generic plan can't use that index.
    """

    def literal(element: Any, **_: Any) -> Any:
        if not isinstance(element, BindParameter) or element.value is None:
            return None
        written = element.type.dialect_impl(dialect).literal_processor(dialect)
        return None if written is None else literal_column(written(element.value), element.type)

    return cast("Statement", replacement_traverse(statement, {}, literal))
