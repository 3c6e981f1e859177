"""Many rows by one statement, whose text is the same however many they are.

On PostgreSQL each column travels as one array, or as one value where all rows have the same: neither is a
statement sent for each row, nor one with a parameter for each value, which the driver would have to take
apart anew for every number of rows. SQLite is in this process and has no arrays: there a statement is run for
each row, or a list travels as JSON.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

import orjson
from psycopg import Binary
from sqlalchemy import (
    ARRAY,
    BindParameter,
    Boolean,
    ColumnElement,
    Connection,
    Executable,
    String,
    Text,
    bindparam,
    cast,
    column,
    func,
    insert,
    inspect,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator, TypeEngine

from app.core.db import Base

_POSTGRESQL = "postgresql"
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
    """Insert rows that all have the same columns; Python's own defaults of columns are not applied.

    A row whose column `unless` exists already is left out. What is answered is the column `returning` of the
    rows that were inserted, or nothing.
    """
    if not rows:
        return ()
    names = tuple(rows[0])
    if connection.dialect.name == _POSTGRESQL:
        differing, values = _as_columns(names, rows)
        statement = _inserting_together(model, names, differing, unless, returning)
        answer = connection.execute(statement, values)
    else:
        answer = connection.execute(_inserting_each(model, unless, returning), [dict(row) for row in rows])
    return answer.scalars().all() if returning is not None else ()


def update_rows(
    connection: Connection,
    model: type[Base],
    rows: Sequence[Mapping[str, Any]],
    where: tuple[ColumnElement[bool], ...] = (),
    given: Mapping[str, Any] | None = None,
) -> None:
    """Write rows that all have the same columns, each by its `id`.

    Only where every one of `where` is true as well, whose parameters are `given`. Keep the tuple in a
    constant: the statement is made once for it.
    """
    if not rows:
        return
    names = tuple(rows[0])
    if connection.dialect.name == _POSTGRESQL:
        differing, values = _as_columns(names, rows)
        connection.execute(_updating_together(model, names, differing, where), {**values, **(given or {})})
        return
    prefixed = [{_NEW + name: value for name, value in row.items()} | dict(given or {}) for row in rows]
    connection.execute(_updating_each(model, names, where), prefixed)


def _as_columns(
    names: Sequence[str], rows: Sequence[Mapping[str, Any]]
) -> tuple[frozenset[str], dict[str, Any]]:
    """Which columns differ from row to row; and the values, an array for each of those."""
    differing, values = set(), {}
    for name in names:
        column_of = [row[name] for row in rows]
        first = column_of[0]
        # There has to be an array, so that there are rows at all.
        if name == _ID or any(value is not first and value != first for value in column_of):
            differing.add(name)
            values[_NEW + name] = column_of
        else:
            values[_NEW + name] = first
    if not differing:
        differing.add(names[0])
        values[_NEW + names[0]] = [row[names[0]] for row in rows]
    return frozenset(differing), values


@cache
def _inserting_together(
    model: type[Base],
    names: tuple[str, ...],
    differing: frozenset[str],
    unless: str | None,
    returning: str | None,
) -> Executable:
    table = inspect(model).local_table
    values = _values(model, names, differing)
    many = postgresql.insert(model).from_select(
        names, select(*(values[name].label(name) for name in names)), include_defaults=False
    )
    if unless is not None:
        many = many.on_conflict_do_nothing(index_elements=[unless])
    return many if returning is None else many.returning(table.c[returning])


@cache
def _inserting_each(model: type[Base], unless: str | None, returning: str | None) -> Executable:
    table = inspect(model).local_table
    if unless is None:
        plain = insert(model)
        return plain if returning is None else plain.returning(table.c[returning])
    guarded = sqlite.insert(model).on_conflict_do_nothing(index_elements=[unless])
    return guarded if returning is None else guarded.returning(table.c[returning])


@cache
def _updating_together(
    model: type[Base],
    names: tuple[str, ...],
    differing: frozenset[str],
    where: tuple[ColumnElement[bool], ...],
) -> Executable:
    values = _values(model, names, differing)
    own = inspect(model).local_table.c[_ID]
    return (
        update(model)
        .where(own == values[_ID], *where)
        .values({name: values[name] for name in names if name != _ID})
    )


@cache
def _updating_each(
    model: type[Base], names: tuple[str, ...], where: tuple[ColumnElement[bool], ...]
) -> Executable:
    own = inspect(model).local_table.c[_ID]
    return (
        update(model)
        .where(own == bindparam(_NEW + _ID), *where)
        .values({name: bindparam(_NEW + name) for name in names if name != _ID})
    )


def _values(
    model: type[Base], names: Sequence[str], differing: Collection[str]
) -> dict[str, ColumnElement[Any]]:
    """The columns of the rows, as a table of PostgreSQL's that is made of arrays, and single values."""
    types = {name: _plain(inspect(model).local_table.c[name].type) for name in names}
    arrays = [name for name in names if name in differing]
    many = (
        func.unnest(
            *(cast(bindparam(_NEW + name, type_=_Array(types[name])), ARRAY(types[name])) for name in arrays)
        )
        .table_valued(*(column(name, types[name]) for name in arrays), name="many")
        .render_derived()
    )
    return {
        name: many.c[name] if name in differing else bindparam(_NEW + name, type_=types[name])
        for name in names
    }


def _plain(kind: TypeEngine[Any]) -> TypeEngine[Any]:
    # A value too long for its column has to be refused; a cast to the column's own type would cut it.
    return Text() if isinstance(kind, String) else kind


class _Array(TypeDecorator[Sequence[Any]]):
    """A column of many rows as PostgreSQL writes an array; the driver takes four times as long to do so."""

    impl = Text
    cache_ok = True

    def __init__(self, item: TypeEngine[Any]) -> None:
        super().__init__()
        self.item = item

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Any]:
        of_item = self.item.dialect_impl(dialect).bind_processor(dialect)

        def written(values: Sequence[Any]) -> str:
            stored = values if of_item is None else map(of_item, values)
            return "{" + ",".join(map(_written, stored)) + "}"

        return written


def _written(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(value, Binary):
        # The driver's own wrapping, which SQLAlchemy puts around bytes.
        stored: bytes = value.obj
        return '"\\\\x' + stored.hex() + '"'
    if isinstance(value, datetime):
        return f'"{value.isoformat()}"'
    if isinstance(value, int | float):
        return str(value)
    raise TypeError(type(value))


class _Listed(TypeDecorator[Sequence[str]]):
    """A list of texts as one parameter."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(ARRAY(Text()) if dialect.name == _POSTGRESQL else Text())

    def process_bind_param(self, value: Sequence[str] | None, dialect: Dialect) -> Any:
        listed = [str(item) for item in value or ()]
        return listed if dialect.name == _POSTGRESQL else orjson.dumps(listed).decode()


class _OneOf(FunctionElement[bool]):
    """A column, and the parameter that lists its values."""

    type = Boolean()
    inherit_cache = True


def one_of(candidate: Any, name: str) -> ColumnElement[bool]:
    """Whether a text column is one of the texts that are given as the parameter `name`."""
    listed: BindParameter[Any] = bindparam(name, type_=_Listed())
    return _OneOf(candidate, listed)


@compiles(_OneOf, _POSTGRESQL)
def _in_postgresql(element: _OneOf, compiler: SQLCompiler, **options: Any) -> str:
    candidate, listed = (compiler.process(part, **options) for part in element.clauses)
    return f"({candidate} = ANY ({listed}))"


@compiles(_OneOf)
def _in_sqlite(element: _OneOf, compiler: SQLCompiler, **options: Any) -> str:
    candidate, listed = (compiler.process(part, **options) for part in element.clauses)
    return f"({candidate} IN (SELECT value FROM json_each({listed})))"  # noqa: S608 - compiled parts, no values
