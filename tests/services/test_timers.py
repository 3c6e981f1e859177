"""When people are reminded, and of what is late: told once each, and never while the clock stands still."""

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from threading import Barrier, BrokenBarrierError
from typing import Any

import pytest
from sqlalchemy import select

from app.core import eventbus
from app.core.db import db
from app.domain.events import ReminderDue
from app.jobs import timetable
from app.models import Staff, Task, Timer
from app.services.timers import sweep
from tests.at_once import at_once
from tests.world import OUTPUTS, SHANGHAI, World

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

FIRST_TASKS = {"site_visit", "network_survey", "design_opinion", "engineering_opinion"}
UNTIL_WATER = tuple(key for key in OUTPUTS if key != "return_visit")
STOP = {"reason": "road_permit", "party": "authority", "evidence": "交警支队受理单"}

Line = tuple[str, str, str]


@pytest.fixture
def case(world: World) -> Any:
    """Submitted on Friday 18 September 2026 at 09:00; Sunday the 20th is a make-up workday."""
    return world.submitted(world.log_in("o_customer", "13800000001"))


def timers(world: World, task_key: str) -> Sequence[Line]:
    """The timers of a task in order: local instant, kind, what falls on it."""
    with world.app.app_context():
        rows = db.session.execute(
            select(Timer.due_at, Timer.kind, Timer.reminders)
            .join(Task, Task.id == Timer.task_id)
            .where(Task.key == task_key)
            .order_by(Timer.due_at)
        ).all()
        db.session.remove()
    return [
        (row.due_at.astimezone(SHANGHAI).strftime("%m-%d %H:%M"), row.kind, row.reminders) for row in rows
    ]


def told(world: World, kind: str) -> Counter[str]:
    """How often each member of staff was told something of a kind."""
    notices = db.metadata.tables["notices"]
    with world.app.app_context():
        numbers = db.session.scalars(
            select(Staff.number).join(notices, notices.c.staff_id == Staff.id).where(notices.c.kind == kind)
        ).all()
        db.session.remove()
    return Counter(numbers)


def reminded(world: World) -> Counter[str]:
    return told(world, "task_reminder")


def overdue(world: World) -> Counter[str]:
    return told(world, "task_overdue")


# Everybody whom the first stage concerns: four departments' people and the manager.
CONCERNED = ("G001", "N001", "D001", "D002", "E001")


def each(people: Sequence[str], times: int) -> Counter[str]:
    """Each of them so many times; adding nothing takes away who was told of nothing."""
    return Counter(dict.fromkeys(people, times)) + Counter()


@on_sqlite
def test_a_stage_with_a_lower_bound(world: World, case: Any) -> None:
    """受理并确定用水方案, 0.5 to 1: both reminders before the due date fall on 14:00, and are one."""
    for key in FIRST_TASKS:
        assert timers(world, key) == [
            ("09-18 14:00", "reminder", "lower_bound,before_due"),
            ("09-20 09:00", "reminder", "at_due"),
            ("09-20 13:30", "overdue", ""),
        ]


@on_sqlite
def test_a_stage_of_two_days(world: World, case: Any) -> None:
    for key in ("site_visit", "network_survey", "design_opinion", "engineering_opinion", "confirm_plan"):
        world.complete(case["id"], key)
    assert timers(world, "drawings") == [
        ("09-20 09:00", "reminder", "lower_bound"),
        ("09-20 14:00", "reminder", "before_due"),
        ("09-21 09:00", "reminder", "at_due"),
        ("09-21 13:30", "overdue", ""),
    ]


@on_sqlite
def test_a_stage_without_a_span_has_no_lower_bound(world: World, case: Any) -> None:
    """出具预算、签订合同 is promised in one day, neither less nor more."""
    for key in UNTIL_WATER[: UNTIL_WATER.index("quote")]:
        world.complete(case["id"], key)
    assert timers(world, "quote") == [
        ("09-18 14:00", "reminder", "before_due"),
        ("09-20 09:00", "reminder", "at_due"),
        ("09-20 13:30", "overdue", ""),
    ]


@on_sqlite
def test_no_reminder_at_or_before_the_start_of_the_task_itself(world: World, case: Any) -> None:
    """确定用水方案 begins when the others are done, here exactly at the stage's first reminder."""
    world.at("2026-09-18 14:00")
    for key in FIRST_TASKS:
        world.complete(case["id"], key)
    assert timers(world, "confirm_plan") == [
        ("09-20 09:00", "reminder", "at_due"),
        ("09-20 13:30", "overdue", ""),
    ]


@on_sqlite
def test_a_task_that_begins_when_its_stage_is_late_is_overdue_at_the_next_opening(
    world: World, case: Any
) -> None:
    world.at("2026-09-21 10:00")
    for key in FIRST_TASKS:
        world.complete(case["id"], key)
    assert timers(world, "confirm_plan") == [("09-21 13:30", "overdue", "")]


@on_sqlite
def test_a_task_that_begins_late_is_told_of_though_its_stage_was_told_of_before(
    world: World, case: Any
) -> None:
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


def test_what_is_late_is_told_to_the_supervisor_too_and_once_each_working_day(
    world: World, case: Any
) -> None:
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
def test_what_is_done_is_not_told_of(world: World, case: Any) -> None:
    world.complete(case["id"], "network_survey")
    assert timers(world, "network_survey") == []
    world.at("2026-09-24 08:30")
    for _ in range(5):
        world.work()
    assert reminded(world)["N001"] == overdue(world)["N001"] == 0
    assert overdue(world)["D001"] == 5


def test_nothing_is_told_while_the_clock_stands_still(world: World, case: Any) -> None:
    """Stopped after one hour of seven, for two and a half working days; then six hours are left."""
    world.at("2026-09-18 10:00")
    manager = world.staff("G001")
    stop = manager.post(f"/staff/cases/{case['id']}/stops", STOP)
    for key in FIRST_TASKS:
        assert timers(world, key) == []
    for moment in ("2026-09-18 14:00", "2026-09-20 13:30", "2026-09-23 08:30"):
        world.at(moment)
        world.work()
    assert reminded(world) + overdue(world) == {}
    world.at("2026-09-23 10:00")
    manager = world.staff("G001")
    manager.post(f"/staff/cases/{case['id']}/stops/{stop['id']}/end")
    for key in FIRST_TASKS:
        assert timers(world, key) == [
            ("09-23 14:00", "reminder", "lower_bound,before_due"),
            ("09-24 09:00", "reminder", "at_due"),
            ("09-24 13:30", "overdue", ""),
        ]


@on_sqlite
def test_the_clock_stands_still_until_the_last_stop_ends(world: World, case: Any) -> None:
    manager = world.staff("G001")
    path = f"/staff/cases/{case['id']}/stops"
    first = manager.post(path, STOP)
    world.at("2026-09-18 10:00")
    second = manager.post(path, {**STOP, "reason": "site_not_ready_construction", "party": "customer"})
    world.at("2026-09-18 11:00")
    manager.post(f"{path}/{first['id']}/end")
    assert timers(world, "site_visit") == []
    world.at("2026-09-18 12:00")
    manager.post(f"{path}/{second['id']}/end")
    # Three hours stood still, as long as the two of them together and not as their sum.
    assert timers(world, "site_visit")[-2:] == [
        ("09-20 12:00", "reminder", "at_due"),
        ("09-20 13:30", "overdue", ""),
    ]


@on_sqlite
def test_a_reminder_already_given_is_not_given_again_after_a_stop(world: World, case: Any) -> None:
    world.at("2026-09-18 14:00")
    world.work()
    world.at("2026-09-18 15:00")
    manager = world.staff("G001")
    stop = manager.post(f"/staff/cases/{case['id']}/stops", STOP)
    world.at("2026-09-18 16:00")
    manager.post(f"/staff/cases/{case['id']}/stops/{stop['id']}/end")
    assert timers(world, "site_visit") == [
        ("09-20 10:00", "reminder", "at_due"),
        ("09-20 13:30", "overdue", ""),
    ]


@on_sqlite
def test_what_was_late_before_a_stop_is_late_again_after_it(world: World, case: Any) -> None:
    world.at("2026-09-20 13:30")
    world.work()
    assert overdue(world)["S001"] == 1
    world.at("2026-09-20 14:00")
    manager = world.staff("G001")
    stop = manager.post(f"/staff/cases/{case['id']}/stops", STOP)
    for moment in ("2026-09-21 08:30", "2026-09-22 08:30"):
        world.at(moment)
        world.work()
    assert overdue(world)["S001"] == 1
    world.at("2026-09-22 09:00")
    manager.post(f"/staff/cases/{case['id']}/stops/{stop['id']}/end")
    assert timers(world, "site_visit") == [("09-23 08:30", "overdue", "")]
    world.at("2026-09-23 08:30")
    world.work()
    assert overdue(world)["S001"] == 2


def watered(world: World, case: Any) -> None:
    """Water runs on Wednesday 30 September at 14:30; the office is closed from 1 to 7 October."""
    for key in UNTIL_WATER[: UNTIL_WATER.index("water_on")]:
        world.complete(case["id"], key)
    world.at("2026-09-30 14:30")
    world.complete(case["id"], "water_on")


@on_sqlite
def test_the_return_visit(world: World, case: Any) -> None:
    watered(world, case)
    # 2.5 hours on the 30th, the 8th and the 9th, 4.5 hours on Saturday the 10th, a make-up workday.
    assert timers(world, "return_visit") == [
        ("10-09 14:30", "reminder", "before_due"),
        ("10-10 08:30", "reminder", "morning_of_due"),
        ("10-12 08:30", "overdue", ""),
    ]
    # At once, by the opening of the task itself.
    assert told(world, "return_visit") == {"G001": 1}
    reminders, seen = reminded(world), []
    for moment in (
        "2026-10-09 14:29",
        "2026-10-09 14:30",
        "2026-10-10 08:30",
        "2026-10-10 14:30",
        "2026-10-12 08:30",
    ):
        world.at(moment)
        for _ in range(3):
            world.work()
        seen.append((reminded(world)["G001"] - reminders["G001"], overdue(world)["S001"]))
    assert seen == [(0, 0), (1, 0), (2, 0), (2, 0), (2, 1)]


@on_sqlite
def test_a_visit_made_in_time_is_not_reminded_of(world: World, case: Any) -> None:
    watered(world, case)
    world.at("2026-10-08 10:00")
    world.complete(case["id"], "return_visit")
    world.at("2026-10-13 08:30")
    for _ in range(3):
        world.work()
    assert timers(world, "return_visit") == []
    assert overdue(world)["S001"] == 0


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
    publish, together = eventbus.publish, Barrier(2)

    def publish_together(event: object) -> None:
        if isinstance(event, ReminderDue):
            fired[event.task_id] += 1
            # Each has read what is due before the other has committed, if it is let so far at all.
            with suppress(BrokenBarrierError):
                together.wait(timeout=0.2)
        publish(event)

    def fire(_client: object) -> None:
        with world.app.app_context():
            timetable.fire_timers()
            db.session.remove()

    monkeypatch.setattr(eventbus, "publish", publish_together)
    at_once(world.app, [fire] * 2)
    # What was left alone because the other was firing it is taken up the next time.
    fire(None)
    assert fired.total() == len(fired) == 4 * len(FIRST_TASKS)
    assert reminded(world) == each(CONCERNED, 4)
    with world.app.app_context():
        assert sweep.pending() == 0


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


def test_a_low_rating_before_the_visit_leaves_the_visit_to_be_made(world: World, case: Any) -> None:
    """The supervisor's look into it is waited for by nobody, and ends neither stage nor case."""
    watered(world, case)
    customer = world.log_in("o_customer")
    customer.post(f"/customer/cases/{case['id']}/rating", {"rating": 1, "remark": "管子漏水"})
    supervisor = world.staff("S001")
    (review,) = [task for task in supervisor.get("/staff/tasks")["items"] if task["key"] == "rating_review"]
    world.at("2026-10-08 10:00")
    supervisor = world.staff("S001")
    supervisor.post(f"/staff/tasks/{review['id']}/completion", {"outputs": {"review": "已整改"}})
    progress = world.log_in("o_customer").get(f"/customer/cases/{case['id']}")
    assert (progress["state"], progress["stages"][-1]["state"]) == ("open", "open")
    world.complete(case["id"], "return_visit")
    assert world.log_in("o_customer").get(f"/customer/cases/{case['id']}")["state"] == "closed"


def test_a_review_after_the_visit_leaves_the_visits_figures_alone(world: World, case: Any) -> None:
    watered(world, case)
    world.at("2026-10-08 10:00")
    world.complete(case["id"], "return_visit", rating=2)
    customer = world.log_in("o_customer")
    before = customer.get(f"/customer/cases/{case['id']}")
    assert (before["state"], before["rating"]) == ("closed", 2)
    world.at("2026-10-09 10:00")
    supervisor = world.staff("S001")
    (review,) = [task for task in supervisor.get("/staff/tasks")["items"] if task["key"] == "rating_review"]
    supervisor.post(f"/staff/tasks/{review['id']}/completion", {"outputs": {"review": "已回复客户"}})
    after = customer.get(f"/customer/cases/{case['id']}")
    assert after["stages"] == before["stages"]
    kinds = [
        line["kind"] for line in customer.get(f"/customer/cases/{case['id']}/timeline?limit=100")["items"]
    ]
    assert kinds.count("case_closed") == 1
    assert kinds[-1] == "task_completed"
