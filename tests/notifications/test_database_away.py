"""The database goes away between a send and its record: what WeChat has answered is not forgotten."""

from collections import Counter
from collections.abc import Callable

import psycopg
import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from app.core.atomic import atomic
from app.core.db import db
from notifications.dispatch import dispatcher, outcome_buffer
from notifications.models import DeliveryAttempt, DeliveryState, OutboxMessage, SubscribeConsent
from notifications.outbox import consents
from notifications.wording.kinds import Channel
from tests.notifications.conftest import Halves, Phones
from tests.notifications.outgoing import put, rows

NUMBER = 24
"""So many that there are at least four commits, however many answers come back together."""
POOL = 1
CONSENTS = 3


@pytest.fixture
def sent(house: Flask, phones: Phones, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Subscribe messages that wait, each to somebody who consented."""
    monkeypatch.setattr(outcome_buffer, "AGAIN_SECONDS", 0.0)
    messages = rows(NUMBER, Channel.SUBSCRIBE)
    for message in messages:
        phones.consent(message["openid"], "SIM-accepted", CONSENTS)
        with atomic():
            for _ in range(CONSENTS):
                consents.accepted_event(message["openid"], "accepted")
    return put(messages)


def commits_fail(monkeypatch: pytest.MonkeyPatch, numbers: set[int], *, though_made: bool) -> None:
    """Let the commits of these numbers (from 1) report a database that was shut down."""
    commit: Callable[[], None] = db.session.commit
    asked: list[int] = []

    def commit_or_not() -> None:
        asked.append(1)
        if len(asked) not in numbers:
            commit()
            return
        if though_made:
            commit()
        raise OperationalError("COMMIT", {}, psycopg.errors.AdminShutdown("terminating connection"))

    monkeypatch.setattr(db.session, "commit", commit_or_not)


@pytest.mark.parametrize("though_made", [False, True], ids=["undone", "made all the same"])
@pytest.mark.parametrize("numbers", [{1}, {2}, {2, 3, 4}, {4}], ids=str)
def test_nothing_known_becomes_unknown_and_nothing_is_sent_twice(
    sent: list[str],
    phones: Phones,
    monkeypatch: pytest.MonkeyPatch,
    numbers: set[int],
    though_made: bool,
) -> None:
    with monkeypatch.context() as while_away:
        commits_fail(while_away, numbers, though_made=though_made)
        with pytest.raises(OperationalError):
            dispatcher.dispatch(phones.accounts, pool_size=POOL, chance=Halves())
    # No lease has to run out before the rest goes on.
    dispatcher.drain(phones.accounts, chance=Halves())
    with atomic(read_only=True):
        states = Counter(db.session.scalars(select(OutboxMessage.state)))
        attempts = Counter(db.session.scalars(select(DeliveryAttempt.message_id)))
        left = set(db.session.scalars(select(SubscribeConsent.remaining)))
    arrived = Counter(message["openid"] for message in phones.arrived())
    assert states == {DeliveryState.ACCEPTED: NUMBER}
    assert set(arrived.values()) == {1}
    assert attempts == dict.fromkeys(sent, 1)
    assert left == {CONSENTS - 1}
