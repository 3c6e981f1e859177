"""Re-encrypting personal data under the newest key, table by table, in interruptible batches."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, LargeBinary, Table, func, select, tuple_, type_coerce, update

from app.core import crypto
from app.core.db import db


@dataclass(frozen=True, slots=True)
class EncryptedColumn:
    """A column that holds personal data."""

    table: Table
    column: Column[Any]

    def __str__(self) -> str:
        """Table and column, for the operator."""
        return f"{self.table.name}.{self.column.name}"


@dataclass(frozen=True, slots=True)
class Batch:
    """How many values were rewritten, and the key of the last row seen; None when there was none left."""

    size: int
    last: tuple[Any, ...] | None


def columns() -> Sequence[EncryptedColumn]:
    """Every encrypted column of the database."""
    return [
        EncryptedColumn(table, column)
        for table in db.metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, crypto.EncryptedText | crypto.EncryptedJson | crypto.EncryptedBytes)
    ]


def count(encrypted: EncryptedColumn) -> int:
    """How many values a column holds."""
    return (
        db.session.scalar(
            select(func.count()).select_from(encrypted.table).where(encrypted.column.is_not(None))
        )
        or 0
    )


def rotate_batch(encrypted: EncryptedColumn, after: tuple[Any, ...] | None, size: int) -> Batch:
    """Rewrite the next `size` values behind the row `after`. Raises `UnreadableError` for a lost key."""
    table = encrypted.table
    key = list(table.primary_key.columns)
    # As bytes, since the column's type would decrypt them and hide which key was used.
    raw = type_coerce(encrypted.column, LargeBinary)
    query = select(*key, raw.label("token")).where(encrypted.column.is_not(None)).order_by(*key).limit(size)
    if after is not None:
        query = query.where(tuple_(*key) > after)
    rows = db.session.execute(query.with_for_update()).all()
    for row in rows:
        match = [column == value for column, value in zip(key, row[:-1], strict=True)]
        db.session.execute(
            update(table)
            .where(*match)
            .values({encrypted.column: type_coerce(crypto.rotate(row.token), LargeBinary)})
        )
    return Batch(len(rows), tuple(rows[-1][:-1]) if rows else None)
