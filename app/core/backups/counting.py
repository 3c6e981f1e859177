"""How many rows each table holds; a backup is compared by these counts."""

from collections.abc import Mapping

from sqlalchemy import Connection, MetaData, func, inspect, select

Counts = Mapping[str, int]


class DatabaseInUseError(Exception):
    """A backup was to be restored into a database that holds something already."""


def count(connection: Connection) -> dict[str, int]:
    """The rows of every table that is there, by name."""
    found = MetaData()
    found.reflect(connection, resolve_fks=False)
    return {
        table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
        for table in found.sorted_tables
    }


def must_be_empty(connection: Connection) -> None:
    """Raise `DatabaseInUseError` when there is any table: a restore never mixes."""
    names = inspect(connection).get_table_names()
    if names:
        message = f"the database holds {len(names)} tables already; restore into an empty one"
        raise DatabaseInUseError(message)
