"""Executes statements prepared on PostgreSQL through libpq, which psycopg gives access to.

psycopg's cursor learns the types of parameters and columns anew for every query. That is 16 % of the progress
look-up (docs/decisions/0020). Here they are learnt once for a connection. The conversion of parameters, rows
and errors is psycopg's own.
"""

from collections.abc import Sequence
from itertools import count
from typing import Any, cast

import psycopg
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import FeatureNotSupported, InvalidSqlStatementName
from psycopg.pq import DiagnosticField, ExecStatus
from psycopg.pq.abc import PGresult
from sqlalchemy.dialects.postgresql import psycopg as psycopg_dialect
from sqlalchemy.sql.elements import ClauseElement

_numbers = count()
# PostgreSQL's own placeholders ($1, $2), as libpq needs them.
_DIALECT = psycopg_dialect.dialect(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call]


class PreparedStatement:
    """A statement's SQL for libpq, with a name that is unique in this process."""

    def __init__(self, statement: ClauseElement) -> None:
        compiled = statement.compile(dialect=_DIALECT)
        self.name = b"query_%d" % next(_numbers)
        self.sql = str(compiled).encode()
        self.order: Sequence[str] = getattr(compiled, "positiontup", None) or ()
        """The names of the parameters, in the order of their placeholders."""
        self.formats = [PyFormat.TEXT] * len(self.order)


class PreparedExecutor:
    """One psycopg connection in autocommit and the statements prepared on it. For one thread."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        self._prepared: set[bytes] = set()
        self._transformer = Transformer(connection)

    def run(self, statement: PreparedStatement, values: Sequence[Any]) -> list[list[Any]]:
        """All rows, their values as psycopg converts them. Raises `psycopg.Error`."""
        pgconn = self._connection.pgconn
        if statement.name not in self._prepared:
            self._check(pgconn.prepare(statement.name, statement.sql), ExecStatus.COMMAND_OK)
            self._prepared.add(statement.name)
        parameters = self._transformer.dump_sequence(values, statement.formats)
        result = pgconn.exec_prepared(statement.name, cast("list[bytes]", parameters))
        self._check(result, ExecStatus.TUPLES_OK)
        self._transformer.set_pgresult(result)
        return self._transformer.load_rows(0, result.ntuples, list)

    def _check(self, result: PGresult, expected: ExecStatus) -> None:
        if result.status == expected:
            return
        if not result.error_field(DiagnosticField.SQLSTATE):
            # Without a code libpq speaks and not the server, which has gone. psycopg would say DatabaseError.
            raise psycopg.OperationalError(result.error_message.decode(errors="replace"))
        raise psycopg.errors.error_from_result(result, self._connection.info.encoding)


def is_outdated(fault: Exception) -> bool:
    """Whether the server can no longer run a prepared statement: a column's type changed, or it is gone."""
    return isinstance(fault, FeatureNotSupported | InvalidSqlStatementName)
