"""When the database does not answer, everybody says so, shortly, and tries again."""

import logging
import socket
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError

from app.core import db as core_db
from app.core.atomic import atomic
from app.core.connection_failure import is_connection_failure
from app.core.db import db
from app.core.settings import Settings
from app.factory import create_app
from app.jobs import runner
from app.jobs.timetable import Job
from app.services.people.sessions import Audience


@pytest.fixture
def nowhere(tmp_path: Path) -> Iterator[Flask]:
    """The application on a PostgreSQL that is not there."""
    app = create_app(Settings.for_tests(f"postgresql://postgres@/steward?host={tmp_path}"))
    yield app
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.mark.parametrize(
    ("fault", "failure"),
    [
        (psycopg.OperationalError("connection refused"), True),
        (psycopg.InterfaceError("the connection is closed"), True),
        (psycopg.errors.AdminShutdown("terminating connection due to administrator command"), True),
        (psycopg.errors.CrashShutdown("terminating connection because of a crash"), True),
        (psycopg.errors.CannotConnectNow("the database system is starting up"), True),
        (psycopg.errors.ConnectionFailure("connection failure"), True),
        (psycopg.errors.TooManyConnections("too many clients already"), True),
        (psycopg.errors.DeadlockDetected("deadlock detected"), False),
        (psycopg.errors.DiskFull("no space left on device"), False),
        (psycopg.errors.UniqueViolation("duplicate key"), False),
        (sqlite3.OperationalError("database is locked"), False),
        (ValueError("ours"), False),
    ],
)
def test_what_counts_as_a_connection_failure(fault: Exception, failure: bool) -> None:
    assert is_connection_failure(fault) is failure
    assert is_connection_failure(OperationalError("SELECT 1", {}, fault)) is failure


def test_requests_are_told_to_come_again(nowhere: Flask) -> None:
    # One that is answered by a prepared query, one by the session's own.
    for path, headers in (
        ("/api/v1/customer/cases", {"Authorization": f"Bearer {_token(nowhere)}"}),
        ("/api/v1/customer/lookups", {}),
    ):
        method = "GET" if headers else "POST"
        body = None if headers else {"number": "26091800000000", "phone_last_digits": "0000"}
        answer = nowhere.test_client().open(path, method=method, json=body, headers=headers)
        assert answer.status_code == 503, answer.text
        assert answer.get_json()["code"] == "unavailable"
        assert int(answer.headers["Retry-After"]) > 0
    assert nowhere.test_client().get("/readyz").status_code == 503
    assert nowhere.test_client().get("/healthz").status_code == 200


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_request_whose_commit_finds_it_gone_is_told_so_too(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone() -> None:
        raise OperationalError("COMMIT", {}, psycopg.errors.AdminShutdown("terminating connection"))

    monkeypatch.setattr(db.session, "commit", gone)
    body = {"number": "26091800000000", "phone_last_digits": "0000"}
    answer = client.post("/api/v1/customer/lookups", json=body)
    assert (answer.status_code, answer.get_json()["code"]) == (503, "unavailable")


def test_a_host_that_does_not_answer_is_abandoned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(core_db, "CONNECT_SECONDS", 2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"postgresql+psycopg://postgres@127.0.0.1:{silent.getsockname()[1]}/steward"
        engine = create_engine(url, **core_db.engine_options(url))
        with pytest.raises(OperationalError) as given_up:
            engine.connect()
    assert is_connection_failure(given_up.value)


def test_a_job_is_put_off_with_one_line(nowhere: Flask, caplog: pytest.LogCaptureFixture) -> None:
    def work() -> None:
        with atomic():
            db.session.execute(text("SELECT 1"))

    with pytest.raises(OperationalError):
        runner.run_once(nowhere, Job("working", 1, work))
    (record,) = [record for record in caplog.records if record.name == "app.jobs.runner"]
    assert (record.levelno, record.exc_info, record.__dict__["job"]) == (logging.WARNING, None, "working")


def _token(app: Flask) -> str:
    signed: str = app.extensions["steward.signer"].signed(Audience.CUSTOMER, "a-login")
    return signed
