"""People who are absent: the case stays its manager's, and who acts is found by one rule."""

from typing import Any

import pytest
from sqlalchemy import select

from app.core.atomic import atomic
from app.core.db import db
from app.core.prepared_query import PreparedQuery
from app.models import Staff, StaffLeave
from app.services.people import acting
from tests.api.visits.booking import enrol
from tests.world import ANSWERS, SINGLE_METER, Phone, World, local


@pytest.fixture
def customer(world: World) -> Phone:
    return world.log_in("o_customer", "13800000001")


def staff_id(number: str) -> str:
    return db.session.scalars(select(Staff.id).where(Staff.number == number)).one()


def absent(
    world: World, number: str, deputy: str, first: str = "2026-09-18", last: str = "2026-09-26"
) -> None:
    """Leave as it may stand in the database, whoever the deputy is now."""
    with world.app.app_context(), atomic():
        starts, ends = (local(f"{day} 00:00") for day in (first, last))
        db.session.add(
            StaffLeave(staff_id=staff_id(number), deputy_id=staff_id(deputy), starts_at=starts, ends_at=ends)
        )


def retired(world: World, number: str) -> None:
    """Somebody who left before hand-overs were recorded."""
    with world.app.app_context(), atomic():
        db.session.scalars(select(Staff).where(Staff.number == number)).one().active = False


def task_of(phone: Phone, case_id: str, key: str) -> Any:
    tasks = phone.get(f"/staff/cases/{case_id}/tasks")["items"]
    return next(task for task in tasks if task["key"] == key and task["state"] == "open")


def has_to_do(phone: Phone, case_id: str, key: str) -> bool:
    tasks = phone.get("/staff/tasks")["items"]
    return (case_id, key) in [(task["case_id"], task["key"]) for task in tasks]


def told(phone: Phone, kind: str) -> int:
    return sum(notice["kind"] == kind for notice in phone.get("/staff/notices")["items"])


@pytest.mark.parametrize("deputy", ["D001", "G002"])
def test_a_case_opened_during_leave_stays_the_managers(world: World, customer: Phone, deputy: str) -> None:
    """Neither a designer nor the deputy becomes the customer's manager."""
    world.submitted(customer)
    absent(world, "G001", deputy, "2026-09-20")
    world.at("2026-09-21 09:00")
    case = world.submitted(customer)
    assert customer.get(f"/customer/cases/{case['id']}")["manager"]["number"] == "G001"
    assert told(world.staff("G002"), "new_case") == 1
    assert told(world.staff("G001"), "new_case") == 1
    assert told(world.staff("D001"), "new_case") == 0


def test_a_case_is_never_that_of_somebody_who_left(world: World, customer: Phone) -> None:
    world.submitted(customer)
    absent(world, "G001", "G002", "2026-09-20")
    retired(world, "G002")
    world.at("2026-09-21 09:00")
    case = world.submitted(customer)
    assert customer.get(f"/customer/cases/{case['id']}")["manager"]["number"] == "G001"
    assert has_to_do(world.staff("S001"), case["id"], "site_visit")


def test_whoever_applies_while_all_managers_are_away_has_a_case(world: World, customer: Phone) -> None:
    """Their deputy is no manager, so that a supervisor acts."""
    enrol(world, ["K001"], "customer_development")
    for number in ("G001", "G002"):
        absent(world, number, "K001")
    case = world.submitted(customer, district="shizhong")
    assert customer.get(f"/customer/cases/{case['id']}")["manager"]["number"] == "G002"
    supervisor = world.staff("S001")
    assert told(supervisor, "new_case") == 1
    assert has_to_do(supervisor, case["id"], "site_visit")


def test_without_managers_a_supervisor_has_the_case(world: World, customer: Phone) -> None:
    for number in ("G001", "G002"):
        retired(world, number)
    draft = customer.post("/customer/applications", {"program": "single_meter"})
    customer.send("PATCH", f"/customer/applications/{draft['id']}", {"answers": dict(ANSWERS)})
    case = customer.post(f"/customer/applications/{draft['id']}/submission")
    assert case["manager"]["number"] == "S001"


def test_a_task_that_opened_during_leave_is_the_managers_again_afterwards(
    world: World, customer: Phone
) -> None:
    """Also where the deputy goes on leave then, with a deputy of their own."""
    world.submitted(customer)
    absent(world, "G001", "G002", "2026-09-20", "2026-09-22")
    world.at("2026-09-21 09:00")
    case = world.submitted(customer)
    assert has_to_do(world.staff("G002"), case["id"], "site_visit")
    absent(world, "G002", "G001", "2026-09-22", "2026-09-26")
    world.at("2026-09-22 09:00")
    deputy, manager = world.staff("G002"), world.staff("G001")
    assert has_to_do(manager, case["id"], "site_visit")
    assert not has_to_do(deputy, case["id"], "site_visit")


def test_leave_in_a_circle_reaches_somebody(world: World, customer: Phone) -> None:
    case = world.submitted(customer)
    absent(world, "G001", "G002")
    absent(world, "G002", "G001")
    supervisor = world.staff("S001")
    before = told(supervisor, "case_chased")
    customer.post(f"/customer/cases/{case['id']}/chases")
    assert told(supervisor, "case_chased") == before + 1


def test_of_overlapping_leave_the_one_that_began_last_decides_everywhere(
    world: World, customer: Phone
) -> None:
    case = world.submitted(customer)
    with world.app.app_context(), atomic():
        db.session.scalars(select(Staff).where(Staff.number == "F001")).one().is_manager = True
    absent(world, "G001", "G002", "2026-09-18")
    absent(world, "G001", "F001", "2026-09-19")
    world.at("2026-09-20 10:00")
    path = f"/staff/cases/{case['id']}"
    deputy, other = world.staff("F001"), world.staff("G002")
    assert [task["case_id"] for task in deputy.get("/staff/tasks")["items"]] == [case["id"]]
    assert other.get("/staff/tasks")["items"] == []
    body = {"manager_number": "G002", "summary": "交接", "version": deputy.get(path)["version"]}
    assert other.send("POST", f"{path}/handover", body).status_code == 404
    assert deputy.send("GET", f"/staff/conversations/{case['id']}/messages").status_code == 200
    assert other.send("GET", f"/staff/conversations/{case['id']}/messages").status_code == 404
    assert deputy.send("POST", f"{path}/handover", body).status_code == 200


def test_the_taken_task_of_an_absent_colleague_is_the_deputys(world: World, customer: Phone) -> None:
    case = world.submitted(customer)
    first = world.staff("D001")
    task = task_of(first, case["id"], "design_opinion")
    first.post(f"/staff/tasks/{task['id']}/assignment", {})
    absent(world, "D001", "N001")
    deputy = world.staff("D002")
    assert [item["id"] for item in deputy.get("/staff/tasks")["items"]] == [task["id"]]
    assert world.staff("N001").get("/staff/tasks")["items"] == []
    world.at("2026-09-21 09:00")
    world.work()
    assert told(world.staff("D002"), "task_overdue") == 1


def test_reviews_go_to_a_supervisor_who_is_there(world: World) -> None:
    with world.app.app_context(), atomic():
        db.session.scalars(select(Staff).where(Staff.number == "M001")).one().is_supervisor = True
        first, second, now = staff_id("M001"), staff_id("S001"), world.clock.now()
        assert acting.reviewer(now) == first
    absent(world, "M001", "S001")
    with world.app.app_context(), atomic():
        assert acting.reviewer(now) == second
    absent(world, "S001", "M001")
    with world.app.app_context(), atomic():
        assert acting.reviewer(now) == first


def test_somebody_present_costs_one_statement(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[PreparedQuery] = []
    rows = PreparedQuery.rows

    def counted(query: PreparedQuery, parameters: Any) -> Any:
        asked.append(query)
        return rows(query, parameters)

    monkeypatch.setattr(PreparedQuery, "rows", counted)
    with world.app.app_context(), atomic():
        manager, now = staff_id("G001"), local("2026-09-18 09:00")
        assert acting.acts_for(manager, now) == manager
        assert acting.principals(manager, now) == {manager}
    assert len(asked) == 2


@pytest.mark.parametrize(("away", "reminded"), [(("D001",), "D002"), (("D001", "D002"), "S001")])
def test_a_queue_reminds_only_who_is_present_and_without_anybody_a_supervisor(
    world: World, customer: Phone, away: tuple[str, ...], reminded: str
) -> None:
    for number in away:
        absent(world, number, "N001")
    case = world.submitted(customer)
    for key in SINGLE_METER[: SINGLE_METER.index("drawings")]:
        world.complete(case["id"], key)
    # Drawings of Friday 09:00 are due on Monday 09:00, with Sunday worked in exchange.
    for moment in ("2026-09-20 09:00", "2026-09-20 14:00"):
        world.at(moment)
        world.work()
    numbers = {*away, reminded}
    assert {number for number in numbers if told(world.staff(number), "task_reminder")} == {reminded}
    assert [number for number in away if told(world.staff(number), "task_opened")] == []
