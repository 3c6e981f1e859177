"""One transaction per request or job: all of it happened, or none of it.

Services never commit. The web edge and the jobs wrap each piece of work in `atomic()`.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from app.core.db import db, reading


class Transaction:
    """The transaction under way; the edge may turn it back although no error was raised."""

    def __init__(self) -> None:
        """Begin as one that will be committed."""
        self.keep = True

    def turn_back(self) -> None:
        """Undo everything at the end, for a request that was answered with a refusal."""
        self.keep = False


@contextmanager
def atomic(*, read_only: bool = False) -> Iterator[Transaction]:
    """Commit at the end of the block; roll back when it raises, was turned back, or only read."""
    transaction = Transaction()
    with reading(read_only):
        try:
            yield transaction
            if transaction.keep and not read_only:
                db.session.commit()
        finally:
            # After a commit this only hands the connection back; before one it undoes the work. Where nobody
            # asked for a session (a hot read needs none), there is nothing to undo and none is made for it.
            if db.session.registry.has():
                db.session.rollback()


def let_go() -> None:
    """Give the connection back in the middle of a request: nothing so far is kept, locks are released.

    Needed before the world outside is asked (WeChat is never called inside a transaction), and when
    another process turned out to have done the work first.
    """
    db.session.rollback()
