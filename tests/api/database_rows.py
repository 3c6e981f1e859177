"""Everything in the database, so that a test can say: nothing has changed.

Access tokens are left out: that one was fetched from WeChat is no change of anybody's affairs.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask
from sqlalchemy import func, select

from app.core.db import db

Rows = dict[str, list[Any]]


def all_rows(app: Flask) -> Rows:
    """Every row of every table, read anew."""
    with app.app_context():
        rows = {
            table.name: sorted(repr(tuple(row)) for row in db.session.execute(select(table)))
            for table in db.metadata.sorted_tables
            if table.name != "access_tokens"
        }
        db.session.remove()
    return rows


def count(app: Flask, table: str) -> int:
    """How many rows a table holds."""
    with app.app_context():
        found = db.session.scalar(select(func.count()).select_from(db.metadata.tables[table]))
        db.session.remove()
    return found or 0


@contextmanager
def nothing_changes(app: Flask) -> Iterator[None]:
    """Fail when any row of any table is other than before the block."""
    before = all_rows(app)
    yield
    after = all_rows(app)
    assert {name for name in after if after[name] != before[name]} == set()
