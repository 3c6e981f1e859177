"""Counting what the application sends to its database.

Counted is every statement that SQLAlchemy sends, SQLite's BEGIN among them, and every transaction that it
begins.
Not counted are the BEGIN and ROLLBACK that PostgreSQL's driver adds to a transaction by itself.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from flask import Flask
from sqlalchemy import event

from app.core.db import db


@dataclass(slots=True)
class Sent:
    """The statements sent, in order, and the number of transactions."""

    statements: list[str] = field(default_factory=list)
    transactions: int = 0


@contextmanager
def counted(app: Flask) -> Iterator[Sent]:
    """Everything that any thread sends to the databases of `app` within the block."""
    sent = Sent()

    def on_statement(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        sent.statements.append(statement)

    def on_begin(_connection: object) -> None:
        sent.transactions += 1

    with app.app_context():
        engines = list(db.engines.values())
    for engine in engines:
        event.listen(engine, "before_cursor_execute", on_statement)
        event.listen(engine, "begin", on_begin)
    try:
        yield sent
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", on_statement)
            event.remove(engine, "begin", on_begin)
