"""One transaction per request or job: all of it happened, or none of it.

Services never commit. The web edge and the jobs wrap each piece of work in `atomic()`.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from app.core.db import db, reading


class Transaction:
    """The transaction under way; the web edge may roll it back although no error was raised."""

    def __init__(self) -> None:
        """It will be committed unless it is marked."""
        self.keep = True

    def mark_for_rollback(self) -> None:
        """Roll back at the end: the request was answered with a refusal."""
        self.keep = False


@contextmanager
def atomic(*, read_only: bool = False) -> Iterator[Transaction]:
    """Commit at the end of the block; roll back when it raised, was marked for rollback, or was read-only."""
    transaction = Transaction()
    with reading(read_only):
        try:
            yield transaction
            if transaction.keep and not read_only:
                db.session.commit()
        finally:
            # After a commit this only returns the connection to the pool; before one it undoes the work. A
            # prepared query needs no session: where none exists, none is made to be rolled back.
            if db.session.registry.has():
                db.session.rollback()


def release_connection() -> None:
    """Roll back and return the connection in the middle of a request: locks are released, work is undone.

    Needed before a call to WeChat, which never happens inside a transaction, and when another process turned
    out to have done the work first.
    """
    db.session.rollback()
