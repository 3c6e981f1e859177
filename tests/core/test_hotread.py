"""Hot reads: what they see of a transaction, the types they give, and a database that was started anew."""

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import bindparam, func, literal_column, select

from app.core.atomic import atomic
from app.core.db import db
from app.core.hotread import HotRead
from app.models import Audience, Session

NOON = datetime(2026, 9, 18, 4, 0, 0, 123456, tzinfo=UTC)

LIVE = HotRead(
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
    backend = HotRead(select(func.pg_backend_pid(), literal_column("'x'")))
    with app.app_context():
        with atomic(read_only=True):
            cut = backend.rows({})[0][0]
        with atomic():
            db.session.execute(select(func.pg_terminate_backend(cut, 5000)))
        with atomic(read_only=True):
            assert backend.rows({})[0][0] != cut
