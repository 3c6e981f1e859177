"""Insert-or-ignore and insert-or-update, on both databases."""

from threading import Barrier, Thread

import pytest
from flask import Flask
from sqlalchemy import func
from sqlalchemy.exc import IntegrityError

from app.core import clock
from app.core.atomic import atomic
from app.core.db import db
from app.core.upsert import for_each_database, insert_or_ignore, insert_or_update
from app.models import JobRun, PartnerNonce

AT_NOON = {"job": "sums", "occasion": "noon"}


def _runs() -> list[tuple[str, str]]:
    with atomic(read_only=True):
        return [(run.job, run.occasion) for run in db.session.query(JobRun).order_by(JobRun.occasion)]


def test_a_row_is_inserted_once_and_the_caller_is_told(app: Flask) -> None:
    with app.app_context():
        for expected in (True, False):
            with atomic():
                assert insert_or_ignore(JobRun, AT_NOON | {"at": clock.now()}) is expected
        assert _runs() == [("sums", "noon")]


def test_an_inserted_row_goes_with_its_transaction(app: Flask) -> None:
    with app.app_context():
        with atomic() as transaction:
            assert insert_or_ignore(JobRun, AT_NOON | {"at": clock.now()})
            transaction.mark_for_rollback()
        assert _runs() == []


def test_only_the_named_constraint_is_forgiven(app: Flask) -> None:
    nonce = {"key_id": "k", "nonce": None, "seen_at": clock.now()}
    with app.app_context(), pytest.raises(IntegrityError), atomic():
        insert_or_ignore(PartnerNonce, nonce, conflict=("key_id", "nonce"))


def test_of_many_who_insert_at_once_one_is_first(app: Flask) -> None:
    together = Barrier(4)
    first: list[bool] = []

    def insert() -> None:
        with app.app_context():
            together.wait()
            with atomic():
                first.append(insert_or_ignore(JobRun, AT_NOON | {"at": clock.now()}))
            db.session.remove()

    threads = [Thread(target=insert) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(first) == [False, False, False, True]


def test_a_row_that_exists_is_changed_by_what_it_held_and_what_came(app: Flask) -> None:
    early, late = clock.now(), clock.now().replace(year=2100)
    with app.app_context():
        for at in (early, late, early):
            with atomic():
                insert_or_update(
                    JobRun,
                    AT_NOON | {"at": at},
                    conflict=("job", "occasion"),
                    changes=lambda new: {
                        "at": func.max(JobRun.at, new.at)
                        if db.engine.dialect.name == "sqlite"
                        else func.greatest(JobRun.at, new.at)
                    },
                )
        with atomic(read_only=True):
            assert db.session.query(JobRun).one().at == late


def test_a_kept_statement_exists_for_each_database(app: Flask) -> None:
    kept = for_each_database(JobRun, lambda insert, _: insert.on_conflict_do_nothing())
    rows = [AT_NOON | {"at": clock.now()}, AT_NOON | {"at": clock.now()}]
    with app.app_context():
        with atomic():
            db.session.connection().execute(kept[db.engine.dialect.name], rows)
        assert _runs() == [("sums", "noon")]
