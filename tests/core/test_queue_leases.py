"""Leases: a row is one worker's at a time, comes back when its worker dies, and obeys no late one.

Tried on two real queues whose rows belong to nothing else: webhooks, which keep the end of the lease in a
column of its own, and replies into WeChat's chat, where it is the instant at which the row is due again.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert, select

from app.core import clock
from app.core.atomic import atomic
from app.core.clock import FixedClock
from app.core.db import db
from app.core.queue import Queue
from app.models import ChatSend
from app.services.conversations.delivery import wechat_replies
from notifications.webhooks import send_webhooks
from notifications.webhooks.models import PartnerDelivery, WebhookState
from tests.world import local

START = local("2026-09-18 09:00")
MOMENT = timedelta(seconds=1)
WORKERS = 4

QUEUES: Sequence[Queue[Any]] = (send_webhooks.QUEUE, wechat_replies.QUEUE)
on_each_queue = pytest.mark.parametrize("queue", QUEUES, ids=lambda queue: queue.name)


@pytest.fixture
def settable(app: Flask) -> Iterator[Flask]:
    before = clock.in_use()
    clock.use(FixedClock(START))
    yield app
    clock.use(before)


def at(moment: datetime) -> None:
    source = clock.in_use()
    assert isinstance(source, FixedClock)
    source.set(moment)


@contextmanager
def transaction(app: Flask) -> Iterator[None]:
    with app.app_context():
        try:
            with atomic():
                yield
        finally:
            db.session.remove()


def put(app: Flask, queue: Queue[Any], number: int) -> list[int]:
    """So many rows that are due now, alone in their table; their keys."""
    now, model = clock.now(), queue.model
    rows: list[dict[str, Any]] = [
        {"medium": "service", "openid": f"o-{each}", "kind": "typing", "created_at": now, "due_at": now}
        if model is ChatSend
        else {
            "partner_id": "p",
            "case_id": f"c-{each}",
            "event": "e",
            "payload": {},
            "next_attempt_at": now,
            "created_at": now,
        }
        for each in range(number)
    ]
    with transaction(app):
        db.session.execute(delete(model))
        return sorted(queue.key_of(row) for row in db.session.scalars(insert(model).returning(model), rows))


def claim(app: Flask, queue: Queue[Any], owner: str, limit: int = 10) -> list[int]:
    with transaction(app):
        return [queue.key_of(row) for row in queue.claim(owner, limit)]


def put_off(queue: Queue[Any], until: datetime) -> dict[str, Any]:
    """What a worker writes who could not do the work."""
    if queue.model is PartnerDelivery:
        return {"state": WebhookState.WAITING, "next_attempt_at": until}
    return {"due_at": until}


@on_each_queue
def test_of_many_who_claim_at_once_each_row_is_one_workers(settable: Flask, queue: Queue[Any]) -> None:
    keys = put(settable, queue, 40)
    together = Barrier(WORKERS)
    claimed: dict[str, list[int]] = {f"worker-{number}": [] for number in range(WORKERS)}

    def work(owner: str) -> None:
        together.wait()
        # Others may have locked all that is left: what they have claimed they have claimed.
        while found := claim(settable, queue, owner, 3):
            claimed[owner] += found

    threads = [Thread(target=work, args=(owner,)) for owner in claimed]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    left = claim(settable, queue, "last", 40)
    assert sorted([*left, *(key for found in claimed.values() for key in found)]) == keys


@on_each_queue
def test_a_leased_row_is_nobody_elses_until_the_lease_runs_out(settable: Flask, queue: Queue[Any]) -> None:
    keys = put(settable, queue, 2)
    assert claim(settable, queue, "dies") == keys
    at(START + queue.leased.lasts - MOMENT)
    assert claim(settable, queue, "lives") == []
    at(START + queue.leased.lasts + MOMENT)
    assert claim(settable, queue, "lives") == keys
    with transaction(settable):
        assert set(db.session.scalars(select(queue.leased.attempts))) == {2}


@on_each_queue
def test_a_worker_whose_lease_ran_out_changes_nothing(settable: Flask, queue: Queue[Any]) -> None:
    (key,) = put(settable, queue, 1)
    claim(settable, queue, "slow")
    at(START + queue.leased.lasts + MOMENT)
    claim(settable, queue, "quick")
    with transaction(settable):
        assert queue.owned("slow", key) is None
        assert not queue.release("slow", key, **put_off(queue, START))
    assert claim(settable, queue, "third") == [], "what the late worker wrote made the row due"
    with transaction(settable):
        assert queue.owned("quick", key) is not None
        assert queue.release("quick", key, **put_off(queue, clock.now()))
    with transaction(settable):
        assert not queue.release("quick", key), "a lease ends once"
    assert claim(settable, queue, "third") == [key]


@on_each_queue
def test_a_claim_that_is_rolled_back_was_none(settable: Flask, queue: Queue[Any]) -> None:
    keys = put(settable, queue, 1)
    with settable.app_context(), atomic() as attempt:
        assert [queue.key_of(row) for row in queue.claim("fails", 5)] == keys
        attempt.mark_for_rollback()
    assert claim(settable, queue, "works") == keys


def test_rows_done_in_their_transaction_are_never_leased() -> None:
    from app.services.timers import firing

    with pytest.raises(TypeError):
        _ = firing.QUEUE.leased


@dataclass
class _Expected:
    """What should stand in the table, by key: when a row is due (again), and who has claimed it."""

    due: dict[int, datetime]
    owner: dict[int, str] = field(default_factory=dict)

    def claim(self, owner: str, now: datetime, *, strictly_after: bool) -> set[int]:
        found = {
            key
            for key, due in self.due.items()
            if (due < now if strictly_after and key in self.owner else due <= now)
        }
        self.owner |= dict.fromkeys(found, owner)
        return found


OWNERS = st.sampled_from(["a", "b"])
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("claim"), OWNERS),
        st.tuples(st.just("put off"), OWNERS),
        st.tuples(st.just("finish"), OWNERS),
        st.tuples(st.just("wait"), st.sampled_from(["a moment", "the lease"])),
    ),
    max_size=12,
)


@on_each_queue
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_any_course_of_claims_ends_with_every_row_done_once(
    settable: Flask, queue: Queue[Any], steps: list[tuple[str, str]]
) -> None:
    at(START)
    keys = put(settable, queue, 2)
    separate = queue.model is PartnerDelivery
    expected, done = _Expected(dict.fromkeys(keys, START)), list[int]()
    # Whatever happened, in the end somebody does what is left.
    for act, who in [*steps, ("wait", "the lease"), ("claim", "a"), ("finish", "a")]:
        now = clock.now()
        if act == "wait":
            at(now + (MOMENT if who == "a moment" else queue.leased.lasts + MOMENT))
        elif act == "claim":
            found = expected.claim(who, now, strictly_after=separate)
            assert set(claim(settable, queue, who)) == found
            expected.due |= dict.fromkeys(found, now + queue.leased.lasts)
        else:
            for key in keys:
                mine = expected.owner.get(key) == who
                with transaction(settable):
                    row = queue.owned(who, key)
                    assert (row is not None) == mine
                    if act == "put off":
                        assert queue.release(who, key, **put_off(queue, now)) == mine
                    elif row is not None:
                        db.session.delete(row)
                        done.append(key)
                if mine:
                    del expected.owner[key]
                    expected.due[key] = now
                    if act == "finish":
                        del expected.due[key]
    assert sorted(done) == keys
