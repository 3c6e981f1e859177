"""A dispatcher is killed in the middle of its work, several times; then WeChat's side counts what arrived."""

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute
from werkzeug.serving import make_server

from app.core import clock
from app.core.atomic import atomic
from app.core.clock import FileClock
from app.core.db import db
from app.wechat.simulator.app import Simulator
from app.wechat.simulator.faults import Fault
from app.wechat.simulator.serve import QuietHandler
from notifications.dispatch.dispatcher import MOST_AHEAD
from notifications.dispatch.outbox_queue import LEASE
from notifications.dispatch.sender_pool import POOL_SIZE
from notifications.models import DeliveryAttempt, DeliveryState, OutboxMessage
from notifications.outbox import consents
from notifications.wording.kinds import Channel
from tests.databases import PROJECT
from tests.notifications.outgoing import put, rows
from tests.notifications.people import NOW

# `make soak` sends more.
EACH = int(os.environ.get("STEWARD_SOAK_MESSAGES", "250"))
KILLED_AFTER = (EACH // 4, EACH * 11 // 12)
"""How many messages have arrived when a worker is killed."""

LAST_RESORT_SECONDS = 3600

WORKER = """
import sys
from app.core.settings import Settings
from app.factory import create_app
from notifications.dispatch import dispatcher

database, url, clock_file = sys.argv[1:]
app = create_app(Settings.for_tests(database, wechat_url=url, clock_file=clock_file))
wechat = app.extensions["steward.wechat"]
with app.app_context():
    print(dispatcher.drain(wechat), flush=True)
"""


@pytest.fixture
def file_clock(tmp_path: Path) -> Iterator[tuple[FileClock, Path]]:
    """A clock that this process and the workers share."""
    before = clock.in_use()
    path = tmp_path / "clock"
    shared = FileClock(path)
    shared.set(NOW)
    clock.use(shared)
    yield shared, path
    clock.use(before)


@pytest.fixture
def simulator(app: Flask) -> Iterator[tuple[Simulator, str]]:
    """The application's simulated WeChat behind a socket; each send takes it a while."""
    found: Simulator = app.extensions["steward.simulator"]
    for path in ("cgi-bin/message/subscribe/send", "cgi-bin/message/template/send"):
        found.faults.add(Fault(path, latency_ms=30, times=None))
    server = make_server("127.0.0.1", 0, found, threaded=True, request_handler=QuietHandler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield found, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def everybody(simulator: Simulator) -> tuple[list[str], list[str]]:
    """Messages to customers who consented and to staff who follow; their ids."""
    to_customers, to_staff = rows(EACH, Channel.SUBSCRIBE), rows(EACH, Channel.TEMPLATE)
    with atomic():
        for message in to_customers:
            simulator.state.consent(message["openid"], "SIM-accepted", 1)
            consents.accepted_event(message["openid"], "accepted")
    for message in to_staff:
        simulator.state.people.follow(message["openid"], None, True)
    return put(to_customers), put(to_staff)


def test_nothing_is_lost_and_nothing_doubled_whose_outcome_is_known(
    app: Flask, database_url: str, file_clock: tuple[FileClock, Path], simulator: tuple[Simulator, str]
) -> None:
    shared, path = file_clock
    wechat, url = simulator
    with app.app_context():
        to_customers, to_staff = everybody(wechat)
    arguments = [sys.executable, "-c", WORKER, database_url, url, str(path)]
    pause = Event()
    for number in KILLED_AFTER:
        worker = subprocess.Popen(arguments, cwd=PROJECT, stdout=subprocess.DEVNULL)
        while len(wechat.state.messages()) < number and worker.poll() is None:
            pause.wait(0.005)
        assert worker.poll() is None, "it was done before it could be killed"
        worker.kill()
        worker.wait()
        shared.set(shared.now() + LEASE + timedelta(seconds=1))
    subprocess.run(arguments, cwd=PROJECT, check=True, stdout=subprocess.DEVNULL, timeout=LAST_RESORT_SECONDS)

    with app.app_context():
        states = _by_id(OutboxMessage.state)
        person = _by_id(OutboxMessage.openid)
        tried = set(db.session.scalars(select(DeliveryAttempt.message_id)))
        db.session.rollback()
    arrived = Counter(message.openid for message in wechat.state.messages())
    assert {states[each] for each in to_staff} == {DeliveryState.ACCEPTED}
    assert {arrived[person[each]] for each in to_staff} == {1}
    known = [each for each in to_customers if states[each] == DeliveryState.ACCEPTED]
    unknown = [each for each in to_customers if states[each] == DeliveryState.UNKNOWN]
    assert len(known) + len(unknown) == EACH
    assert {arrived[person[each]] for each in known} == {1}
    assert {arrived[person[each]] for each in unknown} <= {0, 1}
    # Only what had been handed to the threads of a worker that died can be unknown.
    assert len(unknown) <= len(KILLED_AFTER) * POOL_SIZE * MOST_AHEAD
    assert tried == {*to_customers, *to_staff}


def _by_id(column: InstrumentedAttribute[str]) -> dict[str, str]:
    """A column of every message, by the message's id."""
    rows = db.session.execute(select(OutboxMessage.id, column))
    return {row[0]: row[1] for row in rows}
