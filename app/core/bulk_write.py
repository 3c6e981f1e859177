"""Insert or update many rows by one statement, whose SQL is the same for any number of rows.

PostgreSQL gets the rows as one JSON document, which it reads as a table. So neither is one statement sent for
each row, nor one parameter for each value, which the driver would parse again for every number of rows.
SQLite is in this process: there the statement runs once for each row.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

import orjson
from psycopg import Binary
from sqlalchemy import (
    ColumnElement,
    Connection,
    Executable,
    String,
    Text,
    bindparam,
    column,
    func,
    inspect,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import JSON
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine

from app.core.db import Base
from app.core.upsert import insert_for

_ID = "id"
_NEW = "new_"
"""Before the names of parameters: SQLAlchemy keeps the bare names of columns for itself."""
_ROWS = "new_rows"


def insert_rows(
    connection: Connection,
    model: type[Base],
    rows: Sequence[Mapping[str, Any]],
    *,
    unless: str | None = None,
    returning: str | None = None,
) -> Sequence[Any]:
    """Insert rows that all have the same columns. Python's own defaults of columns are not applied.

    A row whose unique column `unless` exists already is left out. Returns the column `returning` of the rows
    that were inserted, or nothing.
    """
    if not rows:
        return ()
    statement = _insert(connection.dialect.name, model, tuple(rows[0]), unless, returning)
    together = connection.dialect.name == "postgresql"
    result = connection.execute(statement, {_ROWS: rows} if together else [dict(row) for row in rows])
    return result.scalars().all() if returning is not None else ()


def update_rows(
    connection: Connection,
    model: type[Base],
    rows: Sequence[Mapping[str, Any]],
    where: tuple[ColumnElement[bool], ...] = (),
    given: Mapping[str, Any] | None = None,
) -> None:
    """Update rows by their `id`; all of them must have the same columns.

    A row is updated only where every condition of `where` is true as well; `given` has the parameters of the
    conditions. Keep the tuple in a constant: the statement is compiled once for it.
    """
    if not rows:
        return
    statement = _update(connection.dialect.name, model, tuple(rows[0]), where)
    if connection.dialect.name == "postgresql":
        connection.execute(statement, {_ROWS: rows, **(given or {})})
        return
    each = [{_NEW + name: value for name, value in row.items()} | dict(given or {}) for row in rows]
    connection.execute(statement, each)


@cache
def _insert(
    dialect: str, model: type[Base], names: tuple[str, ...], unless: str | None, returning: str | None
) -> Executable:
    statement = insert_for(dialect, model)
    if dialect == "postgresql":
        values = _json_columns(model, names)
        statement = statement.from_select(names, select(*values.values()), include_defaults=False)
    if unless is not None:
        statement = statement.on_conflict_do_nothing(index_elements=[unless])
    return statement if returning is None else statement.returning(inspect(model).local_table.c[returning])


@cache
def _update(
    dialect: str, model: type[Base], names: tuple[str, ...], where: tuple[ColumnElement[bool], ...]
) -> Executable:
    values: Mapping[str, ColumnElement[Any]] = {name: bindparam(_NEW + name) for name in names}
    if dialect == "postgresql":
        values = _json_columns(model, names)
    key = inspect(model).local_table.c[_ID]
    changes = {name: value for name, value in values.items() if name != _ID}
    return update(model).where(key == values[_ID], *where).values(changes)


def _json_columns(model: type[Base], names: Sequence[str]) -> Mapping[str, ColumnElement[Any]]:
    """The columns of the table that PostgreSQL makes of the parameter `new_rows`."""
    types = {name: _without_length(inspect(model).local_table.c[name].type) for name in names}
    table = (
        func.json_to_recordset(bindparam(_ROWS, type_=_JsonRows(types)))
        .table_valued(*(column(name, types[name]) for name in names), name="rows_given")
        .render_derived(with_types=True)
    )
    return {name: table.c[name] for name in names}


def _without_length(kind: TypeEngine[Any]) -> TypeEngine[Any]:
    # A value too long for its column must be refused; a cast to the column's own type would cut it.
    return Text() if isinstance(kind, String) else kind


class _JsonRows(TypeDecorator[Sequence[Mapping[str, Any]]]):
    """Rows as a JSON document, each value as its column's type stores it."""

    impl = JSON
    # A statement with the same columns of the same model has the same types.
    cache_ok = True

    def __init__(self, types: Mapping[str, TypeEngine[Any]]) -> None:
        super().__init__()
        self._types = types

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Any]:
        binders = {
            name: bind
            for name, kind in self._types.items()
            if (bind := kind.dialect_impl(dialect).bind_processor(dialect)) is not None
        }

        def document(rows: Sequence[Mapping[str, Any]]) -> str:
            stored = [{**row, **{name: bind(row[name]) for name, bind in binders.items()}} for row in rows]
            return orjson.dumps(stored, default=_hex).decode()

        return document


def _hex(value: Any) -> str:
    """Bytes as PostgreSQL reads them. SQLAlchemy wraps them into the driver's own type."""
    if isinstance(value, Binary):
        return "\\x" + bytes(value.obj).hex()
    raise TypeError(type(value))
