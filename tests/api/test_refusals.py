"""A refusal is a problem document that says why, and changes nothing."""

from typing import Any

import pytest
from sqlalchemy import text

from app.core.atomic import atomic
from app.core.db import db
from app.services.departures import remove_person
from tests.api.answers import refused
from tests.api.database_rows import count, nothing_changes
from tests.world import ANSWERS, OUTPUTS, Phone, World

ACCEPTANCE = ("site_visit", "network_survey", "design_opinion", "engineering_opinion", "confirm_plan")
UNTIL_WATER = (*ACCEPTANCE, "drawings", "quote", "sign_agreement", "payment", "build_and_accept", "water_on")

STOP = {"reason": "road_permit", "party": "authority", "evidence": "交警支队受理单"}

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def customer(world: World) -> Phone:
    return world.log_in("o_customer", "13800000001")


@pytest.fixture
def case(world: World, customer: Phone) -> Any:
    return world.submitted(customer)


def task(world: World, case: Any, key: str) -> Any:
    tasks = world.staff("S001").get(f"/staff/cases/{case['id']}/tasks")["items"]
    return next(item for item in tasks if item["key"] == key)


@on_sqlite
@pytest.mark.parametrize("program", ["no_such", "单表接水", "../single_meter", "'; DROP TABLE cases;--"])
def test_an_unknown_program(world: World, customer: Phone, program: str) -> None:
    with nothing_changes(world.app):
        answer = customer.send("POST", "/customer/applications", {"program": program})
        refused(answer, 422, "unknown_program")


@on_sqlite
def test_a_submission_lists_every_fault_at_once(world: World, customer: Phone) -> None:
    draft = customer.post("/customer/applications", {"program": "single_meter"})
    path = f"/customer/applications/{draft['id']}"
    answers = {"applicant_kind": "enterprise", "project_name": "小铺"}
    assert customer.send("PATCH", path, {"answers": answers}).status_code == 200
    with nothing_changes(world.app):
        problem = refused(customer.send("POST", f"{path}/submission"), 422, "invalid_fields")
    assert {error["field"] for error in problem["errors"]} == {
        "organisation",
        "credit_code",
        "contact_name",
        "district",
        "address",
        "location",
        "use_class",
        "meter_count",
    }
    assert {error["code"] for error in problem["errors"]} == {"required"}


@on_sqlite
def test_a_wrong_draft_lists_every_fault_at_once_and_keeps_nothing(world: World, customer: Phone) -> None:
    draft = customer.post("/customer/applications", {"program": "single_meter"})
    wrong = {**ANSWERS, "credit_code": "91370100MA3C0000X9", "contact_phone": "110", "calibre": "DN1"}
    wrong["location"] = {"latitude_gcj02": 39.9, "longitude_gcj02": 116.4}
    with nothing_changes(world.app):
        answer = customer.send("PATCH", f"/customer/applications/{draft['id']}", {"answers": wrong})
        problem = refused(answer, 422, "invalid_fields")
    assert {error["field"] for error in problem["errors"]} == {
        "credit_code",
        "contact_phone",
        "calibre",
        "location",
    }


@on_sqlite
def test_a_submitted_application_is_changed_no_more(world: World, customer: Phone, case: Any) -> None:
    with world.app.app_context():
        draft = db.session.scalar(text("SELECT application_id FROM cases"))
    with nothing_changes(world.app):
        answer = customer.send(
            "PATCH", f"/customer/applications/{draft}", {"answers": {"project_name": "改名"}}
        )
        refused(answer, 409, "already_done")


@on_sqlite
def test_a_stop_for_a_reason_that_the_program_does_not_list(world: World, case: Any) -> None:
    manager = world.staff("G001")
    with nothing_changes(world.app):
        answer = manager.send("POST", f"/staff/cases/{case['id']}/stops", {**STOP, "reason": "holiday"})
        problem = refused(answer, 422, "stop_not_allowed")
    assert len(problem["allowed"]) == 5
    assert "道路挖掘" in problem["detail"]


def test_a_second_stop_for_the_same_reason(world: World, case: Any) -> None:
    manager = world.staff("G001")
    manager.post(f"/staff/cases/{case['id']}/stops", STOP)
    with nothing_changes(world.app):
        answer = manager.send("POST", f"/staff/cases/{case['id']}/stops", STOP)
        refused(answer, 409, "conflict")


@on_sqlite
@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"party": "nobody"}, "party"),
        ({"evidence": ""}, "evidence"),
        ({"evidence": "水" * 501}, "evidence"),
        ({"evidence": "a\nb"}, "evidence"),
        ({"since": "2020-01-01T00:00:00+08:00"}, "since"),
    ],
)
def test_a_stop_that_is_filled_in_wrong(world: World, case: Any, change: dict[str, Any], field: str) -> None:
    manager = world.staff("G001")
    with nothing_changes(world.app):
        answer = manager.send("POST", f"/staff/cases/{case['id']}/stops", {**STOP, **change})
        problem = refused(answer, 422, "invalid_fields")
    assert [error["field"] for error in problem["errors"]] == [field]


def test_a_stop_is_ended_once(world: World, case: Any) -> None:
    manager = world.staff("G001")
    stop = manager.post(f"/staff/cases/{case['id']}/stops", STOP)
    end = f"/staff/cases/{case['id']}/stops/{stop['id']}/end"
    manager.post(end)
    with nothing_changes(world.app):
        refused(manager.send("POST", end), 409, "already_done")


@on_sqlite
def test_the_stop_of_a_task_ends_with_the_task_only(world: World, case: Any) -> None:
    for key in UNTIL_WATER[: UNTIL_WATER.index("payment")]:
        world.complete(case["id"], key)
    manager = world.staff("G001")
    (stop,) = manager.get(f"/staff/cases/{case['id']}/stops")["items"]
    assert stop["automatic"]
    with nothing_changes(world.app):
        answer = manager.send("POST", f"/staff/cases/{case['id']}/stops/{stop['id']}/end")
        refused(answer, 409, "conflict")
        # The engine holds this very reason already.
        body = {"reason": "fund_raising", "party": "customer", "evidence": "客户备款"}
        refused(manager.send("POST", f"/staff/cases/{case['id']}/stops", body), 409, "conflict")


@on_sqlite
def test_nothing_is_stopped_after_water_on(world: World, case: Any) -> None:
    for key in UNTIL_WATER:
        world.complete(case["id"], key)
    manager = world.staff("G001")
    with nothing_changes(world.app):
        refused(manager.send("POST", f"/staff/cases/{case['id']}/stops", STOP), 409, "conflict")


def test_a_task_is_completed_once(world: World, case: Any) -> None:
    world.complete(case["id"], "network_survey")
    done = task(world, case, "network_survey")
    network = world.staff("N001")
    body = {"outputs": OUTPUTS["network_survey"]}
    with nothing_changes(world.app):
        refused(network.send("POST", f"/staff/tasks/{done['id']}/completion", body), 409, "already_done")
        refused(network.send("POST", f"/staff/tasks/{done['id']}/assignment"), 409, "already_done")


@on_sqlite
def test_a_task_is_not_completed_without_what_it_must_deliver(world: World, case: Any) -> None:
    survey = task(world, case, "network_survey")
    network = world.staff("N001")
    with nothing_changes(world.app):
        answer = network.send("POST", f"/staff/tasks/{survey['id']}/completion", {"outputs": {}})
        problem = refused(answer, 422, "invalid_fields")
    assert [(error["field"], error["code"]) for error in problem["errors"]] == [
        (key, "required") for key in OUTPUTS["network_survey"]
    ]


@on_sqlite
def test_every_wrong_output_is_named(world: World, case: Any) -> None:
    survey = task(world, case, "network_survey")
    wrong = {
        "main_calibre_mm": 14,
        "main_material": "球墨\u0000铸铁",
        "main_depth_m": "nan",
        "peak_pressure_mpa": "高",
        "outlet_calibre_mm": True,
        "outlet_valve": "阀" * 101,
        "network_state": ["正常"],
        "no_such_output": 1,
    }
    network = world.staff("N001")
    with nothing_changes(world.app):
        answer = network.send("POST", f"/staff/tasks/{survey['id']}/completion", {"outputs": wrong})
        problem = refused(answer, 422, "invalid_fields")
    assert {error["field"] for error in problem["errors"]} == set(wrong)


@on_sqlite
@pytest.mark.parametrize(
    "number",
    ["1e999999", "-1e999999", "1e-999999", "0." + "1" * 5000, "1" * 5000, "Infinity", "-0.1", "20.1"],
)
def test_a_number_that_describes_no_pipe_is_refused_at_once(world: World, case: Any, number: str) -> None:
    """An exponent is cheap to write and ruinous to work out."""
    survey = task(world, case, "network_survey")
    outputs = {**OUTPUTS["network_survey"], "main_depth_m": number}
    network = world.staff("N001")
    with nothing_changes(world.app):
        answer = network.send("POST", f"/staff/tasks/{survey['id']}/completion", {"outputs": outputs})
        problem = refused(answer, 422, "invalid_fields")
    assert [error["field"] for error in problem["errors"]] == ["main_depth_m"]


@on_sqlite
def test_a_task_with_somebody_else_is_not_completed(world: World, case: Any) -> None:
    opinion = task(world, case, "design_opinion")
    world.staff("D001").post(f"/staff/tasks/{opinion['id']}/assignment")
    colleague = world.staff("D002")
    with nothing_changes(world.app):
        body = {"outputs": OUTPUTS["design_opinion"]}
        refused(colleague.send("POST", f"/staff/tasks/{opinion['id']}/completion", body), 409, "conflict")
        refused(colleague.send("POST", f"/staff/tasks/{opinion['id']}/assignment"), 409, "conflict")


@on_sqlite
def test_a_supervisor_watches_and_does_not_take(world: World, case: Any) -> None:
    opinion = task(world, case, "design_opinion")
    supervisor = world.staff("S001")
    with nothing_changes(world.app):
        refused(supervisor.send("POST", f"/staff/tasks/{opinion['id']}/assignment"), 404, "not_found")


@on_sqlite
def test_a_rating_out_of_range(world: World, customer: Phone, case: Any) -> None:
    for key in UNTIL_WATER:
        world.complete(case["id"], key)
    path = f"/customer/cases/{case['id']}/rating"
    with nothing_changes(world.app):
        for rating in (0, 6, -1, 4.5, "5", True, None, [5], 10**18, 1e300):
            problem = refused(customer.send("POST", path, {"rating": rating}), 422, "invalid_fields")
            assert [error["field"] for error in problem["errors"]] == ["rating"]


def test_a_rating_before_water_on_and_a_second_one(world: World, customer: Phone, case: Any) -> None:
    path = f"/customer/cases/{case['id']}/rating"
    with nothing_changes(world.app):
        refused(customer.send("POST", path, {"rating": 5}), 409, "conflict")
    for key in UNTIL_WATER:
        world.complete(case["id"], key)
    customer.post(path, {"rating": 4})
    with nothing_changes(world.app):
        refused(customer.send("POST", path, {"rating": 5}), 409, "already_done")


@on_sqlite
def test_what_the_customer_filled_in_needs_no_confirmation(world: World, customer: Phone, case: Any) -> None:
    with nothing_changes(world.app):
        answer = customer.send("POST", f"/customer/cases/{case['id']}/confirmation")
        refused(answer, 409, "already_done")


@on_sqlite
def test_without_managers_and_supervisors_there_is_no_case(world: World, customer: Phone) -> None:
    with world.app.app_context(), atomic():
        for number in ("G001", "G002", "S001"):
            remove_person.remove(None, number)
    draft = customer.post("/customer/applications", {"program": "single_meter"})
    customer.send("PATCH", f"/customer/applications/{draft['id']}", {"answers": dict(ANSWERS)})
    with nothing_changes(world.app):
        answer = customer.send("POST", f"/customer/applications/{draft['id']}/submission")
        refused(answer, 503, "no_manager")
    assert count(world.app, "cases") == 0
