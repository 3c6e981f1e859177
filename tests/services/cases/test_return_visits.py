"""The return visit: who makes it, when it counts as made, what it hears, and when it reaches nobody."""

from typing import Any

import pytest

from tests.api.answers import refused
from tests.api.visits.booking import enrol
from tests.services.timers.timer_state import overdue, reminded, timers, watered
from tests.world import OUTPUTS, Phone, World

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

SPECIALIST = "G002"
FOLLOW_UPS = {"rating_review", "care_call"}


def task_of(world: World, case: Any, number: str = SPECIALIST, key: str = "return_visit") -> Any:
    tasks = world.staff(number).get(f"/staff/cases/{case['id']}/tasks")["items"]
    return next(task for task in tasks if task["key"] == key)


def open_keys(world: World, case: Any) -> set[str]:
    tasks = world.staff("S001").get(f"/staff/cases/{case['id']}/tasks")["items"]
    return {task["key"] for task in tasks if task["state"] == "open"}


def tried(world: World, case: Any, at: str, number: str = SPECIALIST, **more: Any) -> Any:
    world.at(at)
    path = f"/staff/tasks/{task_of(world, case)['id']}/contact-tries"
    return world.staff(number).send("POST", path, {"way": "phone", **more})


def ended_unreached(world: World, case: Any, **more: Any) -> Any:
    body = {"outputs": {"outcome": "not_reached", **more}}
    path = f"/staff/tasks/{task_of(world, case)['id']}/completion"
    return world.staff(SPECIALIST).send("POST", path, body)


def customer(world: World) -> Phone:
    return world.log_in("o_customer")


def progress(world: World, case: Any) -> Any:
    return customer(world).get(f"/customer/cases/{case['id']}")


def test_who_is_not_reached_is_no_opinion(world: World, case: Any) -> None:
    watered(world, case)
    assert tried(world, case, "2026-10-08 09:00").status_code == 201
    answer = tried(world, case, "2026-10-08 15:00", way="visit")
    assert [(line["way_name"], line["by_name"]) for line in answer.json["items"]] == [
        ("电话", "李建国"),
        ("上门", "李建国"),
    ]
    assert (answer.json["needed_tries"], answer.json["needed_days"], answer.json["enough"]) == (3, 2, False)
    early = refused(ended_unreached(world, case), 422, "invalid_fields")["errors"]
    assert early[0]["message"].startswith("已登记1天2次联系；须在不少于2天内联系至少3次")
    assert tried(world, case, "2026-10-09 10:00", way="wechat").json["enough"] is True
    invented = refused(ended_unreached(world, case, water_quality="good", rating=5), 422, "invalid_fields")
    assert [error["field"] for error in invented["errors"]] == ["water_quality", "rating"]
    assert ended_unreached(world, case, remark="电话三次均无人接听").status_code == 200
    assert task_of(world, case)["delivered"] == {"outcome": "not_reached", "remark": "电话三次均无人接听"}
    shown = progress(world, case)
    assert (shown["state"], shown["rating"]) == ("closed", None)
    assert open_keys(world, case).isdisjoint(FOLLOW_UPS)
    ledger = customer(world).get(f"/customer/cases/{case['id']}/ledger")
    assert [entry["kind"] for entry in ledger["entries"] if entry["kind"] == "trip"] == []
    world.work()
    kinds = [notice["kind"] for notice in customer(world).get("/customer/notices")["items"]]
    assert "return_visit_unreached" in kinds


@pytest.mark.parametrize("way", ["phone", "program"])
def test_a_rating_can_still_come_later(world: World, case: Any, way: str) -> None:
    watered(world, case)
    for moment in ("2026-10-08 09:00", "2026-10-08 15:00", "2026-10-09 10:00"):
        tried(world, case, moment)
    ended_unreached(world, case)
    world.at("2026-10-20 10:00")
    if way == "phone":
        path = f"/staff/cases/{case['id']}/rating"
        refused(world.staff("N001").send("POST", path, {"rating": 3}), 403, "not_allowed")
        told = world.staff("G001").post(path, {"rating": 3, "remark": "水有点小"})
        assert told["rating"] == 3
        refused(world.staff("G001").send("POST", path, {"rating": 5}), 409, "already_done")
    else:
        customer(world).post(f"/customer/cases/{case['id']}/rating", {"rating": 3})
    assert progress(world, case)["rating"] == 3
    assert open_keys(world, case) >= FOLLOW_UPS


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"way": "pigeon"}, "way"),
        ({"tried_at": "2026-10-07T16:00:00+08:00"}, "tried_at"),
        ({"tried_at": "2026-10-08T09:01:00+08:00"}, "tried_at"),
    ],
)
def test_a_try_is_recorded_as_it_happens(world: World, case: Any, given: Any, field: str) -> None:
    watered(world, case)
    faults = refused(tried(world, case, "2026-10-08 09:00", **given), 422, "invalid_fields")["errors"]
    assert [fault["field"] for fault in faults] == [field]
    survey = task_of(world, case, "E001", "as_built_survey")
    path = f"/staff/tasks/{survey['id']}/contact-tries"
    refused(world.staff("E001").send("POST", path, {"way": "phone"}), 409, "conflict")


def test_the_first_try_is_when_the_visit_was_made(world: World, case: Any) -> None:
    """Due on Saturday 10 October, a make-up workday, at 14:30."""
    watered(world, case)
    assert tried(world, case, "2026-10-09 10:30").status_code == 201
    assert task_of(world, case)["due_at"] is None
    assert timers(world, "return_visit") == [("10-09 14:30", "reminder", "remind_after")]
    before = reminded(world)[SPECIALIST]
    for moment in ("2026-10-09 14:30", "2026-10-10 14:30", "2026-10-12 14:30"):
        world.at(moment)
        world.work()
    assert reminded(world)[SPECIALIST] == before + 3
    assert overdue(world)[SPECIALIST] == 0
    world.complete(case["id"], "return_visit")
    shown = next(stage for stage in progress(world, case)["stages"] if stage["key"] == "return_visit")
    # From Wednesday 14:30 to Friday 10:30, over the holidays.
    assert shown["used"] == "1.64"


def test_a_first_try_that_comes_late_is_late(world: World, case: Any) -> None:
    watered(world, case)
    due = task_of(world, case)["due_at"]
    tried(world, case, "2026-10-12 08:00")
    assert task_of(world, case)["due_at"] == due
    world.at("2026-10-12 08:30")
    world.work()
    assert overdue(world)[SPECIALIST] == 1


@pytest.mark.parametrize(
    "answer",
    [
        {"water_pressure": "poor"},
        {"promises_kept": False},
        {"papers_asked_again": 1},
        {"money_asked_fen": 100},
        {"rating": 3},
        {"rating": 1, "water_pressure": "poor"},
    ],
)
def test_what_is_of_concern_opens_a_review_and_a_care_task(world: World, case: Any, answer: Any) -> None:
    watered(world, case)
    world.at("2026-10-08 10:00")
    world.complete(case["id"], "return_visit", **answer)
    assert open_keys(world, case) >= FOLLOW_UPS
    review, care = task_of(world, case, "S001", "rating_review"), task_of(world, case, "S001", "care_call")
    assert (review["assignee_name"], care["assignee_name"]) == ("冯督办", "李建国")
    assert progress(world, case)["state"] == "closed"
    world.complete(case["id"], "care_call", cared="已致歉，约定加压")
    world.complete(case["id"], "rating_review")
    assert open_keys(world, case).isdisjoint(FOLLOW_UPS)


def test_what_was_looked_into_before_the_visit_is_not_looked_into_again(world: World, case: Any) -> None:
    watered(world, case)
    world.at("2026-10-08 10:00")
    customer(world).post(f"/customer/cases/{case['id']}/rating", {"rating": 2})
    world.complete(case["id"], "rating_review")
    world.complete(case["id"], "care_call", cared="已致歉")
    world.complete(case["id"], "return_visit", rating=None)
    assert open_keys(world, case).isdisjoint(FOLLOW_UPS)


def test_nothing_of_concern_opens_nothing(world: World, case: Any) -> None:
    watered(world, case)
    world.at("2026-10-08 10:00")
    world.complete(case["id"], "return_visit", rating=4, water_quality="fair")
    assert open_keys(world, case).isdisjoint(FOLLOW_UPS)


def test_the_cases_own_manager_does_not_make_the_visit(world: World, case: Any) -> None:
    watered(world, case)
    task = task_of(world, case)
    assert task["assignee_name"] == "李建国"
    manager = world.staff("G001")
    path = f"/staff/tasks/{task['id']}"
    # Nor as the specialist's deputy, who acts for them in everything else.
    leave = {"staff_number": SPECIALIST, "deputy_number": "G001"}
    hours = {"starts_at": "2026-09-30T14:30:00+08:00", "ends_at": "2026-10-20T08:00:00+08:00"}
    world.staff("S001").post("/staff/leaves", leave | hours)
    world.at("2026-10-08 10:00")
    manager = world.staff("G001")
    outputs = {"outputs": OUTPUTS["return_visit"]}
    assert (
        "客户管家以外"
        in refused(manager.send("POST", f"{path}/completion", outputs), 409, "conflict")["detail"]
    )
    refused(manager.send("POST", f"{path}/contact-tries", {"way": "phone"}), 409, "conflict")


def test_a_visit_at_the_door_is_the_specialists_too(world: World, case: Any) -> None:
    watered(world, case)
    phone = customer(world)
    path = f"/customer/cases/{case['id']}"
    openings = phone.get(f"{path}/openings/return_visit")["items"]
    held = phone.post(f"{path}/visits", {"purpose": "return_visit", "starts_at": openings[0]["starts_at"]})
    visit = phone.post(f"{path}/visits/{held['id']}/confirmation")
    assert [visitor["name"] for visitor in visit["visitors"]] == ["李建国"]


def test_who_becomes_the_manager_hands_the_visit_to_somebody_else(world: World, case: Any) -> None:
    enrol(world, ["G003"], "customer_development", manager=True)
    watered(world, case)
    supervisor = world.staff("S001")
    version = supervisor.get(f"/staff/cases/{case['id']}")["version"]
    body = {"version": version, "manager_number": SPECIALIST, "summary": "片区调整"}
    first = task_of(world, case)["assignee_name"]
    handed = supervisor.send("POST", f"/staff/cases/{case['id']}/handover", body)
    assert handed.status_code in {200, 201}, handed.text
    assert first == "李建国"
    assert task_of(world, case)["assignee_name"] != "李建国"
