"""Whether this installation can work: the database answers and its tables are those of this code."""

from dataclasses import dataclass
from pathlib import Path

from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from app.core.db import db

MIGRATIONS = Path(__file__).parents[3] / "migrations"


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
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    expected = ScriptDirectory.from_config(config).get_current_head()
    try:
        found = db.session.scalar(text("SELECT version_num FROM alembic_version"))
    except SQLAlchemyError as fault:
        return Readiness(False, {"database": type(fault).__name__, "migration": None})
    return Readiness(
        None not in (found, expected) and found >= expected, {"database": "ok", "migration": found}
    )
