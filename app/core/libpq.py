"""Asking PostgreSQL through libpq itself: a statement prepared once on a connection, then only executed.

psycopg's cursor looks up, converts and binds anew with each question, and waits for the answer in Python: for
a look-up by key that costs several times what libpq needs (measured: 27 and 6 µs of processor time). Its
connection, its loaders of values and its errors are used here all the same.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import count
from typing import Any, cast

import psycopg
from psycopg.adapt import Transformer
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGresult
from sqlalchemy.dialects.postgresql import asyncpg
from sqlalchemy.sql.elements import ClauseElement

_numbers = count()
# Its words are PostgreSQL's own ($1, $2), as libpq wants them; nothing of asyncpg is needed for that.
_WORDS = asyncpg.dialect()  # type: ignore[no-untyped-call]


class Asker:
    """One psycopg connection in autocommit, with what has been prepared on it. Used by one thread."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        self._prepared: set[bytes] = set()
        # What it knows of the types of columns serves every statement.
        self._transformer = Transformer(connection)

    def ask(self, statement: "Prepared", values: Mapping[str, Any]) -> list[list[Any]]:
        """Every row of the answer, its values as psycopg loads them. Raises `psycopg.Error`."""
        wire = self._connection.pgconn
        if statement.name not in self._prepared:
            self._checked(wire.prepare(statement.name, statement.words), ExecStatus.COMMAND_OK)
            self._prepared.add(statement.name)
        result = wire.exec_prepared(statement.name, cast("list[bytes]", statement.written(values)))
        self._checked(result, ExecStatus.TUPLES_OK)
        self._transformer.set_pgresult(result)
        return self._transformer.load_rows(0, result.ntuples, list)

    def _checked(self, result: PGresult, wanted: ExecStatus) -> None:
        if result.status != wanted:
            raise psycopg.errors.error_from_result(result, self._connection.info.encoding)


class Prepared:
    """A statement in PostgreSQL's words; its values are texts, numbers, instants or nothing."""

    def __init__(self, statement: ClauseElement) -> None:
        compiled = statement.compile(dialect=_WORDS)
        self.name = b"hot_%d" % next(_numbers)
        self.words = str(compiled).encode()
        self._order: Sequence[str] = getattr(compiled, "positiontup", None) or ()

    def written(self, values: Mapping[str, Any]) -> list[bytes | None]:
        """The values in the order of the statement, as PostgreSQL reads them."""
        return [_written(values[name]) for name in self._order]


def is_stale(fault: Exception) -> bool:
    """Whether a prepared statement is no longer good: its columns have changed, or a pooler lost it."""
    return isinstance(fault, psycopg.errors.FeatureNotSupported | psycopg.errors.InvalidSqlStatementName)


def _written(value: Any) -> bytes | None:
    match value:
        case None:
            return None
        case str():
            text = value
        case bool():
            text = "t" if value else "f"
        case int():
            text = str(value)
        case datetime():
            text = value.isoformat()
        case _:
            raise TypeError(f"a {type(value).__name__} can't be asked with")
    if "\0" in text:
        # libpq would end the text there, and find something else.
        raise psycopg.DataError("a text holds a NUL")
    return text.encode()
