"""What a task is not completed with, who may let it pass, and what holds the water plan and the meter."""

from typing import Any

import pytest

from app.core.atomic import atomic
from tests import paperwork
from tests.api.answers import refused
from tests.api.visits.test_concurrent_bookings import post
from tests.at_once import at_once
from tests.world import OUTPUTS, SINGLE_METER, Phone, World

BEFORE_PLAN = ("site_visit", "network_survey", "design_opinion", "engineering_opinion")
PLAN = {"survey_check": "as_prepared", "chosen_calibre": "DN20", "plan": "自演示路DN100预留口接入"}
RESIDENTIAL = (
    *BEFORE_PLAN,
    *("confirm_plan", "drawings", "estimate", "estimate_accepted", "site_ready", "sign_agreement", "payment"),
    *("pass_agreement", "risers"),
)


class Case:
    """A case of a program, and tries to complete its tasks."""

    def __init__(self, world: World, program: str = "single_meter", **answers: Any) -> None:
        self.world = world
        self.customer = world.log_in("o_customer", "13800000001")
        self.id: str = world.submitted(self.customer, program, **answers)["id"]

    def until(self, task: str, tasks: tuple[str, ...] = SINGLE_METER) -> "Case":
        for key in tasks[: tasks.index(task)]:
            self.world.complete(self.id, key)
        return self

    def task(self, key: str) -> Any:
        tasks = self.world.staff("S001").get(f"/staff/cases/{self.id}/tasks")["items"]
        return [task for task in tasks if task["key"] == key][-1]

    def tried(self, who: str, key: str, outputs: Any) -> Any:
        """The answer to completing a task with these outputs, everything else before it being done."""
        task = self.task(key)["id"]
        with self.world.app.app_context(), atomic():
            prepared = paperwork.prepare(who, task, outputs)
        return self.world.staff(who).send("POST", f"/staff/tasks/{task}/completion", {"outputs": prepared})

    def faults(self, who: str, key: str, outputs: Any) -> dict[str, str]:
        """The faulty fields with their codes; every one is told in a sentence."""
        errors = refused(self.tried(who, key, outputs), 422, "invalid_fields")["errors"]
        assert all(error["message"].endswith("。") for error in errors)
        return {error["field"]: error["code"] for error in errors}

    def let_pass(self, who: str, key: str, field: str, reason: str, **value: Any) -> Any:
        body = {"field": field, "reason": reason, **value}
        return self.world.staff(who).send("POST", f"/staff/tasks/{self.task(key)['id']}/exceptions", body)


@pytest.mark.parametrize(
    ("who", "key", "lie", "code"),
    [
        ("G001", "site_visit", {"visited_at": "2030-01-01T10:00:00+08:00"}, "invalid"),
        ("G001", "site_visit", {"visited_at": "2020-01-01T10:00:00+08:00"}, "invalid"),
        ("G001", "site_visit", {"form_guided": False}, "needs_reason"),
        ("N001", "network_survey", {"main_depth_m": "0"}, "invalid"),
        ("D001", "drawings", {"reviewed": False}, "invalid"),
        ("G001", "sign_agreement", {"site_conditions_met": False}, "invalid"),
        ("E001", "build_and_accept", {"accepted_at": "2020-01-01T10:00:00+08:00"}, "invalid"),
    ],
)
def test_a_value_that_contradicts_the_plan_is_refused(
    world: World, who: str, key: str, lie: Any, code: str
) -> None:
    case = Case(world).until(key)
    assert case.faults(who, key, {**OUTPUTS[key], **lie}) == dict.fromkeys(lie, code)
    assert case.tried(who, key, OUTPUTS[key]).status_code == 200


def test_an_agreement_says_that_the_site_is_ready(world: World) -> None:
    case = Case(world).until("sign_agreement")
    told = {key: value for key, value in OUTPUTS["sign_agreement"].items() if key != "site_conditions_met"}
    assert case.faults("G001", "sign_agreement", told) == {"site_conditions_met": "required"}


def test_the_gis_is_not_updated_before_the_survey(world: World) -> None:
    case = Case(world).until("return_visit")
    for key in ("as_built_survey", "completion_papers"):
        world.complete(case.id, key)
    lie = {"gis_updated_at": "2020-01-01T10:00:00+08:00"}
    assert case.faults("N001", "gis_update", lie) == {"gis_updated_at": "invalid"}


def test_an_opinion_against_holds_the_plan_and_opens_the_talk(world: World) -> None:
    case = Case(world).until("network_survey")
    found = dict(OUTPUTS["network_survey"]) | {"peak_pressure_mpa": "0.01", "network_state": "interrupted"}
    world.complete(case.id, "network_survey", **found, network_remark="爆管停水中")
    without_reason = case.faults("D001", "design_opinion", {"opinion": "infeasible"})
    assert without_reason == {"opinion_text": "invalid"}
    world.complete(case.id, "design_opinion", opinion="infeasible", opinion_text="压力不足")
    world.complete(case.id, "engineering_opinion", opinion="conditional", opinion_text="夜间施工")
    talk = case.task("department_talk")
    assert (talk["state"], talk["mine"], talk["assignee_name"]) == ("open", False, "王敏")
    told = [item["kind"] for item in world.staff("G001").get("/staff/notices")["items"]]
    assert "plan_held" in told
    assert case.faults("G001", "confirm_plan", PLAN) == {
        "network_survey.peak_pressure_mpa": "needs_supervisor",
        "network_survey.network_state": "needs_supervisor",
        "design_opinion.opinion": "needs_supervisor",
    }
    # The departments put right what they can; a supervisor answers for the rest.
    for who, key, field, value in (
        ("D001", "design_opinion", "opinion", "conditional"),
        ("N001", "network_survey", "network_state", "normal"),
    ):
        task = case.task(key)
        body = {"version": task["version"], "field": field, "value": value, "why": "会商后更正"}
        world.staff(who).post(f"/staff/tasks/{task['id']}/corrections", body)
    refused(case.let_pass("N001", "network_survey", "peak_pressure_mpa", "设泵房"), 403, "not_allowed")
    passed = case.let_pass("S001", "network_survey", "peak_pressure_mpa", "设泵房加压")
    assert passed.status_code == 201
    refused(case.let_pass("S001", "network_survey", "peak_pressure_mpa", "设泵房"), 409, "already_done")
    refused(case.let_pass("S001", "network_survey", "network_state", "正常"), 409, "conflict")
    assert case.tried("G001", "confirm_plan", PLAN).status_code == 200


def test_what_the_plan_was_fixed_on_is_not_turned_against_it(world: World) -> None:
    case = Case(world).until("drawings")
    task = case.task("design_opinion")
    body = {"version": task["version"], "field": "opinion", "value": "infeasible", "why": "重新核算"}
    path = f"/staff/tasks/{task['id']}/corrections"
    errors = refused(world.staff("D001").send("POST", path, body), 422, "invalid_fields")["errors"]
    assert {error["field"] for error in errors} == {"opinion", "opinion_text"}


def test_supervisors_see_what_supervisors_let_pass(world: World) -> None:
    case = Case(world, "residential").until("risers", RESIDENTIAL)
    world.complete(case.id, "risers")
    installed = dict(OUTPUTS["household_meters"]) | {"meters_installed": 3}
    assert case.faults("M001", "household_meters", installed) == {"meters_installed": "needs_supervisor"}
    world.at("2026-09-18 16:00")
    case.let_pass("S001", "household_meters", "meters_installed", "其余缓装", value=118)
    assert case.faults("M001", "household_meters", installed) == {"meters_installed": "needs_supervisor"}
    done = case.tried("M001", "household_meters", installed | {"meters_installed": 118})
    assert done.status_code == 200
    (line,) = world.staff("S001").get("/staff/exceptions")["items"]
    told = {key: line[key] for key in ("case_id", "field", "value", "reason", "passed_by", "passed_at")}
    assert told == {
        "case_id": case.id,
        "field": "meters_installed",
        "value": 118,
        "reason": "其余缓装",
        "passed_by": "冯督办",
        "passed_at": "2026-09-18T16:00:00+08:00",
    }
    refused(world.staff("G001").send("GET", "/staff/exceptions"), 403, "not_allowed")


def test_a_reason_is_enough_where_the_data_says_so_and_is_for_one_value(world: World) -> None:
    case = Case(world)
    refused(
        case.let_pass("G001", "site_visit", "visited_at", "补录", value="2030-01-01T10:00:00+08:00"),
        422,
        "invalid_fields",
    )
    assert (
        case.let_pass("G001", "site_visit", "form_guided", "客户已在线填妥", value=False).status_code == 201
    )
    assert (
        case.tried("G001", "site_visit", dict(OUTPUTS["site_visit"]) | {"form_guided": False}).status_code
        == 200
    )
    assert world.staff("S001").get("/staff/exceptions")["items"] == []


def test_as_many_meters_hang_as_were_quoted(world: World) -> None:
    case = Case(world, meter_count=5).until("water_on")
    marketing: Phone = world.staff("M001")
    path = f"/staff/tasks/{case.task('water_on')['id']}/papers"
    meter = {key: value for key, value in OUTPUTS["water_on"].items() if key != "supply_contract_number"}
    (fault,) = refused(marketing.send("POST", path, {"outputs": meter}), 422, "invalid_fields")["errors"]
    assert (fault["field"], fault["code"]) == ("further_meters", "needs_supervisor")
    further = [
        {"serial": f"M000{number}", "position": f"{number}号水表井", "first_reading": "0"}
        for number in range(2, 6)
    ]
    twice = meter | {"further_meters": [*further[:3], further[0] | {"serial": "M0001"}]}
    refused(marketing.send("POST", path, {"outputs": twice}), 422, "invalid_fields")
    delivered = world.complete(case.id, "water_on", further_meters=further)["delivered"]
    assert delivered["further_meters"] == further


def test_the_meter_waits_for_the_word_of_the_customer(world: World) -> None:
    case = Case(world).until("water_on")
    marketing, manager = world.staff("M001"), world.staff("G001")
    task = case.task("water_on")["id"]
    meter = {key: value for key, value in OUTPUTS["water_on"].items() if key != "supply_contract_number"}
    paper = marketing.post(f"/staff/tasks/{task}/papers", {"outputs": meter})
    paper_path = f"/customer/cases/{case.id}/papers/{paper['id']}/confirmation"
    case.customer.post(paper_path, {"sha256": paper["sha256"]})
    with world.app.app_context(), atomic():
        paperwork.show("M001", task)
    completion = f"/staff/tasks/{task}/completion"
    refused(marketing.send("POST", completion, {"outputs": {}}), 422, "plan_agreement_needed")
    plan = case.customer.get(f"/customer/cases/{case.id}/plan")
    body = {"version": plan["version"], "reason": "客户不使用小程序，当面同意"}
    path = f"/staff/cases/{case.id}/plan-refusal"
    refused(marketing.send("POST", path, body), 403, "not_allowed")
    refused(manager.send("POST", path, body | {"version": plan["version"] - 1}), 409, "changed_meanwhile")
    assert manager.post(path, body)["refusal_reason"] == "客户不使用小程序，当面同意"
    refused(manager.send("POST", path, body), 409, "already_done")
    assert marketing.post(completion, {"outputs": {}})["state"] == "done"


def test_a_corrected_plan_is_agreed_to_again(world: World) -> None:
    case = Case(world).until("drawings")
    path = f"/customer/cases/{case.id}/plan"
    place = paperwork.PLACE
    seen = case.customer.get(path)["version"]
    case.customer.post(f"{path}-confirmation", {"version": seen, "location": place})
    correction = {"version": seen, "field": "plan", "value": "改自北侧接入", "why": "客户要求"}
    world.at("2026-09-18 10:00")
    plan = case.task("confirm_plan")["id"]
    world.staff("G001").post(f"/staff/tasks/{plan}/corrections", correction)
    declined = {"version": seen + 1, "reason": "希望仍从南侧接入"}
    assert case.customer.post(f"{path}-refusal", declined)["refused_at"] is not None
    told = [item["kind"] for item in world.staff("G001").get("/staff/notices")["items"]]
    assert "plan_refused" in told
    again = case.customer.post(f"{path}-confirmation", {"version": seen + 1, "location": place})
    assert "改自北侧接入" in [item["value"] for item in again["agreed"]]


def test_staff_see_what_is_left_of_the_internal_aim(world: World) -> None:
    case = Case(world, "residential")
    # Two hours of a day of seven: Friday 09:00 to 11:00.
    world.at("2026-09-18 11:00")
    stages = world.staff("G001").get(f"/staff/cases/{case.id}/budget")["stages"]
    aims = {stage["key"]: (stage["internal_aim"], stage["internal_aim_left"]) for stage in stages}
    assert aims["acceptance_plan"] == ("1.00", "0.71")
    assert aims["design"] == (None, None)


def test_one_value_is_let_pass_once_by_two_at_once(world: World) -> None:
    case = Case(world, meter_count=1)
    path = f"/staff/tasks/{case.task('network_survey')['id']}/exceptions"
    body = {"field": "peak_pressure_mpa", "value": "0.08", "reason": "设泵房加压"}
    token = world.staff("S001").token
    answers = at_once(world.app, [post(token, path, body), post(token, path, body)])
    assert sorted(answer.status_code for answer in answers) == [201, 409]
    assert len(world.staff("S001").get("/staff/exceptions")["items"]) == 1


def test_one_refusal_of_the_plan_is_recorded_by_two_at_once(world: World) -> None:
    case = Case(world).until("drawings")
    seen = case.customer.get(f"/customer/cases/{case.id}/plan")["version"]
    body = {"version": seen, "reason": "希望从北侧接入"}
    path = f"/staff/cases/{case.id}/plan-refusal"
    tokens = (world.staff("G001").token, world.staff("S001").token)
    answers = at_once(world.app, [post(token, path, body) for token in tokens])
    assert sorted(answer.status_code for answer in answers) == [201, 409]
