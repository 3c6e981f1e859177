"""Advisory locks that keep concurrent bookings from trying the same people."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import Integer, Select, bindparam, func, select
from sqlalchemy.dialects import postgresql

from app.core import advisory_lock
from app.core.db import db

_CLAIMS = advisory_lock.area_of("vis")
_CLAIMED_PIECES = 16


def lock_candidates(ranks: Sequence[Sequence[str]], piece: int) -> list[str]:
    """From each list of people the first whom nobody else is booking for those hours.

    They are locked until the transaction ends; where everybody in a list is locked, the first is
    returned. Only an optimisation that avoids waiting: unique keys decide who gets the time. SQLite has
    one writer at a time anyway.
    """
    connection = db.session.connection()
    if connection.dialect.name == "sqlite":
        return [rank[0] for rank in ranks]
    hour = piece // _CLAIMED_PIECES
    keys = [{advisory_lock.number_of(f"{staff_id}{hour}"): staff_id for staff_id in rank} for rank in ranks]
    asked = {f"list_{place}": list(people) for place, people in enumerate(keys)}
    found = connection.execute(_first_spare(len(ranks)), asked).one()
    return [
        rank[0] if key is None else people[key] for rank, people, key in zip(ranks, keys, found, strict=True)
    ]


@cache
def _first_spare(lists: int) -> Select[Any]:
    """Tries each list in order until a lock is obtained."""
    return select(
        *(
            select(key)
            .where(func.pg_try_advisory_xact_lock(_CLAIMS, key))
            .limit(1)
            .scalar_subquery()
            .label(f"spare_{place}")
            for place in range(lists)
            for key in (
                func.unnest(bindparam(f"list_{place}", type_=postgresql.ARRAY(Integer))).column_valued("key"),
            )
        )
    )
