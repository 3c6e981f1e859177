"""Who is told when a timer fires: each once, whatever became of the jobs in the meantime."""

from collections import Counter
from typing import Any

import pytest

from app.core import eventbus
from app.core.db import db
from app.domain.events import ReminderDue
from app.jobs import timetable
from app.services.timers import firing
from tests.at_once import MeetingPoint, at_once
from tests.services.timers.timer_state import CONCERNED, FIRST_TASKS, each, overdue, reminded, timers
from tests.world import World

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@on_sqlite
def test_a_task_opened_late_is_notified_although_its_stage_was_before(world: World, case: Any) -> None:
    """Two tellings of the first tasks, then the manager alone holds the next one, which is late as well."""
    for moment in ("2026-09-20 13:30", "2026-09-21 08:30"):
        world.at(moment)
        world.work()
    for key in FIRST_TASKS:
        world.complete(case["id"], key)
    assert timers(world, "confirm_plan") == [("09-22 08:30", "overdue", "")]
    world.at("2026-09-22 08:30")
    world.work()
    assert overdue(world) == {**each(CONCERNED, 2), "G001": 3, "S001": 3}


def test_reminders_go_to_holders_and_manager_once(world: World, case: Any) -> None:
    world.at("2026-09-18 13:59")
    world.work()
    assert reminded(world) == {}
    world.at("2026-09-18 14:00")
    world.work()
    world.work()
    # A queue is told as a whole until somebody of it takes the task; the manager of all tasks in one message.
    assert reminded(world) == each(CONCERNED, 1)
    (opinion,) = world.staff("D001").get("/staff/tasks?scope=department")["items"]
    world.staff("D001").post(f"/staff/tasks/{opinion['id']}/assignment")
    world.at("2026-09-20 09:00")
    world.work()
    assert reminded(world) == {**each(CONCERNED, 2), "D002": 1}
    assert overdue(world) == {}


def test_overdue_work_is_notified_to_the_supervisor_once_each_working_day(world: World, case: Any) -> None:
    expected = {
        "2026-09-20 13:29": 0,
        "2026-09-20 13:30": 1,
        "2026-09-21 08:29": 1,
        "2026-09-21 08:30": 2,
        "2026-09-21 13:30": 2,
        "2026-09-24 08:30": 5,
        # The Mid-Autumn holiday, 25 to 27 September.
        "2026-09-25 08:30": 5,
        "2026-09-27 23:00": 5,
        "2026-09-28 08:30": 6,
    }
    for moment, times in expected.items():
        world.at(moment)
        for _ in range(5):
            world.work()
        assert overdue(world) == each((*CONCERNED, "S001"), times), moment


@on_sqlite
def test_a_completed_task_is_not_notified(world: World, case: Any) -> None:
    world.complete(case["id"], "network_survey")
    assert timers(world, "network_survey") == []
    world.at("2026-09-24 08:30")
    for _ in range(5):
        world.work()
    assert reminded(world)["N001"] == overdue(world)["N001"] == 0
    assert overdue(world)["D001"] == 5


def test_jobs_that_were_down_lose_and_double_nothing(world: World, case: Any) -> None:
    """From Friday evening to Wednesday noon: one reminder at due, four tellings, each of its own day."""
    world.at("2026-09-18 14:00")
    world.work()
    world.at("2026-09-23 12:00")
    for _ in range(10):
        world.work()
    assert reminded(world) == each(CONCERNED, 2)
    assert overdue(world) == each((*CONCERNED, "S001"), 4)
    assert timers(world, "network_survey") == [("09-24 08:30", "overdue", "")]


def test_two_sweepers_at_once_fire_each_timer_once(
    world: World, case: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    customer = world.log_in("o_second", "13800000002")
    for _ in range(3):
        world.submitted(customer, contact_phone="13800000002")
    world.at("2026-09-18 14:00")
    fired: Counter[str] = Counter()
    publish, together = eventbus.publish, MeetingPoint(world.app, 2)

    def publish_together(event: object) -> None:
        if isinstance(event, ReminderDue):
            fired[event.task_id] += 1
            # Each has read what is due before the other has committed, if it is let so far at all.
            together.wait()
        publish(event)

    def fire(_client: object) -> None:
        with world.app.app_context():
            timetable.fire_timers()
            db.session.remove()

    monkeypatch.setattr(eventbus, "publish", publish_together)
    at_once(world.app, [fire] * 2, together)
    # What was left alone because the other was firing it is taken up the next time.
    fire(None)
    assert fired.total() == len(fired) == 4 * len(FIRST_TASKS)
    assert reminded(world) == each(CONCERNED, 4)
    with world.app.app_context():
        assert firing.QUEUE.pending() == 0


@on_sqlite
def test_a_sweep_that_fails_keeps_its_timers(
    world: World, case: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.at("2026-09-18 14:00")

    def fail(_event: object) -> None:
        raise ValueError("no notice could be queued")

    with monkeypatch.context() as broken:
        broken.setattr(eventbus, "publish", fail)
        with world.app.app_context(), pytest.raises(ValueError, match="queued"):
            timetable.fire_timers()
    world.work()
    assert reminded(world) == each(CONCERNED, 1)
