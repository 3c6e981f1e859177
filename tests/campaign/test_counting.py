"""How the campaign counts: work that goes on during a count is neither overlooked nor called lost."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, update

from app.core import clock
from app.core.atomic import atomic
from app.core.clock import FixedClock
from app.core.db import db
from app.jobs import timetable
from app.models import Staff
from app.services.timers import firing
from app.wechat.port import Accounts
from notifications.dispatch import dispatcher
from notifications.models import DeliveryState, OutboxMessage
from notifications.wording.kinds import Channel
from tests.campaign import remaining_work
from tests.campaign.machines import Machines
from tests.campaign.observations import Observations
from tests.campaign.phones import Phones
from tests.campaign.results import Results, compare
from tests.campaign.starting_data import StartingData
from tests.notifications.outgoing import put, rows
from tests.world import World, local

NOTHING_WAITS = {"steward_messages_waiting": 0.0}


@contextmanager
def after_the_first_statement(app: Flask, act: Any) -> Iterator[None]:
    """Within the block, do `act` once, on a connection of its own, as soon as one statement was answered."""
    left_to_do = [act]

    def answered(*_: object) -> None:
        if left_to_do:
            now = left_to_do.pop()
            with app.app_context():
                now()
                db.session.remove()

    with app.app_context():
        engine = db.engine
    event.listen(engine, "after_cursor_execute", answered)
    try:
        yield
    finally:
        event.remove(engine, "after_cursor_execute", answered)


def test_a_timer_that_fires_during_the_count_is_counted(world: World) -> None:
    with world.app.app_context(), atomic():
        # Without the 服务号 nobody would be sent what the timer has to say.
        db.session.execute(update(Staff).values(service_openid="service-" + Staff.number))
    world.submitted(world.log_in("o_counted", "13800000001"))
    with world.app.app_context():
        with atomic():
            db.session.execute(update(OutboxMessage).values(state=DeliveryState.ACCEPTED))
            due = firing.QUEUE.next_due()
        assert due is not None
        world.clock.set(due)
        db.session.remove()
    fires = after_the_first_statement(world.app, timetable.fire_timers)
    with fires, world.app.app_context(), atomic(read_only=True):
        assert remaining_work.count() > 0
    with world.app.app_context(), atomic(read_only=True):
        assert firing.QUEUE.pending() == 0, "it did not fire during the count"


@pytest.fixture
def settable(app: Flask) -> Iterator[Flask]:
    before = clock.in_use()
    clock.use(FixedClock(local("2026-09-22 10:00")))
    yield app
    clock.use(before)


def counted(app: Flask, received: Any) -> Results:
    data = StartingData({}, frozenset(), 0, (), (), (), {})
    phones = Phones(Machines.__new__(Machines), Observations())
    return compare(app, data, received, phones, Observations(), NOTHING_WAITS)


def test_a_message_that_is_sent_during_the_count_is_not_called_lost(settable: Flask) -> None:
    simulator = settable.extensions["steward.simulator"]
    wechat: Accounts = settable.extensions["steward.wechat"]
    messages = rows(3, Channel.TEMPLATE)
    for message in messages:
        simulator.state.people.follow(message["openid"], None, True)
    with settable.app_context():
        put(messages)
        db.session.remove()

    def arrived() -> Sequence[dict[str, Any]]:
        return [message.as_json() for message in simulator.state.messages()]

    def arrived_and_then_more() -> Sequence[dict[str, Any]]:
        before = arrived()
        with settable.app_context():
            assert dispatcher.drain(wechat).accepted == len(messages)
        return before

    (fault,) = counted(settable, arrived_and_then_more).faults
    assert fault.startswith(f"{len(messages)} messages are not settled")
    assert counted(settable, arrived).faults == []
