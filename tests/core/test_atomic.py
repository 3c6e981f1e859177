"""All of it happened, or none of it."""

from datetime import datetime

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import StatementError

from app.core import clock
from app.core.atomic import atomic, release_connection
from app.core.db import db
from app.models import LookupCount


def put(source: str) -> None:
    db.session.add(LookupCount(source=source, window_start=clock.now(), attempts=1))


@atomic()
def fail_with(source: str) -> None:
    put(source)
    db.session.flush()
    raise ValueError("half-way")


def kept(app: Flask) -> set[str]:
    with app.app_context(), atomic(read_only=True):
        return set(db.session.scalars(select(LookupCount.source)))


def test_what_ends_well_is_kept(app: Flask) -> None:
    with app.app_context(), atomic():
        put("one")
        put("two")
    assert kept(app) == {"one", "two"}


def test_an_error_takes_everything_back(app: Flask) -> None:
    with app.app_context(), pytest.raises(ValueError, match="half-way"):
        fail_with("one")
    assert kept(app) == set()


def test_a_refusal_takes_everything_back_without_an_error(app: Flask) -> None:
    with app.app_context(), atomic() as transaction:
        put("one")
        db.session.flush()
        transaction.mark_for_rollback()
    assert kept(app) == set()


def test_a_reader_keeps_nothing(app: Flask) -> None:
    with app.app_context(), atomic(read_only=True):
        put("one")
    assert kept(app) == set()


def test_what_came_before_letting_go_is_lost_and_what_comes_after_is_kept(app: Flask) -> None:
    with app.app_context(), atomic():
        put("before")
        db.session.flush()
        release_connection()
        put("after")
    assert kept(app) == {"after"}


def test_one_transaction_leaves_nothing_to_the_next(app: Flask) -> None:
    with app.app_context():
        with pytest.raises(ValueError, match="half-way"):
            fail_with("first")
        with atomic():
            put("second")
    assert kept(app) == {"second"}


def test_an_instant_without_a_zone_is_refused(app: Flask) -> None:
    naive = datetime(2026, 1, 1)  # noqa: DTZ001 - the point of the test
    with app.app_context(), atomic():
        db.session.add(LookupCount(source="x", window_start=naive, attempts=1))
        with pytest.raises(StatementError, match="naive"):
            db.session.flush()
        db.session.rollback()
