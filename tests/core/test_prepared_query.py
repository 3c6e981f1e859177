"""Prepared queries: what they see of a transaction, the types they give, and a restarted database."""

import os
import socket
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from flask import Flask
from sqlalchemy import Integer, String, bindparam, cast, column, func, literal_column, select, text

from app.core.atomic import atomic
from app.core.connection_failure import is_connection_failure
from app.core.db import READS, db
from app.core.prepared_executor import PreparedExecutor, PreparedStatement
from app.core.prepared_query import PreparedQuery
from app.models import Audience, Session

NOON = datetime(2026, 9, 18, 4, 0, 0, 123456, tzinfo=UTC)

LIVE = PreparedQuery(
    select(Session.id, Session.expires_at, Session.revoked_at)
    .where(Session.subject_id == bindparam("subject"), Session.expires_at > bindparam("now"))
    .order_by(Session.id)
)


def _log_in(name: str) -> None:
    db.session.add(
        Session(id=name, audience=Audience.CUSTOMER, subject_id="somebody", created_at=NOON, expires_at=NOON)
    )


def _ids(at: datetime) -> list[str]:
    return [row[0] for row in LIVE.rows({"subject": "somebody", "now": at})]


def test_columns_come_as_the_tables_have_them_and_parameters_go_the_same_way(app: Flask) -> None:
    with app.app_context():
        with atomic():
            _log_in("first")
        with atomic(read_only=True):
            earlier = NOON - timedelta(microseconds=1)
            assert LIVE.rows({"subject": "somebody", "now": earlier}) == [["first", NOON, None]]
            assert _ids(NOON) == []


def test_a_writing_transaction_sees_its_own_work_and_a_reading_one_only_what_was_committed(
    app: Flask,
) -> None:
    earlier = NOON - timedelta(days=1)
    with app.app_context():
        with atomic():
            _log_in("first")
            assert _ids(earlier) == ["first"]
            with app.app_context(), atomic(read_only=True):
                assert _ids(earlier) == []
        with atomic(read_only=True):
            assert _ids(earlier) == ["first"]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_connection_that_was_cut_is_replaced(app: Flask) -> None:
    backend = PreparedQuery(select(func.pg_backend_pid(), literal_column("'x'")))
    with app.app_context():
        with atomic(read_only=True):
            cut = backend.rows({})[0][0]
        with atomic():
            db.session.execute(select(func.pg_terminate_backend(cut, 5000)))
        with atomic(read_only=True):
            assert backend.rows({})[0][0] != cut


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_statement_goes_on_after_its_table_has_changed(app: Flask) -> None:
    asked = PreparedQuery(select(column("seen")).select_from(text("changing_table")))
    with app.app_context():
        with atomic():
            db.session.execute(text("CREATE TABLE changing_table AS SELECT 1 AS seen"))
        try:
            with atomic(read_only=True):
                assert asked.rows({}) == [[1]]
            with atomic():
                db.session.execute(text("ALTER TABLE changing_table ALTER COLUMN seen TYPE text"))
            with atomic(read_only=True):
                assert asked.rows({}) == [["1"]]
        finally:
            with atomic():
                db.session.execute(text("DROP TABLE changing_table"))


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_what_the_database_refuses_is_told_as_the_driver_tells_it(app: Flask) -> None:
    divided = PreparedQuery(select(literal_column("1") / cast(bindparam("by", type_=Integer), Integer)))
    with app.app_context(), atomic(read_only=True):
        assert divided.rows({"by": 1})[0][0] == 1
        with pytest.raises(psycopg.errors.DivisionByZero):
            divided.rows({"by": 0})
        # The connection is as good as before.
        assert divided.rows({"by": 1})[0][0] == 1


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_half_a_text_finds_nothing(app: Flask) -> None:
    with app.app_context():
        with atomic():
            _log_in("first")
        with atomic(read_only=True), pytest.raises(psycopg.DataError):
            LIVE.rows({"subject": "somebody\0else", "now": NOON - timedelta(days=1)})


def test_texts_go_through_unchanged(app: Flask) -> None:
    said = PreparedQuery(select(cast(bindparam("said", type_=String), String)))
    with app.app_context(), atomic(read_only=True):
        for words in ("您好", "it's \\ 100%", "", "$1 %(said)s :said", "\U0001f4a7"):
            assert said.rows({"said": words}) == [[words]]


def test_values_that_never_change_are_part_of_the_words(app: Flask) -> None:
    """Else SQLite plans anew with every asking, and PostgreSQL does not use an index of open rows only."""
    odd = "it's 100% :sure"
    found = PreparedQuery(
        select(Session.id)
        .where(Session.subject_id == bindparam("subject"), Session.audience == "customer", Session.id != odd)
        .limit(1)
    )
    with app.app_context():
        with atomic():
            _log_in("first")
        with atomic(read_only=True):
            assert found.rows({"subject": "somebody"}) == [["first"]]
            assert found.rows({"subject": "nobody"}) == []


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_server_that_ends_without_a_word_is_a_connection_failure(app: Flask) -> None:
    """Such an answer has no SQLSTATE. The request is then put off (503), and no fault of ours (500)."""
    statement = PreparedStatement(select(literal_column("1")))
    with app.app_context():
        connection = db.engines[READS].raw_connection()
        driver = connection.driver_connection
        assert isinstance(driver, psycopg.Connection)
        executor = PreparedExecutor(driver)
        assert executor.run(statement, []) == [[1]]
        with socket.socket(fileno=os.dup(driver.fileno())) as wire:
            wire.shutdown(socket.SHUT_RDWR)
        with pytest.raises(psycopg.OperationalError) as caught:
            executor.run(statement, [])
        connection.invalidate()
    assert is_connection_failure(caught.value)
