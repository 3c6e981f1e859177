"""A backup of SQLite by its own online copy, which goes on while others write."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from sqlalchemy import Engine, create_engine

from app.core.backups.counting import Counts, count, must_be_empty

FILE = "database.sqlite"
_PAGES_AT_ONCE = 2000

Progress = Callable[[int, int], None]
"""Called with the number of pages done and the number of all."""


def dump(engine: Engine, folder: Path, progress: Progress) -> Counts:
    """Copy the database into `folder`; the rows of the copy, by table."""
    target = folder / FILE
    with closing(sqlite3.connect(_path(engine))) as source, closing(sqlite3.connect(target)) as copy:
        source.backup(
            copy,
            pages=_PAGES_AT_ONCE,
            progress=lambda _status, remaining, total: progress(total - remaining, total),
        )
    copied = create_engine(f"sqlite:///{target}")
    try:
        with copied.connect() as connection:
            return count(connection)
    finally:
        copied.dispose()


def load(engine: Engine, folder: Path, progress: Progress) -> None:
    """Copy the backup in `folder` into the database. Raises `DatabaseInUseError`."""
    with engine.connect() as connection:
        must_be_empty(connection)
    engine.dispose()
    with (
        closing(sqlite3.connect(f"{(folder / FILE).as_uri()}?mode=ro", uri=True)) as source,
        closing(sqlite3.connect(_path(engine))) as target,
    ):
        source.backup(
            target,
            pages=_PAGES_AT_ONCE,
            progress=lambda _status, remaining, total: progress(total - remaining, total),
        )


def _path(engine: Engine) -> str:
    return engine.url.database or ""
