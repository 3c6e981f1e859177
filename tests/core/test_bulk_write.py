"""Many rows by one statement: the same rows on both databases, whatever their values are and however many."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import bindparam, select
from sqlalchemy.exc import DBAPIError

from app.core.atomic import atomic
from app.core.bulk_write import insert_rows, update_rows
from app.core.crypto import seal_text
from app.core.db import db
from app.core.ids import new_id
from app.core.list_parameter import one_of
from notifications.models import Notice, StoppedTemplate

NOW = datetime(2026, 3, 10, 1, 2, 3, 456789, tzinfo=UTC)


def notice(key: str, **columns: Any) -> dict[str, Any]:
    return {
        "id": new_id(),
        "customer_id": None,
        "case_id": "case-1",
        "kind": "test",
        "title": "题目",
        "body": "正文",
        "page": "p",
        "dedupe_key": key,
        "created_at": NOW,
        **columns,
    }


def stored(*columns: Any) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in db.session.execute(select(*columns).order_by(Notice.seq))]


# Neither half characters nor NUL can be stored by PostgreSQL.
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(
    said=st.lists(st.tuples(TEXTS, st.none() | TEXTS, TEXTS, st.integers(0, 10**6)), min_size=1, max_size=5)
)
def test_every_value_is_stored_as_it_was_given(
    app: Flask, said: list[tuple[str, str | None, str, int]]
) -> None:
    rows = [
        notice(new_id(), title=title, customer_id=who, body=body, created_at=NOW + timedelta(microseconds=at))
        for title, who, body, at in said
    ]
    with app.app_context(), atomic() as transaction:
        insert_rows(db.session.connection(), Notice, rows)
        assert stored(Notice.title, Notice.customer_id, Notice.body, Notice.created_at) == [
            (row["title"], row["customer_id"], row["body"], row["created_at"]) for row in rows
        ]
        transaction.mark_for_rollback()


def test_what_exists_is_left_out_and_what_was_new_is_answered(app: Flask) -> None:
    with app.app_context(), atomic():
        connection = db.session.connection()
        first, second = notice("one"), notice("two")
        assert insert_rows(connection, Notice, [first], unless="dedupe_key", returning="id") == [first["id"]]
        again = [notice("one"), second, notice("two")]
        assert insert_rows(connection, Notice, again, unless="dedupe_key", returning="id") == [second["id"]]
        assert insert_rows(connection, Notice, [], returning="id") == ()


def test_rows_are_written_by_their_id_and_only_where_it_holds(app: Flask) -> None:
    mine = (Notice.kind == bindparam("wanted"),)
    rows = [notice("one"), notice("two"), notice("three", kind="other")]
    with app.app_context(), atomic():
        connection = db.session.connection()
        insert_rows(connection, Notice, rows)
        changes = [{"id": row["id"], "title": f"新{row['dedupe_key']}", "read_at": NOW} for row in rows]
        update_rows(connection, Notice, changes[:2], mine, {"wanted": "test"})
        update_rows(connection, Notice, changes[2:], mine, {"wanted": "test"})
        assert stored(Notice.title, Notice.read_at) == [("新one", NOW), ("新two", NOW), ("题目", None)]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_text_too_long_for_its_column_is_refused_and_not_cut(app: Flask) -> None:
    """SQLite knows no lengths."""
    rows = [{"template_key": f"{name}" * 65, "errcode": None, "stopped_at": NOW} for name in "ab"]
    with app.app_context(), pytest.raises(DBAPIError, match="too long"), atomic():
        insert_rows(db.session.connection(), StoppedTemplate, rows)


def test_a_list_of_texts_travels_as_one_parameter(app: Flask) -> None:
    rows = [notice('a"b\\c,{}'), notice("二"), notice("three")]
    statement = select(Notice.dedupe_key).where(one_of(Notice.dedupe_key, "keys")).order_by(Notice.seq)
    with app.app_context(), atomic():
        connection = db.session.connection()
        insert_rows(connection, Notice, rows)
        asked = {"keys": ['a"b\\c,{}', "二", "nobody"]}
        assert connection.scalars(statement, asked).all() == ['a"b\\c,{}', "二"]
        assert connection.scalars(statement, {"keys": []}).all() == []


def test_what_was_encrypted_once_is_read_in_every_row(app: Flask) -> None:
    sealed = seal_text("一次加密")
    with app.app_context(), atomic():
        insert_rows(db.session.connection(), Notice, [notice("one", body=sealed), notice("two", body=sealed)])
        assert stored(Notice.body) == [("一次加密",), ("一次加密",)]
