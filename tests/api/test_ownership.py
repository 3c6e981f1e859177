"""To whom a case belongs, and which manager it gets."""

from datetime import date
from typing import Any

import pytest

from app.core.atomic import atomic
from app.services.departures import remove_person
from app.services.people import personnel
from tests.api.answers import json_of, refused
from tests.api.database_rows import nothing_changes
from tests.world import ANSWERS, Phone, World

OLD_LADY = "13800000021"


def taken(manager: Phone, channel: str = "telephone", **answers: Any) -> Any:
    """A case that a manager opens for a customer."""
    body = {
        "program": "single_meter",
        "channel": channel,
        "answers": {**ANSWERS, "contact_phone": OLD_LADY, **answers},
    }
    draft = manager.post("/staff/applications", body)
    return manager.post(f"/staff/applications/{draft['id']}/submission")


def numbers(phone: Phone) -> list[str]:
    return [case["number"] for case in phone.get("/customer/cases")["items"]]


def test_a_telephone_application_belongs_to_whoever_verifies_the_number(world: World) -> None:
    case = taken(world.staff("G001"))
    assert case["confirmed"] is False
    assert numbers(world.log_in("o_neighbour", "13800000022")) == []
    # Logged in is not enough: the number has to be proved.
    assert numbers(world.log_in("o_lady")) == []
    lady = world.log_in("o_lady", OLD_LADY)
    assert numbers(lady) == [case["number"]]
    seen = lady.get(f"/customer/cases/{case['id']}")
    assert (seen["whose_turn"]["party"], seen["confirmed"]) == ("customer", False)


def test_the_customer_confirms_on_the_phone(world: World) -> None:
    case = taken(world.staff("G001"))
    lady = world.log_in("o_lady", OLD_LADY)
    confirmed = lady.post(f"/customer/cases/{case['id']}/confirmation")
    assert confirmed["confirmed"] is True
    assert confirmed["whose_turn"]["party"] == "utility"
    kinds = [line["kind"] for line in lady.get(f"/customer/cases/{case['id']}/timeline")["items"]]
    assert kinds.count("case_confirmed") == 1
    with nothing_changes(world.app):
        refused(lady.send("POST", f"/customer/cases/{case['id']}/confirmation"), 409, "already_done")


def test_a_claimed_case_is_not_claimed_again(world: World) -> None:
    """Two WeChat accounts may prove one number, one after the other; the first keeps what it has."""
    case = taken(world.staff("G001"))
    first, second = world.log_in("o_first", OLD_LADY), world.log_in("o_second", OLD_LADY)
    assert numbers(first) == [case["number"]]
    assert numbers(second) == []
    refused(second.send("GET", f"/customer/cases/{case['id']}"), 404, "not_found")


def test_a_customers_new_number_brings_no_strangers_case_and_loses_none(world: World) -> None:
    customer = world.log_in("o_customer", "13800000001")
    own = world.submitted(customer)
    other = taken(world.staff("G001"))
    customer = world.log_in("o_customer", "13800000031")
    assert numbers(customer) == [own["number"]]
    customer = world.log_in("o_customer", OLD_LADY)
    assert set(numbers(customer)) == {own["number"], other["number"]}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_corrected_number_is_the_one_that_counts(world: World) -> None:
    """The manager misheard the number and mends it before submitting."""
    manager = world.staff("G001")
    wrong = "13800000099"
    body = {"program": "single_meter", "channel": "telephone", "answers": {**ANSWERS, "contact_phone": wrong}}
    draft = manager.post("/staff/applications", body)
    path = f"/staff/applications/{draft['id']}"
    assert manager.send("PATCH", path, {"answers": {"contact_phone": OLD_LADY}}).status_code == 200
    case = manager.post(f"{path}/submission")
    assert numbers(world.log_in("o_wrong", wrong)) == []
    assert numbers(world.log_in("o_lady", OLD_LADY)) == [case["number"]]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_corrected_number_moves_the_draft_to_its_owner(world: World) -> None:
    wrong = "13800000099"
    stranger = world.log_in("o_wrong", wrong)
    manager = world.staff("G001")
    body = {"program": "single_meter", "channel": "door", "answers": {**ANSWERS, "contact_phone": wrong}}
    draft = manager.post("/staff/applications", body)
    assert stranger.send("GET", f"/customer/applications/{draft['id']}").status_code == 200
    manager.send("PATCH", f"/staff/applications/{draft['id']}", {"answers": {"contact_phone": OLD_LADY}})
    refused(stranger.send("GET", f"/customer/applications/{draft['id']}"), 404, "not_found")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_without_a_phone_nobody_could_claim_it(world: World) -> None:
    manager = world.staff("G001")
    answers = {key: value for key, value in ANSWERS.items() if key != "contact_phone"}
    with nothing_changes(world.app):
        answer = manager.send(
            "POST",
            "/staff/applications",
            {"program": "single_meter", "channel": "door", "answers": answers},
        )
        problem = refused(answer, 422, "invalid_fields")
    assert problem["errors"][0]["field"] == "contact_phone"


def test_a_draft_begun_before_the_phone_was_proved_can_be_submitted_after(world: World) -> None:
    customer = world.log_in("o_customer")
    draft = customer.post("/customer/applications", {"program": "single_meter"})
    path = f"/customer/applications/{draft['id']}"
    customer.send("PATCH", path, {"answers": dict(ANSWERS)})
    problem = refused(customer.send("POST", f"{path}/submission"), 422, "invalid_fields")
    assert problem["errors"][0]["code"] == "unverified"
    world.log_in("o_customer", "13800000001")
    assert customer.send("POST", f"{path}/submission").status_code == 201


def test_what_is_known_is_not_asked_again(world: World) -> None:
    """The phone from WeChat, applicant and address from the earlier case; each says where it is from."""
    customer = world.log_in("o_customer", "13800000001")
    first = customer.post("/customer/applications", {"program": "single_meter"})
    assert first["answers"] == {"contact_phone": "+8613800000001"}
    assert first["sources"] == {"contact_phone": "wechat"}
    world.submitted(customer)
    again = customer.post("/customer/applications", {"program": "single_meter"})
    assert again["answers"]["organisation"] == ANSWERS["organisation"]
    assert again["answers"]["credit_code"] == ANSWERS["credit_code"]
    assert again["sources"]["organisation"] == again["sources"]["contact_name"] == "earlier_case"
    assert again["sources"]["contact_phone"] == "wechat"
    # Every project has a name of its own.
    assert "project_name" not in again["answers"]
    changed = json_of(
        customer.send(
            "PATCH",
            f"/customer/applications/{again['id']}",
            {"answers": {"organisation": "另一家公司", "contact_name": ANSWERS["contact_name"]}},
        )
    )
    assert (changed["sources"]["organisation"], changed["sources"]["contact_name"]) == (
        "customer",
        "earlier_case",
    )


@pytest.mark.parametrize(("channel", "source"), [("door", "manager_at_door"), ("telephone", "telephone")])
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_the_manager_fills_in_says_so(world: World, channel: str, source: str) -> None:
    manager = world.staff("G001")
    lady = world.log_in("o_lady", OLD_LADY)
    draft = manager.post(
        "/staff/applications",
        {"program": "single_meter", "channel": channel, "answers": {"contact_phone": OLD_LADY}},
    )
    path = f"applications/{draft['id']}"
    filled = json_of(manager.send("PATCH", f"/staff/{path}", {"answers": {"contact_name": "钱奶奶"}}))
    assert filled["sources"] == {"contact_phone": source, "contact_name": source}
    # The customer sees it at once and goes on with it.
    mended = json_of(lady.send("PATCH", f"/customer/{path}", {"answers": {"contact_name": "钱秀英"}}))
    assert mended["sources"] == {"contact_phone": source, "contact_name": "customer"}


def manager_of(case: Any) -> str:
    number: str = case["manager"]["number"]
    return number


def new_case(world: World, number: int, **answers: Any) -> Any:
    """A case of a customer who was never here before."""
    phone = f"1380000{number:04d}"
    return world.submitted(world.log_in(f"o_{number}", phone), contact_phone=phone, **answers)


def test_the_manager_of_the_district(world: World) -> None:
    assert manager_of(new_case(world, 1001, district="shizhong")) == "G002"
    assert manager_of(new_case(world, 1002, district="lixia")) == "G001"
    assert manager_of(new_case(world, 1003, district="shizhong")) == "G002"


def test_of_one_districts_managers_the_one_with_the_fewest_open_cases(world: World) -> None:
    hire(world, "G003", "13800000103", ("lixia",))
    assert [manager_of(new_case(world, 1000 + n)) for n in range(4)] == ["G001", "G003", "G001", "G003"]


def test_a_district_without_a_manager_goes_to_whoever_has_the_fewest(world: World) -> None:
    new_case(world, 1001, district="lixia")
    assert manager_of(new_case(world, 1002, district="tianqiao")) == "G002"


def test_the_earlier_manager_is_kept(world: World) -> None:
    """Though the district is another's, and by whichever way the customer is known."""
    customer = world.log_in("o_customer", "13800000001")
    assert manager_of(world.submitted(customer)) == "G001"
    assert manager_of(world.submitted(customer, district="shizhong")) == "G001"
    by_phone = taken(world.staff("G002"), contact_phone="13800000001", district="shizhong")
    assert manager_of(by_phone) == "G001"


def test_an_earlier_manager_who_left_is_not_waited_for(world: World) -> None:
    customer = world.log_in("o_customer", "13800000001")
    world.submitted(customer)
    with world.app.app_context(), atomic():
        remove_person.remove(None, "G001")
    assert manager_of(world.submitted(customer)) == "G002"


def test_the_deputy_during_leave(world: World) -> None:
    """The customer's manager stays theirs, and the deputy acts; new customers get somebody who is there."""
    customer = world.log_in("o_customer", "13800000001")
    case = world.submitted(customer)
    with world.app.app_context(), atomic():
        personnel.enter_leave("G001", "G002", date(2026, 9, 19), date(2026, 9, 21))
    world.at("2026-09-20 10:00")
    assert manager_of(world.submitted(customer)) == "G001"
    assert manager_of(new_case(world, 1001, district="lixia")) == "G002"
    deputy = world.staff("G002")
    assert deputy.get(f"/staff/cases/{case['id']}")["manager"]["number"] == "G001"
    mine = [task for task in deputy.get("/staff/tasks")["items"] if task["case_id"] == case["id"]]
    assert [task["key"] for task in mine] == ["site_visit"]
    for key in ("network_survey", "design_opinion", "engineering_opinion"):
        world.complete(case["id"], key)
    visit = {"outputs": {"visited_at": "2026-09-20T10:00:00+08:00", "form_guided": True}}
    deputy.post(f"/staff/tasks/{mine[0]['id']}/completion", visit)
    world.at("2026-09-22 08:30")
    assert manager_of(new_case(world, 1002, district="lixia")) == "G001"
    stood_in = world.staff("G002").send("GET", f"/staff/tasks/{mine[0]['id']}")
    # A manager's own cases, and those of whom they stand in for: that is over.
    assert stood_in.status_code == 404


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_answer_to_the_submission_names_the_manager(world: World) -> None:
    case = world.submitted(world.log_in("o_customer", "13800000001"))
    assert case["manager"] == {
        "name": "王敏",
        "number": "G001",
        "phone": "+8613800000101",
        "photo_url": "https://example.invalid/G001.jpg",
    }


def hire(world: World, number: str, phone: str, districts: tuple[str, ...]) -> None:
    with world.app.app_context(), atomic():
        personnel.add(
            personnel.NewStaff(
                number,
                "陈芳",
                "customer_development",
                phone,
                "https://example.invalid/x.jpg",
                True,
                False,
                districts,
            )
        )
