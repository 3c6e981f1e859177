"""Applications through a partner, and what a partner may read of their progress."""

from typing import Any

import pytest

from tests.api.answers import refused
from tests.api.database_rows import count
from tests.api.partners.partner_platform import CONSULTATION, Platform, add_partner
from tests.world import ANSWERS, World

APPLICATION: dict[str, Any] = {
    "reference": "ZW-2026-0002",
    "program": "single_meter",
    "answers": dict(ANSWERS),
}


@pytest.fixture
def platform(world: World) -> Platform:
    return add_partner(world.app)


def applied(platform: Platform, **changes: Any) -> Any:
    answer = platform.send("POST", "/applications", {**APPLICATION, **changes})
    assert answer.status_code == 201, answer.text
    return answer.json


def test_a_case_that_was_applied_for_elsewhere_is_the_customers(world: World, platform: Platform) -> None:
    taken = applied(platform)
    assert (taken["manager_name"], taken["repeated"]) == ("王敏", False)
    customer = world.log_in("o_customer", "13800000001")
    case = customer.get("/customer/cases")["items"][0]
    assert case["number"] == taken["number"]
    progress = customer.get(f"/customer/cases/{case['id']}")
    # Nobody but the customer confirms what was filled in for them.
    assert (progress["confirmed"], progress["whose_turn"]["party"]) == (False, "customer")
    customer.post(f"/customer/cases/{case['id']}/confirmation")
    history = customer.get(f"/customer/cases/{case['id']}/timeline")["items"]
    assert ("partner_application", "合作平台", "经“政务服务平台”提交申请") in {
        (line["kind"], line["actor"], line["text"]) for line in history
    }
    form = customer.get(f"/customer/cases/{case['id']}/application")
    assert set(form["sources"].values()) == {"partner"}


def test_the_form_is_checked_as_everybodys(world: World, platform: Platform) -> None:
    wrong = {
        **ANSWERS,
        "credit_code": "91370100MA3C0000X9",
        "contact_phone": "1",
        "meter_count": 0,
        "more": 1,
    }
    del wrong["address"]
    before = count(world.app, "cases")
    problem = refused(
        platform.send("POST", "/applications", {**APPLICATION, "answers": wrong}), 422, "invalid_fields"
    )
    assert {error["field"] for error in problem["errors"]} == {
        "credit_code",
        "contact_phone",
        "meter_count",
        "address",
        "more",
    }
    assert count(world.app, "cases") == before


def test_an_unknown_program_is_refused(platform: Platform) -> None:
    answer = platform.send("POST", "/applications", {**APPLICATION, "program": "heating"})
    refused(answer, 422, "unknown_program")


def test_the_same_reference_gives_the_same_case(world: World, platform: Platform) -> None:
    first = applied(platform)
    assert applied(platform) == first | {"repeated": True}
    assert count(world.app, "cases") == 1


def test_an_application_completes_the_consultation_of_its_reference(world: World, platform: Platform) -> None:
    consulted = platform.consult()
    customer = world.log_in("o_customer", "13800000001")
    case = customer.get("/customer/cases")["items"][0]["id"]
    form = customer.get(f"/customer/cases/{case}/application")
    saved = customer.send(
        "PATCH", f"/customer/applications/{form['id']}", {"answers": {"address": "演示路2号"}}
    )
    assert saved.status_code == 200
    taken = applied(platform, reference=CONSULTATION["reference"])
    assert (taken["number"], taken["repeated"]) == (consulted["number"], True)
    form = customer.get(f"/customer/cases/{case}/application")
    assert form["answers"]["credit_code"] == ANSWERS["credit_code"]
    # What the customer typed themselves is not overwritten.
    assert form["answers"]["address"] == "演示路2号"
    assert form["sources"]["address"] == "customer"
    assert customer.get(f"/customer/cases/{case}")["whose_turn"]["party"] == "customer"
    assert count(world.app, "cases") == 1


def test_a_consultation_is_not_completed_by_another_programs_form(platform: Platform) -> None:
    platform.consult(program="residential")
    answer = platform.send("POST", "/applications", {**APPLICATION, "reference": CONSULTATION["reference"]})
    refused(answer, 409, "conflict")


def test_progress_is_brief_and_of_the_partners_own_cases(world: World, platform: Platform) -> None:
    taken = applied(platform)
    path = f"/cases/{taken['number']}/progress"
    answer = platform.send("GET", path)
    assert answer.status_code == 200
    told = answer.get_json()
    assert (told["number"], told["reference"]) == (taken["number"], APPLICATION["reference"])
    assert told["manager_name"] == "*敏"
    assert told["stages"][0]["state"] == "open"
    for private in ("13800000001", "钱多多", "演示路1号", ANSWERS["credit_code"]):
        assert private not in answer.text
    refused(add_partner(world.app, "website").send("GET", path), 404, "not_found")


def test_a_case_that_no_partner_brought_does_not_exist_for_one(world: World, platform: Platform) -> None:
    case = world.submitted(world.log_in("o_customer", "13800000001"))
    refused(platform.send("GET", f"/cases/{case['number']}/progress"), 404, "not_found")
    refused(platform.send("GET", "/cases/26000000000000/progress"), 404, "not_found")
