"""Everything in the database, so that a test can say: nothing has changed.

Access tokens and kept answers are left out: that a token was fetched from WeChat, or an answer kept for a
repetition of its request, is no change of anybody's affairs.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask
from sqlalchemy import Table, func, select

from app.core.db import db
from app.models import AccessRecord, Staff

Rows = dict[str, list[Any]]


def all_rows(app: Flask) -> Rows:
    """Every row of every table, read anew."""
    with app.app_context():
        rows = {
            table.name: sorted(repr(tuple(row)) for row in db.session.execute(select(*_told(table))))
            for table in db.metadata.sorted_tables
            if table.name not in {"access_tokens", "idempotency_records"}
        }
        db.session.remove()
    return rows


def _told(table: Table) -> list[Any]:
    """The columns of a table, without when a login was last used."""
    return [column for column in table.columns if (table.name, column.name) != ("sessions", "seen_at")]


def count(app: Flask, table: str) -> int:
    """How many rows a table holds."""
    with app.app_context():
        found = db.session.scalar(select(func.count()).select_from(db.metadata.tables[table]))
        db.session.remove()
    return found or 0


def full_reads(app: Flask, case_id: str) -> list[tuple[str, str]]:
    """Staff number and field of every record of a full read of a case."""
    query = (
        select(Staff.number, AccessRecord.field)
        .join(Staff, Staff.id == AccessRecord.staff_id)
        .where(AccessRecord.case_id == case_id)
        .order_by(AccessRecord.id)
    )
    with app.app_context():
        return [(number, field) for number, field in db.session.execute(query)]


@contextmanager
def nothing_changes(app: Flask) -> Iterator[None]:
    """Fail when any row of any table is other than before the block."""
    before = all_rows(app)
    yield
    after = all_rows(app)
    changed = {name for name in after if after[name] != before[name]}
    assert not changed, changed
