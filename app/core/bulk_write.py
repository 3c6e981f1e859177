"""Insert or update many rows by one statement, whose SQL is the same for any number of rows.

On PostgreSQL a column travels as one array, or as one value where all rows have the same. So neither is one
statement sent for each row, nor one parameter for each value, which the driver would parse again for every
number of rows. SQLite has no arrays and no network: there the statement runs once for each row.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import (
    ARRAY,
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
from sqlalchemy.types import TypeEngine

from app.core.db import Base
from app.core.upsert import insert_for

_ID = "id"
_NEW = "new_"
"""Before the names of parameters: SQLAlchemy keeps the bare names of columns for itself."""


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
    names, dialect = tuple(rows[0]), connection.dialect.name
    if dialect == "postgresql":
        arrays, values = _as_arrays(names, rows)
        result = connection.execute(_insert(dialect, model, names, arrays, unless, returning), values)
    else:
        statement = _insert(dialect, model, names, frozenset(), unless, returning)
        result = connection.execute(statement, [dict(row) for row in rows])
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
    names = tuple(rows[0])
    if connection.dialect.name == "postgresql":
        arrays, values = _as_arrays(names, rows)
        connection.execute(_update(model, names, arrays, where), {**values, **(given or {})})
        return
    each = [{_NEW + name: value for name, value in row.items()} | dict(given or {}) for row in rows]
    connection.execute(_update(model, names, frozenset(), where), each)


def _as_arrays(
    names: Sequence[str], rows: Sequence[Mapping[str, Any]]
) -> tuple[frozenset[str], dict[str, Any]]:
    """The columns that differ from row to row, and all values: an array for each of those columns."""
    values: dict[str, Any] = {name: [row[name] for row in rows] for name in names}
    arrays = frozenset(name for name in names if any(value != values[name][0] for value in values[name][1:]))
    # One array at least says how many rows there are.
    arrays |= {_ID if _ID in names else names[0]}
    return arrays, {_NEW + name: values[name] if name in arrays else values[name][0] for name in names}


@cache
def _insert(
    dialect: str,
    model: type[Base],
    names: tuple[str, ...],
    arrays: frozenset[str],
    unless: str | None,
    returning: str | None,
) -> Executable:
    statement = insert_for(dialect, model)
    if arrays:
        values = _values(model, names, arrays)
        rows = select(*(values[name].label(name) for name in names))
        statement = statement.from_select(names, rows, include_defaults=False)
    if unless is not None:
        statement = statement.on_conflict_do_nothing(index_elements=[unless])
    return statement if returning is None else statement.returning(inspect(model).local_table.c[returning])


@cache
def _update(
    model: type[Base], names: tuple[str, ...], arrays: frozenset[str], where: tuple[ColumnElement[bool], ...]
) -> Executable:
    values = _values(model, names, arrays)
    key = inspect(model).local_table.c[_ID]
    changes = {name: value for name, value in values.items() if name != _ID}
    return update(model).where(key == values[_ID], *where).values(changes)


def _values(
    model: type[Base], names: Sequence[str], arrays: frozenset[str]
) -> Mapping[str, ColumnElement[Any]]:
    """Each column of the new rows: of a table that PostgreSQL makes of the arrays, or one parameter."""
    types = {name: _without_length(inspect(model).local_table.c[name].type) for name in names}
    values: dict[str, ColumnElement[Any]] = {
        name: bindparam(_NEW + name, type_=types[name]) for name in names if name not in arrays
    }
    if arrays:
        ordered = [name for name in names if name in arrays]
        unnested = (
            func.unnest(*(bindparam(_NEW + name, type_=ARRAY(types[name], dimensions=1)) for name in ordered))
            .table_valued(*(column(name, types[name]) for name in ordered), name="new_rows")
            .render_derived()
        )
        values |= {name: unnested.c[name] for name in ordered}
    return values


def _without_length(kind: TypeEngine[Any]) -> TypeEngine[Any]:
    # A value too long for its column must be refused; a cast to the column's own type would cut it.
    return Text() if isinstance(kind, String) else kind
