"""How much one member of staff is told alone in a day: what can wait joins the next morning's message."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from app.core import clock
from app.core.atomic import atomic
from app.core.db import db
from notifications.dispatch.dispatcher import dispatch
from notifications.models import DeliveryAttempt, DeliveryState, OutboxMessage
from notifications.outbox import delivery_rules
from notifications.wording.kinds import Channel
from tests.notifications.conftest import Halves, Phones, later
from tests.notifications.outgoing import put, rows

FOLLOWER = "service-designer"
TODAY = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
"""17:00 in Jinan, an hour of today; the clock stands at 09:00."""
NEXT_DAY = TODAY + timedelta(days=1)
AFTER_NEXT = TODAY + timedelta(days=2)


@pytest.fixture
def most(house: Flask, phones: Phones) -> int:
    phones.follow(FOLLOWER)
    return delivery_rules.current().most_a_day


def send(phones: Phones, number: int, kind: str = "task_opened", **columns: Any) -> list[str]:
    """Queue so many messages of a kind to one designer, and send what goes now."""
    to = {"recipient_id": "staff-designer", "openid": FOLLOWER, "kind": kind, "needed_by": AFTER_NEXT}
    ids = put(rows(number, Channel.TEMPLATE, **to | columns))
    dispatch(phones.accounts, chance=Halves())
    return ids


def states(ids: list[str]) -> list[str]:
    with atomic(read_only=True):
        rows_ = db.session.execute(select(OutboxMessage.id, OutboxMessage.state))
        found = {row.id: row.state for row in rows_}
    return [found[id_] for id_ in ids]


def test_beyond_the_limit_what_can_wait_waits_for_the_morning(most: int, phones: Phones) -> None:
    ids = send(phones, most + 3)

    assert len(phones.arrived()) == most
    assert states(ids).count(DeliveryState.GATHERED) == 3
    with atomic(read_only=True):
        tried = db.session.scalars(select(DeliveryAttempt.outcome)).all()
    assert tried.count("gathered") == 3
    # However often the outbox is asked: nothing of it goes out alone.
    assert dispatch(phones.accounts, chance=Halves()).claimed == 0


@pytest.mark.parametrize(
    ("kind", "needed_by", "waits"),
    [
        ("task_opened", TODAY, False),
        ("task_opened", NEXT_DAY, False),
        ("task_opened", AFTER_NEXT, True),
        ("case_handed_over", None, True),
        # Somebody waits: no limit holds it back.
        ("complaint_raised", None, False),
        ("staff_visit_soon", AFTER_NEXT, False),
    ],
)
def test_what_must_be_done_now_or_by_tomorrow_still_goes(
    most: int, phones: Phones, kind: str, needed_by: datetime | None, waits: bool
) -> None:
    send(phones, most)
    (message,) = send(phones, 1, kind, needed_by=needed_by)

    assert states([message]) == [DeliveryState.GATHERED if waits else DeliveryState.ACCEPTED]


def test_what_goes_in_any_case_counts_and_the_next_day_begins_anew(
    most: int, phones: Phones, set_clock: clock.FixedClock
) -> None:
    send(phones, most, "complaint_raised", needed_by=None)
    assert states(send(phones, 1)) == [DeliveryState.GATHERED]

    later(set_clock, days=1)
    assert states(send(phones, 1, needed_by=AFTER_NEXT + timedelta(days=2))) == [DeliveryState.ACCEPTED]


def test_a_message_whose_outcome_is_unknown_is_repeated_and_not_gathered(most: int, phones: Phones) -> None:
    send(phones, most)
    (message,) = send(phones, 1, unknown_since=clock.now())

    assert states([message]) == [DeliveryState.ACCEPTED]


def test_dispatchers_side_by_side_keep_one_limit(app: Flask, most: int, phones: Phones) -> None:
    ids = put(
        rows(
            4 * most,
            Channel.TEMPLATE,
            recipient_id="staff-designer",
            openid=FOLLOWER,
            kind="task_opened",
            needed_by=AFTER_NEXT,
        )
    )
    # Each of them claims as if the others were not there.
    with atomic():
        db.session.execute(update(OutboxMessage).where(OutboxMessage.id.in_(ids[1::2])).values(importance=1))

    def work(_number: int) -> None:
        with app.app_context():
            for _ in range(8):
                dispatch(phones.accounts, batch=most // 2, chance=Halves())
            db.session.remove()

    with ThreadPoolExecutor(4) as workers:
        list(workers.map(work, range(4)))
    dispatch(phones.accounts, chance=Halves())

    assert len(phones.arrived()) == most
    with atomic(read_only=True):
        by_state = select(OutboxMessage.state, func.count()).group_by(OutboxMessage.state)
        found = {row[0]: row[1] for row in db.session.execute(by_state)}
    assert found == {DeliveryState.ACCEPTED: most, DeliveryState.GATHERED: 3 * most}
