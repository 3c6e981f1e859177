"""Many rows by one statement, whose text is the same however many they are.

On PostgreSQL each column travels as one array: neither is a statement sent for each row, nor one with a
parameter for each value, which the driver would have to take apart anew for every number of rows. SQLite is
in this process and has no arrays: there a statement is run for each row, or a list travels as JSON.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import orjson
from sqlalchemy import (
    ARRAY,
    BindParameter,
    Boolean,
    ColumnElement,
    Connection,
    Executable,
    String,
    TableValuedAlias,
    Text,
    bindparam,
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
    statement = _inserting(model, names, unless, returning, connection.dialect.name)
    if connection.dialect.name == _POSTGRESQL:
        answer = connection.execute(statement, _as_columns(names, rows))
    else:
        answer = connection.execute(statement, [dict(row) for row in rows])
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
    statement = _updating(model, names, where, connection.dialect.name)
    if connection.dialect.name == _POSTGRESQL:
        connection.execute(statement, {**_as_columns(names, rows), **(given or {})})
        return
    prefixed = [{_NEW + name: value for name, value in row.items()} | dict(given or {}) for row in rows]
    connection.execute(statement, prefixed)


def _as_columns(names: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    return {_NEW + name: [row[name] for row in rows] for name in names}


@cache
def _inserting(
    model: type[Base], names: tuple[str, ...], unless: str | None, returning: str | None, dialect: str
) -> Executable:
    table = inspect(model).local_table
    if dialect == _POSTGRESQL:
        many = _unnested(model, names)
        from_rows = postgresql.insert(model).from_select(
            names, select(*(many.c[name] for name in names)), include_defaults=False
        )
        if unless is not None:
            from_rows = from_rows.on_conflict_do_nothing(index_elements=[unless])
        return from_rows if returning is None else from_rows.returning(table.c[returning])
    if unless is None:
        plain = insert(model)
        return plain if returning is None else plain.returning(table.c[returning])
    guarded = sqlite.insert(model).on_conflict_do_nothing(index_elements=[unless])
    return guarded if returning is None else guarded.returning(table.c[returning])


@cache
def _updating(
    model: type[Base], names: tuple[str, ...], where: tuple[ColumnElement[bool], ...], dialect: str
) -> Executable:
    table = inspect(model).local_table
    changed = [name for name in names if name != "id"]
    if dialect == _POSTGRESQL:
        many = _unnested(model, names)
        return (
            update(model)
            .where(table.c.id == many.c.id, *where)
            .values({name: many.c[name] for name in changed})
        )
    return (
        update(model)
        .where(table.c.id == bindparam(_NEW + "id"), *where)
        .values({name: bindparam(_NEW + name) for name in changed})
    )


def _unnested(model: type[Base], names: Sequence[str]) -> TableValuedAlias:
    """The rows as a table of PostgreSQL's, from one array for each column."""
    types = {name: _plain(inspect(model).local_table.c[name].type) for name in names}
    arrays = [bindparam(_NEW + name, type_=ARRAY(kind)) for name, kind in types.items()]
    named = [column(name, kind) for name, kind in types.items()]
    return func.unnest(*arrays).table_valued(*named, name="many").render_derived()


def _plain(kind: TypeEngine[Any]) -> TypeEngine[Any]:
    # A value too long for its column has to be refused; a cast to the column's own type would cut it.
    return Text() if isinstance(kind, String) else kind


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
