"""When timers stand: by the stage's limits, and never while its clock stands still."""

from typing import Any

import pytest

from tests.services.timers.timer_state import (
    FIRST_TASKS,
    STOP,
    UNTIL_WATER,
    overdue,
    reminded,
    timers,
    told,
    watered,
)
from tests.world import World

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


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


def test_nothing_is_notified_while_the_clock_is_paused(world: World, case: Any) -> None:
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
def test_the_clock_is_paused_until_the_last_pause_ends(world: World, case: Any) -> None:
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


@on_sqlite
def test_the_return_visit(world: World, case: Any) -> None:
    watered(world, case)
    # 2.5 hours on the 30th, the 8th and the 9th, 4.5 hours on Saturday the 10th, a make-up workday.
    assert timers(world, "return_visit") == [
        ("10-09 14:30", "reminder", "before_due"),
        ("10-10 08:30", "reminder", "morning_of_due"),
        ("10-12 08:30", "overdue", ""),
    ]
    # At once, by the opening of the task itself: the specialist, who is not the case's manager.
    assert told(world, "return_visit") == {"G002": 1}
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
        seen.append((reminded(world)["G002"] - reminders["G002"], overdue(world)["G002"]))
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
