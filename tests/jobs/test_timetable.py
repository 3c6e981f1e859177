"""What the jobs do at a tick: all that is due, in small transactions; and forgetting."""

import pytest
from sqlalchemy import select

from app.core.db import db
from app.jobs import timetable
from app.models import LookupCount
from app.services.operations import attempts
from app.services.timers import firing
from tests.world import World

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def test_everything_due_is_fired_however_much_it_is(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timetable, "TIMERS_PER_TRANSACTION", 3)
    world.submitted(world.log_in("o_customer", "13800000001"))
    world.at("2026-09-20 09:00")
    with world.app.app_context():
        due = firing.QUEUE.pending()
        timetable.fire_timers()
        left = firing.QUEUE.pending()
        db.session.rollback()
    assert (due, left) == (8, 0)


def test_counts_of_past_windows_are_forgotten(world: World) -> None:
    def ask() -> None:
        body = {"number": "26091800000000", "phone_last_digits": "0000"}
        assert world.client.post("/api/v1/customer/lookups", json=body).status_code == 404

    ask()
    # The longest window is a day; what it counted is of no use after another one.
    world.at("2026-09-21 09:25")
    ask()
    with world.app.app_context():
        timetable.delete_old_records()
        windows = set(db.session.scalars(select(LookupCount.window_start)))
        db.session.rollback()
    # That of the address and that of the case.
    assert len(windows) == 2
    assert min(windows) > world.clock.now() - attempts.LONGEST_WINDOW
