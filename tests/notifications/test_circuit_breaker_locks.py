"""Two dispatchers at once never wait for each other's circuit breakers in a circle.

Recording outcomes locks the rows of the channels that were in trouble, one after the other. A claim follows
in the same transaction and looks at all channels: were it to wait for a row that another dispatcher has
locked, the other could be waiting for one of ours. (The campaign met this with both channels down.)
"""

import pytest
from flask import Flask
from sqlalchemy import text

from app.core import clock
from app.core.atomic import atomic
from app.core.db import db
from notifications.channels.envelope import Outcome, OutcomeKind
from notifications.dispatch import circuit_breaker
from notifications.wording.kinds import Channel
from tests.notifications.conftest import Halves

CHANNELS = (Channel.SUBSCRIBE, Channel.TEMPLATE)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_claim_does_not_wait_for_a_channel_that_another_worker_records(house: Flask) -> None:
    with atomic():
        for channel in CHANNELS:
            circuit_breaker.record_outcomes([_fault(channel)], Halves(), clock.now())
    with db.engine.connect() as other, other.begin():
        other.execute(text("SELECT channel FROM channel_gates WHERE channel = 'subscribe' FOR UPDATE"))
        with atomic():
            # Without this a claim that waits would wait for ever.
            db.session.execute(text("SET LOCAL lock_timeout = '2s'"))
            circuit_breaker.record_outcomes([_fault(Channel.TEMPLATE)], Halves(), clock.now())
            assert set(circuit_breaker.allowances(CHANNELS, 10, clock.now())) == {Channel.TEMPLATE}
    with atomic():
        assert set(circuit_breaker.allowances(CHANNELS, 10, clock.now())) == set(CHANNELS)


def _fault(channel: Channel) -> tuple[Channel, Outcome]:
    return channel, Outcome(OutcomeKind.TRANSIENT, clock.now())
