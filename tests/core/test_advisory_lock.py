"""Advisory locks: who waits for whom, seen by what another connection can take at the same moment."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from app.core import advisory_lock
from app.core.atomic import atomic
from app.core.db import db

on_postgresql = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
FREE = text("SELECT pg_try_advisory_xact_lock(:area, :key)")
FREE_TO_SHARE = text("SELECT pg_try_advisory_xact_lock_shared(:area, :key)")


def is_free(area: str, key: str | None, asked: Any = FREE) -> bool:
    number = 0 if key is None else advisory_lock.number_of(key)
    with db.engine.connect() as other:
        return bool(other.scalar(asked, {"area": advisory_lock.area_of(area), "key": number}))


@on_postgresql
def test_a_key_is_held_until_the_transaction_ends_and_others_are_not(app: Flask) -> None:
    with app.app_context():
        with atomic():
            advisory_lock.wait_for("tst", "one", "two")
            held = [is_free("tst", "one"), is_free("tst", "two"), is_free("tst", "one", FREE_TO_SHARE)]
            assert held == [False, False, False]
            assert [is_free("tst", "three"), is_free("tst", None), is_free("oth", "one")] == [True] * 3
        assert is_free("tst", "one")


@on_postgresql
def test_who_shares_a_key_waits_for_nobody_who_shares_it(app: Flask) -> None:
    with app.app_context(), atomic():
        advisory_lock.wait_for("tst", "one", shared=True)
        assert is_free("tst", "one", FREE_TO_SHARE)
        assert not is_free("tst", "one")


@on_postgresql
def test_without_keys_there_is_one_lock_for_the_area(app: Flask) -> None:
    with app.app_context(), atomic():
        advisory_lock.wait_for("tst")
        assert not is_free("tst", None)
        assert is_free("oth", None)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_sqlite_is_left_alone(app: Flask) -> None:
    with app.app_context(), atomic(read_only=True):
        advisory_lock.wait_for("tst", "one")


def test_numbers_fit_into_four_bytes() -> None:
    numbers = [advisory_lock.number_of(str(place)) for place in range(1000)]
    assert all(-(2**31) <= number < 2**31 for number in numbers)
    assert advisory_lock.area_of("abs") == 0x616273
