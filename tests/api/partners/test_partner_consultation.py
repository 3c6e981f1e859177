"""A 设计方案意见征询: five departments have tasks at once, and the case waits for its customer."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests import paperwork
from tests.api.answers import refused
from tests.api.database_rows import count, nothing_changes
from tests.api.partners.partner_platform import CONSULTATION, Platform, add_partner
from tests.world import ANSWERS, OUTPUTS, World

FIVE = {
    "facility_requirements": "总工办",
    "design_first_scheme": "设计院",
    "engineering_first_scheme": "工程管理部门",
    "network_first_scheme": "管网管理部门",
    "marketing_first_scheme": "营销部门",
}
OWNERS = ("C001", "D001", "E001", "N001", "M001")


@pytest.fixture
def platform(world: World) -> Platform:
    return add_partner(world.app)


def case_id(world: World, number: str) -> str:
    cases = world.staff("G001").get("/staff/cases")["items"]
    return str(next(case["id"] for case in cases if case["number"] == number))


def complete_transfer(world: World, case: str) -> None:
    for who in OWNERS:
        colleague = world.staff(who)
        for task in colleague.get("/staff/tasks?scope=department")["items"]:
            if task["case_id"] == case and task["key"] in FIVE:
                outputs = {output["key"]: "按规范设置" for output in task["outputs"] if output["required"]}
                colleague.post(f"/staff/tasks/{task['id']}/completion", {"outputs": outputs})


def test_five_departments_have_their_task_at_once(world: World, platform: Platform) -> None:
    taken = platform.consult()
    assert taken["repeated"] is False
    assert taken["due_at"] == "2026-09-18T17:00:00+08:00"
    assert (taken["manager_name"], taken["manager_phone"]) == ("王敏", "+8613800000101")
    case = case_id(world, taken["number"])
    tasks = world.staff("S001").get(f"/staff/cases/{case}/tasks")["items"]
    assert {task["key"]: task["department"] for task in tasks} == FIVE
    assert {task["due_at"] for task in tasks} == {"2026-09-18T17:00:00+08:00"}
    assert {task["opened_at"] for task in tasks} == {"2026-09-18T09:00:00+08:00"}
    for who in OWNERS:
        queue = world.staff(who).get("/staff/tasks?scope=department")["items"]
        assert [task["case_id"] for task in queue] == [case]


@pytest.mark.parametrize(
    ("received", "due"),
    [
        ("2026-09-18 17:00", "2026-09-20T17:00:00+08:00"),
        ("2026-09-18 16:59", "2026-09-18T17:00:00+08:00"),
        ("2026-09-18 22:30", "2026-09-20T17:00:00+08:00"),
        ("2026-09-18 07:00", "2026-09-18T17:00:00+08:00"),
        ("2026-09-18 12:30", "2026-09-18T17:00:00+08:00"),
        # A weekend without and one with a make-up Saturday (10 October 2026).
        ("2026-09-05 10:00", "2026-09-07T17:00:00+08:00"),
        ("2026-10-10 10:00", "2026-10-10T17:00:00+08:00"),
        ("2026-10-09 18:00", "2026-10-10T17:00:00+08:00"),
        # The whole of National Day lies between.
        ("2026-09-30 17:30", "2026-10-08T17:00:00+08:00"),
    ],
)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_due_at_the_close_of_the_day_or_of_the_next_workday(world: World, received: str, due: str) -> None:
    world.at(received)
    assert add_partner(world.app).consult()["due_at"] == due


def test_staff_see_who_holds_the_open_tasks(world: World, platform: Platform) -> None:
    case = case_id(world, platform.consult()["number"])
    manager = world.staff("G001")
    seen = manager.get(f"/staff/cases/{case}/early-service")
    assert set(seen["awaited"]) == set(FIVE.values())
    assert seen["developer"] == CONSULTATION["organisation"]
    assert seen["planned_facilities"] == CONSULTATION["planned_facilities"]
    designer = world.staff("D001")
    task = designer.get("/staff/tasks?scope=department")["items"][0]
    designer.post(f"/staff/tasks/{task['id']}/completion", {"outputs": {"first_scheme": "从演示路接入"}})
    seen = manager.get(f"/staff/cases/{case}/early-service")
    assert set(seen["awaited"]) == set(FIVE.values()) - {"设计院"}
    given = {opinion["department"]: opinion["opinion"] for opinion in seen["opinions"]}
    assert given["设计院"] == {"first_scheme": "从演示路接入"}
    assert given["总工办"] is None


def test_the_manager_and_the_departments_are_notified(world: World, platform: Platform) -> None:
    platform.consult()
    kinds = {
        who: [notice["kind"] for notice in world.staff(who).get("/staff/notices")["items"]]
        for who in ("G001", *OWNERS)
    }
    assert kinds == {"G001": ["new_consultation"], **{who: ["task_opened"] for who in OWNERS}}


def test_the_case_is_the_customers_when_the_phone_logs_in(world: World, platform: Platform) -> None:
    number = platform.consult()["number"]
    assert world.log_in("o_other", "13800000009").get("/customer/cases")["items"] == []
    customer = world.log_in("o_customer", "13800000001")
    case = customer.get("/customer/cases")["items"][0]
    assert case["number"] == number
    progress = customer.get(f"/customer/cases/{case['id']}")
    assert progress["whose_turn"]["party"] == "utility"
    assert "总工办" in progress["whose_turn"]["name"]
    assert [stage["key"] for stage in progress["stages"] if stage["state"] == "open"] == [
        "information_transfer"
    ]


def test_a_known_customer_is_notified_at_once(world: World, platform: Platform) -> None:
    customer = world.log_in("o_customer", "13800000001")
    platform.consult()
    assert [notice["kind"] for notice in customer.get("/customer/notices")["items"]] == ["early_service"]


def test_acceptance_starts_when_every_department_has_answered(world: World, platform: Platform) -> None:
    case = case_id(world, platform.consult()["number"])
    world.at("2026-09-18 14:00")
    complete_transfer(world, case)
    stages = {stage["key"]: stage for stage in world.staff("G001").get(f"/staff/cases/{case}")["stages"]}
    assert stages["information_transfer"]["completed_at"] == "2026-09-18T14:00:00+08:00"
    assert stages["acceptance_plan"]["opened_at"] == "2026-09-18T14:00:00+08:00"


def test_the_form_is_completed_on_site_and_confirmed_on_the_phone(world: World, platform: Platform) -> None:
    number = platform.consult()["number"]
    case = case_id(world, number)
    complete_transfer(world, case)
    manager = world.staff("G001")
    visit = next(
        task for task in manager.get("/staff/tasks?scope=mine")["items"] if task["key"] == "site_visit"
    )
    done = {"outputs": paperwork.at_present(OUTPUTS["site_visit"])}
    refused(manager.send("POST", f"/staff/tasks/{visit['id']}/completion", done), 409, "conflict")
    form = manager.get(f"/staff/cases/{case}/application")
    assert form["answers"]["project_name"] == CONSULTATION["project_name"]
    assert set(form["sources"].values()) == {"partner"}
    path = f"/staff/cases/{case}/application"
    refused(manager.send("POST", f"{path}/submission"), 422, "invalid_fields")
    customer = world.log_in("o_customer", "13800000001")
    refused(customer.send("POST", f"/customer/cases/{case}/confirmation"), 409, "conflict")
    missing = {key: ANSWERS[key] for key in ("applicant_kind", "credit_code", "use_class", "meter_count")}
    assert manager.send("PATCH", path, {"answers": missing}).status_code == 200
    assert manager.post(f"{path}/submission")["number"] == number
    assert manager.post(f"{path}/submission")["number"] == number
    assert manager.get(path)["sources"]["credit_code"] == "manager_at_door"
    manager.post(f"/staff/tasks/{visit['id']}/completion", done)
    progress = customer.get(f"/customer/cases/{case}")
    assert (progress["whose_turn"]["party"], progress["confirmed"]) == ("customer", False)
    customer.post(f"/customer/cases/{case}/confirmation")
    assert customer.get(f"/customer/cases/{case}")["confirmed"] is True
    assert customer.get(f"/customer/cases/{case}/ledger")["documents"] == 1
    assert count(world.app, "cases") == 1


def test_the_customer_may_complete_the_form_before_that(world: World, platform: Platform) -> None:
    platform.consult()
    customer = world.log_in("o_customer", "13800000001")
    case = customer.get("/customer/cases")["items"][0]["id"]
    form = customer.get(f"/customer/cases/{case}/application")
    path = f"/customer/applications/{form['id']}"
    missing = {key: ANSWERS[key] for key in ("applicant_kind", "credit_code", "use_class", "meter_count")}
    assert customer.send("PATCH", path, {"answers": missing}).status_code == 200
    assert customer.post(f"{path}/submission")["id"] == case
    progress = customer.get(f"/customer/cases/{case}")
    assert progress["confirmed"] is True
    # The promised time has not begun: the departments are still awaited.
    assert progress["full_process"]["used"] == "0.00"
    assert {notice["kind"] for notice in customer.get("/customer/notices")["items"]} == {"case_accepted"}


def test_a_wrong_phone_is_corrected_on_site(world: World, platform: Platform) -> None:
    case = case_id(world, platform.consult(contact_phone="13800000008")["number"])
    manager = world.staff("G001")
    answers = {
        **{key: ANSWERS[key] for key in ("applicant_kind", "credit_code", "use_class", "meter_count")},
        "contact_phone": "13800000001",
    }
    path = f"/staff/cases/{case}/application"
    assert manager.send("PATCH", path, {"answers": answers}).status_code == 200
    manager.post(f"{path}/submission")
    assert world.log_in("o_wrong", "13800000008").get("/customer/cases")["items"] == []
    assert len(world.log_in("o_customer", "13800000001").get("/customer/cases")["items"]) == 1


def test_only_the_cases_manager_fills_in_its_form(world: World, platform: Platform) -> None:
    case = case_id(world, platform.consult()["number"])
    designer = world.staff("D001")
    with nothing_changes(world.app):
        path = f"/staff/cases/{case}/application"
        refused(designer.send("GET", path), 403, "not_allowed")
        refused(designer.send("PATCH", path, {"answers": {"project_name": "改名"}}), 403, "not_allowed")
        refused(designer.send("POST", f"{path}/submission"), 403, "not_allowed")


def test_a_residential_project_enters_early_service_too(world: World, platform: Platform) -> None:
    case = case_id(world, platform.consult(program="residential")["number"])
    complete_transfer(world, case)
    stages = {stage["key"]: stage for stage in world.staff("G001").get(f"/staff/cases/{case}")["stages"]}
    assert stages["acceptance_plan"]["state"] == "open"


def test_a_case_that_a_customer_opens_has_no_information_transfer(world: World) -> None:
    case = world.submitted(world.log_in("o_customer", "13800000001"))
    assert [stage["key"] for stage in case["stages"] if stage["state"] == "open"] == ["acceptance_plan"]
    manager = world.staff("G001")
    assert manager.send("GET", f"/staff/cases/{case['id']}/early-service").status_code == 404


def test_the_same_reference_gives_the_same_case(world: World, platform: Platform) -> None:
    first = platform.consult()
    again = platform.consult(project_name="另一名称")
    assert again == first | {"repeated": True}
    assert count(world.app, "cases") == 1
    assert count(world.app, "tasks") == 5
    # The reference is the partner's own: another partner's is another matter.
    other = add_partner(world.app, "website").consult()
    assert other["number"] != first["number"]


FAULTS: dict[str, Any] = {
    "program": "three_zero",
    "contact_phone": "123",
    "district": "beijing",
    "location": {"latitude_gcj02": 39.9, "longitude_gcj02": 116.4},
    "project_name": "名" * 90,
    "planned_facilities": [],
}


def test_every_wrong_field_is_listed_at_once(world: World, platform: Platform) -> None:
    wrong = {**CONSULTATION, **FAULTS, "more": 1}
    del wrong["address"]
    before = count(world.app, "cases")
    problem = refused(platform.send("POST", "/consultations", wrong), 422, "invalid_fields")
    assert {error["field"] for error in problem["errors"]} == {*FAULTS, "address", "more"}
    assert count(world.app, "cases") == before


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("field", sorted(set(CONSULTATION)))
def test_no_field_of_any_shape_is_an_error_of_ours(world: World, platform: Platform, field: str) -> None:
    values: tuple[Any, ...] = (None, 1, 1.5, True, "", "x\u0000y", [], {}, [{}], {"a": 1}, "长" * 300)
    for value in values:
        answer = platform.send("POST", "/consultations", {**CONSULTATION, field: value})
        problem = refused(answer, 422, "invalid_fields")
        assert any(error["field"].startswith(field) for error in problem["errors"]), (value, problem)


def test_the_signature_is_described_to_partners(client: FlaskClient) -> None:
    document = client.get("/openapi.json").get_json()
    operation = document["paths"]["/api/v1/partner/consultations"]["post"]
    schemes = document["components"]["securitySchemes"]
    assert {schemes[name]["name"] for name in operation["security"][0]} == {
        "X-Partner-Key",
        "X-Timestamp",
        "X-Nonce",
        "X-Signature",
    }
    assert {"201", "401", "403", "422", "503"} <= set(operation["responses"])
    body = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
    assert set(document["components"]["schemas"][body]["required"]) == set(CONSULTATION)


@pytest.mark.parametrize("sign", ["\x00", "\x02", "\uffff", "\u202e"])
@pytest.mark.parametrize("field", ["reference", "project_name", "address", "contact_name"])
def test_a_sign_that_can_not_be_stored_is_named_by_field(
    world: World, platform: Platform, field: str, sign: str
) -> None:
    answer = platform.send("POST", "/consultations", {**CONSULTATION, field: f"演示{sign}路"})
    assert answer.status_code == 422
    assert [fault["field"] for fault in answer.get_json()["errors"]] == [field]
