"""The jobs process: a tick that runs each job in a context of its own, whatever became of the run before."""

import logging
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from threading import Event

import pytest
from flask import Flask, current_app
from sqlalchemy import text

from app.core.atomic import atomic
from app.core.db import db
from app.core.settings import Settings
from app.jobs import runner
from app.jobs.timetable import Job, jobs
from tests.api.database_rows import count, nothing_changes
from tests.databases import PROJECT

# Longer than any tick below takes; a test that waits for it has failed.
LAST_RESORT_SECONDS = 600

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def leave_a_mark() -> None:
    db.session.execute(
        text("INSERT INTO lookup_counts (source, window_start, attempts) VALUES ('x', '2026-01-01', 1)")
    )


def test_a_job_that_fails_leaves_nothing_and_is_told_of(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    def fail() -> None:
        with atomic():
            leave_a_mark()
            raise ValueError("half-way")

    with nothing_changes(app), pytest.raises(ValueError, match="half-way"):
        runner.run_once(app, Job("failing", 1, fail))
    (record,) = [record for record in caplog.records if record.name == "app.jobs.runner"]
    assert (record.levelno, record.__dict__["job"]) == (logging.ERROR, "failing")


def test_a_job_that_forgot_its_transaction_keeps_nothing(app: Flask) -> None:
    with nothing_changes(app):
        runner.run_once(app, Job("forgetful", 1, leave_a_mark))


def test_a_job_runs_in_an_application_context(app: Flask) -> None:
    def work() -> None:
        assert current_app.name == app.name
        with atomic():
            leave_a_mark()

    runner.run_once(app, Job("working", 1, work))
    assert count(app, "lookup_counts") == 1


def test_a_tick_comes_again_after_a_failure_and_beside_it(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    again, beside = Event(), Event()
    runs: list[int] = []

    def fail() -> None:
        runs.append(1)
        if len(runs) > 1:
            again.set()
        raise ValueError("every time")

    monkeypatch.setattr(
        runner, "jobs", lambda *_ports: [Job("failing", 1, fail), Job("beside", 1, beside.set)]
    )
    ticker = runner.start(app, Settings.for_tests("sqlite:///unused.db", tick_seconds="0.01"))
    try:
        assert again.wait(LAST_RESORT_SECONDS)
        assert beside.wait(LAST_RESORT_SECONDS)
    finally:
        ticker.shutdown()


def test_a_job_never_overtakes_itself(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    entered, go_on, ticked = Event(), Event(), Event()
    inside: list[int] = []
    most: list[int] = []
    ticks: list[int] = []

    def slow() -> None:
        inside.append(1)
        most.append(len(inside))
        entered.set()
        go_on.wait(LAST_RESORT_SECONDS)
        inside.pop()

    def tick() -> None:
        ticks.append(1)
        if len(ticks) > 5:
            ticked.set()

    monkeypatch.setattr(runner, "jobs", lambda *_ports: [Job("slow", 1, slow), Job("tick", 1, tick)])
    ticker = runner.start(app, Settings.for_tests("sqlite:///unused.db", tick_seconds="0.01"))
    try:
        assert entered.wait(LAST_RESORT_SECONDS)
        assert ticked.wait(LAST_RESORT_SECONDS)
        go_on.set()
    finally:
        go_on.set()
        ticker.shutdown()
    assert max(most) == 1


def test_the_timetable_ticks_for_all_that_is_due_and_does_the_rest_by_minute_and_hour(app: Flask) -> None:
    settings: Settings = app.extensions["steward.settings"]
    found = {job.name: job.every_ticks for job in jobs(settings, app.extensions["steward.wechat"])}
    every_tick = dict.fromkeys(
        (
            "callbacks",
            "copies",
            "timers",
            "promises",
            "calendar",
            "visits",
            "talk",
            "replies",
            "checks",
            "files",
            "messages",
            "webhooks",
        ),
        1,
    )
    every_minute = dict.fromkeys(("tokens", "calls", "unknown", "skills", "morning", "bytes", "terms"), 30)
    assert found == {**every_tick, **every_minute, "forget": 1800}


def test_what_is_due_runs_at_once_and_so_does_what_it_makes_due(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    everything = list(jobs(app.extensions["steward.settings"], app.extensions["steward.wechat"]))
    ran: list[str] = []
    # A timer fires, a message follows from it, and then nothing is left.
    rounds = [["timers"], ["messages", "webhooks"], []]

    def due(_app: Flask, looked_at: Sequence[Job]) -> list[Job]:
        found = rounds.pop(0)
        return [job for job in looked_at if job.name in found]

    monkeypatch.setattr(runner, "due", due)
    monkeypatch.setattr(runner, "run_once", lambda _app, job: ran.append(job.name))
    ticker = runner.Ticker(app, everything)
    try:
        ticker.run_now()
        assert (ran[0], sorted(ran[1:])) == ("timers", ["messages", "webhooks"])
        assert rounds == []
    finally:
        ticker.shutdown()


def test_a_signal_makes_the_process_run_what_is_due_and_another_ends_it(database_url: str) -> None:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("STEWARD_")}
    # The next tick of its own would come in a day.
    environ |= {
        "STEWARD_PROFILE": "demo",
        "STEWARD_DATABASE_URL": database_url,
        "STEWARD_TICK_SECONDS": "86400",
    }
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "jobs"]
    with subprocess.Popen(command, cwd=PROJECT, env=environ, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        logged = iter(process.stderr)
        assert any("jobs started" in line for line in logged)
        for _ in range(2):
            process.send_signal(signal.SIGUSR1)
            assert any("ran what was due at once" in line for line in logged)
        process.terminate()
        assert any("jobs stopped" in line for line in logged)
    assert process.returncode == 0
