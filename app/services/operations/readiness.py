"""Whether this installation can work: the database answers and its tables are those of this code."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from app.core.db import db

MIGRATIONS = Path(__file__).parents[3] / "migrations" / "versions"


@dataclass(frozen=True, slots=True)
class Readiness:
    """Ready or not, and the facts that say why."""

    ready: bool
    facts: dict[str, str | None]


def check() -> Readiness:
    """Compare the database's migration with the newest one that came with this code.

    Migrations are numbered, and only add: on a newer database older code goes on working, as it must while a
    new version is brought in machine by machine.
    """
    expected = newest_migration()
    try:
        found = db.session.scalar(text("SELECT version_num FROM alembic_version"))
    except SQLAlchemyError as fault:
        return Readiness(False, {"database": type(fault).__name__, "migration": None})
    return Readiness(found is not None and found >= expected, {"database": "ok", "migration": found})


@cache
def newest_migration() -> str:
    """The number of the newest migration that came with this code.

    It is read off the file names: a web server need not import Alembic to know it.
    """
    return max(file.name.partition("_")[0] for file in MIGRATIONS.glob("[0-9]*_*.py"))
