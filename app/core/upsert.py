"""Insert a row unless it exists, or update it where it does: one module for both databases.

SQLAlchemy has one insert construct for each database, with the same ON CONFLICT methods. Only this module
chooses between them.
"""

from collections.abc import Callable, Collection, Mapping
from typing import Any

from sqlalchemy import Connection, Executable, inspect
from sqlalchemy.dialects import postgresql, sqlite

from app.core.db import Base, db

Insert = postgresql.Insert | sqlite.Insert


def insert_or_ignore(
    model: type[Base],
    values: Mapping[str, Any],
    *,
    conflict: Collection[str] = (),
    connection: Connection | None = None,
) -> bool:
    """Insert one row in the caller's transaction; False where one exists already, which is left as it is.

    `conflict` names the columns of the one unique constraint that may be met; without it, any may. A second
    writer of the same row waits for the first one's transaction. Python's own defaults of columns apply.
    `connection` is that of the session unless another is given; what the session holds is not flushed.
    """
    connection = connection if connection is not None else db.session.connection()
    key = inspect(model).primary_key[0]
    statement = (
        insert_for(connection.dialect.name, model)
        .values(values)
        .on_conflict_do_nothing(index_elements=list(conflict) or None)
        .returning(key)
    )
    return connection.execute(statement).first() is not None


def insert_or_update(
    model: type[Base],
    values: Mapping[str, Any],
    *,
    conflict: Collection[str],
    changes: Callable[[Any], Mapping[str, Any]],
) -> None:
    """Insert one row in the caller's transaction, or change the one that has the same values of `conflict`.

    `changes` gets the columns of the row that was not inserted (`excluded`) and answers with the new values;
    a column of the model stands for what the row holds so far.
    """
    connection = db.session.connection()
    statement = insert_for(connection.dialect.name, model).values(values)
    connection.execute(
        statement.on_conflict_do_update(index_elements=list(conflict), set_=dict(changes(statement.excluded)))
    )


def for_each_database(
    model: type[Base], build: Callable[[Insert, str], Executable]
) -> Mapping[str, Executable]:
    """A statement that is used again and again, by the name of the database's dialect.

    `build` makes it from the insert of that database, whose ON CONFLICT methods it may use.
    """
    return {name: build(insert_for(name, model), name) for name in _INSERTS}


_INSERTS: Mapping[str, Callable[[Any], Insert]] = {
    "postgresql": postgresql.insert,
    "sqlite": sqlite.insert,
}


def insert_for(dialect: str, model: type[Base]) -> Insert:
    """The insert of the database that SQLAlchemy calls `dialect`."""
    return _INSERTS[dialect](model)
