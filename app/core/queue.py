"""Taking rows that are due, each by one process only: the pattern of every table with a `due_at`.

Any number of jobs processes sweep at once (docs/decisions/0003). What one has taken is deleted in the same
transaction as what it does about it, so that a crash gives it back and nobody does it twice.
"""

from collections.abc import Sequence
from typing import Any, TypeVar

from sqlalchemy import Row, delete, inspect, select, tuple_

from app.core import clock
from app.core.db import Base, db

Due = TypeVar("Due", bound=Base)


def hold_due(model: type[Due], limit: int) -> Sequence[Due]:
    """Up to `limit` rows of `model` whose `due_at` has come by the clock, oldest first, held to the commit.

    For work that can't be done in this transaction, such as asking WeChat: the caller moves `due_at` to the
    end of a lease. A row that another process holds just now is left to that one.
    """
    due_at = inspect(model).local_table.c.due_at
    return db.session.scalars(
        select(model)
        .where(due_at <= clock.now())
        .order_by(due_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()


def take_due(model: type[Base], limit: int) -> Sequence[Row[*tuple[Any, ...]]]:
    """Delete up to `limit` rows of `model` whose `due_at` has come by the clock, oldest first; all they held.

    A row that another process holds just now is left to that one. The caller's transaction decides.
    """
    table = inspect(model).local_table
    keys = tuple(inspect(model).primary_key)
    db.session.flush()
    due = (
        select(*keys)
        .where(table.c.due_at <= clock.now())
        # And by nothing else: what is due at one instant would be sorted for every sweep.
        .order_by(table.c.due_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("due")
    )
    taken = db.session.execute(
        delete(model).where(tuple_(*keys).in_(select(*due.c))).returning(*table.c),
        execution_options={"synchronize_session": False},
    ).all()
    return sorted(taken, key=lambda row: row.due_at)
