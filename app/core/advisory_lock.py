"""Waiting for each other where no row stands for what is decided: PostgreSQL's advisory locks.

Held until the transaction ends. SQLite lets one writer in at a time anyway, so nothing is done there. Keys
are hashed: two with the same hash only make somebody wait in vain.
"""

from functools import cache
from typing import Any
from zlib import crc32

from sqlalchemy import Integer, Select, bindparam, func, select

from app.core.db import db


def wait_for(area: str, *keys: str, shared: bool = False) -> None:
    """Waits until nobody else holds one of these keys of an area, and holds them.

    `area`: a word of three ASCII letters of the module's own. Without keys there is one lock for everything
    in the area. Keys are taken in one order by everybody, so that no deadlock is possible among them. With
    `shared`, only those who hold a key alone are waited for.
    """
    connection = db.session.connection()
    if connection.dialect.name != "postgresql":
        return
    numbers = sorted({number_of(key) for key in keys}) or [0]
    asked = {f"key_{place}": number for place, number in enumerate(numbers)}
    connection.execute(_locks(len(numbers), shared=shared), {"area": area_of(area), **asked})


def area_of(word: str) -> int:
    """The number of an area: the letters of its word."""
    return int.from_bytes(word.encode("ascii"), "big")


def number_of(key: str) -> int:
    """The number of a key, as PostgreSQL's 4-byte integers go."""
    return crc32(key.encode()) - 2**31


@cache
def _locks(number: int, *, shared: bool) -> Select[Any]:
    lock = func.pg_advisory_xact_lock_shared if shared else func.pg_advisory_xact_lock
    area = bindparam("area", type_=Integer)
    return select(*(lock(area, bindparam(f"key_{place}", type_=Integer)) for place in range(number)))
