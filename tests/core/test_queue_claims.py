"""What is due is taken once, oldest first, however many sweep."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from app.core.atomic import atomic
from app.core.db import db
from app.models import PromiseWatch
from app.services.cases.flow.promise_watches import QUEUE
from tests.at_once import MeetingPoint, at_once
from tests.world import World, local

MOMENTS = ("2026-09-18 09:00", "2026-09-18 09:30", "2026-09-18 10:00")


def watches(world: World) -> list[str]:
    """Three cases, each with a watch of its own that falls due at its own moment; their ids in that order."""
    cases = []
    for number in range(len(MOMENTS)):
        phone = f"1380000001{number}"
        customer = world.log_in(f"o_taking_{number}", phone)
        cases.append(world.submitted(customer, contact_phone=phone)["id"])
    with world.app.app_context(), atomic():
        db.session.query(PromiseWatch).delete()
        db.session.add_all(
            PromiseWatch(case_id=case_id, watch="total", stage_key="design", due_at=local(moment))
            for case_id, moment in zip(cases, MOMENTS, strict=True)
        )
    return cases


@contextmanager
def _in_transaction(world: World) -> Iterator[None]:
    with world.app.app_context():
        try:
            with atomic():
                yield
        finally:
            db.session.remove()


def test_what_is_due_is_taken_oldest_first_and_the_rest_is_left(world: World) -> None:
    first, second, third = watches(world)
    world.at("2026-09-18 09:45")
    with _in_transaction(world):
        assert [row.case_id for row in QUEUE.pop(1)] == [first]
        assert [row.case_id for row in QUEUE.pop(5)] == [second]
        assert QUEUE.pop(5) == []
    with _in_transaction(world):
        assert db.session.query(PromiseWatch.case_id).all() == [(third,)]


def test_two_who_take_at_once_never_take_the_same(world: World) -> None:
    cases = watches(world)
    world.at("2026-09-18 11:00")
    taken: list[str] = []
    both = MeetingPoint(world.app, 2)

    def take(_client: object) -> None:
        with _in_transaction(world):
            rows = QUEUE.pop(2)
            # Neither commits before the other has taken, where the database lets both in at once.
            both.wait()
            taken.extend(row.case_id for row in rows)

    at_once(world.app, [take] * 2, both)
    assert sorted(taken) == sorted(cases)


def test_what_is_taken_comes_back_when_its_transaction_fails(world: World) -> None:
    first, *_ = watches(world)
    world.at("2026-09-18 09:10")

    def take_and_fail() -> None:
        with _in_transaction(world):
            QUEUE.pop(5)
            raise ArithmeticError

    with pytest.raises(ArithmeticError):
        take_and_fail()
    with _in_transaction(world):
        assert [row.case_id for row in QUEUE.pop(5)] == [first]
