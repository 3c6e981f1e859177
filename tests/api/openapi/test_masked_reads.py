"""No answer to a GET of staff holds a customer's name, phone, address or position in full.

What is read in full is read by a POST, which leaves an access record. Walked is every GET that the OpenAPI
document knows, for a case that has visits, papers, messages and a conversation.
"""

from datetime import date
from typing import Any

import pytest

from app.core.atomic import atomic
from app.services.people import personnel
from tests.api.answers import refused
from tests.api.database_rows import full_reads
from tests.api.openapi.operations import audience, operations, valid_request
from tests.api.openapi.scene import OwnCase, Scene
from tests.world import Phone, World

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

NAME, ADDRESS, LATITUDE, LONGITUDE = "欧阳演示员", "演示路八十八号三单元", 36.6789, 117.0987
NUMBER = "13900777001"
SECRETS = (NAME, ADDRESS, str(LATITUDE), str(LONGITUDE), NUMBER)
READERS = ("G001", "S001", "D001", "N001")


def personal_case(world: World) -> tuple[Phone, Any]:
    """A case of somebody whose data appears nowhere else, with a visit, and a question to the manager."""
    customer = world.log_in("o_personal", NUMBER)
    case = world.submitted(
        customer,
        contact_phone=NUMBER,
        contact_name=NAME,
        address=ADDRESS,
        location={"latitude_gcj02": LATITUDE, "longitude_gcj02": LONGITUDE},
    )
    body = {"purpose": "water_plan", "starts_at": "2026-09-21T10:00:00+08:00"}
    visit = world.staff("G001").post(f"/staff/cases/{case['id']}/visits", body)
    question = {"text": "在吗", "client_id": "phone-0001"}
    customer.post(f"/customer/cases/{case['id']}/messages", question)
    world.work()
    return customer, {**case, "visit_id": visit["visit"]["id"]}


@pytest.fixture
def scene(world: World) -> Scene:
    return Scene(world)


@on_sqlite
def test_no_get_of_staff_answers_personal_data_in_full(scene: Scene) -> None:
    world = scene.world
    _, case = personal_case(world)
    own = OwnCase(scene, scene.customer, case)
    tasks = world.staff("S001").get(f"/staff/cases/{case['id']}/tasks")["items"]
    ours = {
        "case_id": case["id"],
        "visit_id": case["visit_id"],
        "conversation_id": case["id"],
        "task_id": tasks[0]["id"],
    }
    own.until("quote")
    shown: dict[str, set[str]] = {}
    succeeded: set[str] = set()
    for operation in operations(world):
        if audience(operation) != "staff" or operation.method.upper() != "GET":
            continue
        ids = {**valid_request(scene, operation).ids, **ours}
        names = {parameter.name for parameter in operation.path_parameters}
        path = operation.path.format(**{name: ids[name] for name in names}).removeprefix("/api/v1")
        days = "?first=2026-09-18&days=31" if path.endswith(("/visits", "/department")) else ""
        for number in READERS:
            answer = world.staff(number).send("GET", path + days)
            if answer.status_code == 200:
                succeeded.add(operation.label)
            found = {secret for secret in SECRETS if secret in answer.get_data().decode("utf-8", "replace")}
            if found:
                shown.setdefault(operation.label, set()).update(found)
    assert shown == {}
    assert {
        "GET /api/v1/staff/visits",
        "GET /api/v1/staff/visits/{visit_id}",
        "GET /api/v1/staff/visits/department",
        "GET /api/v1/staff/cases/{case_id}/visits",
    } <= succeeded


@on_sqlite
@pytest.mark.parametrize("number", ["G001", "S001", "N001"])
def test_what_is_read_in_full_is_recorded(world: World, number: str) -> None:
    """A supervisor's reads as well."""
    _, case = personal_case(world)
    before = full_reads(world.app, case["id"])
    contact = world.staff(number).post(f"/staff/cases/{case['id']}/contact-reads")
    assert (contact["name"], contact["address"]) == (NAME, ADDRESS)
    assert full_reads(world.app, case["id"]) == [*before, (number, "contact")]


@on_sqlite
def test_a_days_visits_in_full_are_recorded(world: World) -> None:
    _, case = personal_case(world)
    day = {"first": "2026-09-21", "days": 1}
    visit = world.staff("G001").post("/staff/visits/day-reads", day)["items"][0]
    assert (visit["contact"]["name"], visit["visit"]["place"]["address"]) == (NAME, ADDRESS)
    assert visit["visit"]["place"]["position"] == {
        "latitude_gcj02": LATITUDE,
        "longitude_gcj02": LONGITUDE,
    }
    assert full_reads(world.app, case["id"]) == [("G001", "contact")]


def test_managers_reach_their_own_cases_only(world: World) -> None:
    _, case = personal_case(world)
    other = world.staff("G002")
    for path in ("", "/timeline", "/tasks", "/visits", "/documents", "/papers", "/messages"):
        refused(other.send("GET", f"/staff/cases/{case['id']}{path}"), 404, "not_found")
    refused(other.send("POST", f"/staff/cases/{case['id']}/contact-reads"), 404, "not_found")
    refused(other.send("GET", f"/staff/visits/{case['visit_id']}"), 404, "not_found")
    assert other.post("/staff/case-searches", {"number": case["number"]})["items"] == []
    assert other.post("/staff/case-searches", {"phone": NUMBER})["items"] == []
    task = world.staff("S001").get(f"/staff/cases/{case['id']}/tasks")["items"][0]["id"]
    refused(other.send("GET", f"/staff/tasks/{task}"), 404, "not_found")
    assert world.staff("G001").post("/staff/case-searches", {"phone": NUMBER})["items"][0]["id"] == case["id"]


def test_who_stands_in_for_the_manager_reaches_the_case_while_they_do(world: World) -> None:
    _, case = personal_case(world)
    with world.app.app_context(), atomic():
        personnel.enter_leave("G001", "G002", date(2026, 9, 19), date(2026, 9, 21))
    world.at("2026-09-20 10:00")
    path = f"/staff/cases/{case['id']}"
    deputy = world.staff("G002")
    assert deputy.get(path)["number"] == case["number"]
    assert deputy.post(f"{path}/contact-reads")["phone"] == f"+86{NUMBER}"
    assert deputy.post("/staff/case-searches", {"phone": NUMBER})["items"][0]["id"] == case["id"]
    world.at("2026-09-22 10:00")
    refused(world.staff("G002").send("GET", path), 404, "not_found")


def test_a_department_loses_the_contact_when_its_task_is_over(world: World) -> None:
    """Finance is asked once; afterwards it sees the case without the person, and nothing is recorded."""
    customer = world.log_in("o_personal", NUMBER)
    case = world.submitted(customer, contact_phone=NUMBER, contact_name=NAME, address=ADDRESS)
    path = f"/staff/cases/{case['id']}"
    for key in ("site_visit", "network_survey", "design_opinion", "engineering_opinion"):
        assert world.staff("N001").get(path)["number"] == case["number"]
        if key == "network_survey":
            assert world.staff("N001").post(f"{path}/contact-reads")["name"] == NAME
        world.complete(case["id"], key)
    before = full_reads(world.app, case["id"])
    problem = refused(world.staff("N001").send("POST", f"{path}/contact-reads"), 403, "not_allowed")
    assert "客户管家" in problem["detail"]
    assert full_reads(world.app, case["id"]) == before
    assert world.staff("N001").get(path)["number"] == case["number"]
    assert world.staff("G001").post(f"{path}/contact-reads")["name"] == NAME
