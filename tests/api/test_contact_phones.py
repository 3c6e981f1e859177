"""Phones of every country, and land lines with an extension, from the form to whoever dials them."""

from typing import Any

import pytest

from tests.api.answers import refused
from tests.world import World


def contact_of(world: World, case_id: str) -> Any:
    return world.staff("G001").post(f"/staff/cases/{case_id}/contact-reads", {})


@pytest.mark.parametrize(
    ("code", "national", "country"),
    [("852", "61234567", "中国香港"), ("853", "66123456", "中国澳门"), ("44", "7400123456", "英国")],
)
def test_somebody_with_a_foreign_number_can_apply(
    world: World, code: str, national: str, country: str
) -> None:
    customer = world.log_in("o_abroad", national, country_code=code)
    number = f"+{code}{national}"
    draft = customer.post("/customer/applications", {"program": "single_meter"})
    assert draft["answers"]["contact_phone"] == number
    case = world.submitted(customer, contact_phone=number)
    (line,) = world.staff("G001").get("/staff/cases")["items"]
    found = world.staff("G001").post("/staff/case-searches", {"phone": number})["items"]
    assert [each["id"] for each in found] == [line["id"]] == [case["id"]]
    assert found[0]["contact"]["country"] == country
    assert national not in str(found[0]["contact"])
    assert contact_of(world, case["id"]) == {
        "name": "钱多多",
        "phone": number,
        "extension": None,
        "country": country,
        "address": "演示路1号",
    }


@pytest.mark.parametrize("spelled", ["0531-88880001转123", "0531-88880001-123", "0531-88880001 ext 123"])
def test_an_extension_is_kept_and_shown_beside_the_number(world: World, spelled: str) -> None:
    customer = world.log_in("o_customer", "13800000001")
    case = world.submitted(customer, contact_phone=spelled)
    contact = contact_of(world, case["id"])
    assert (contact["phone"], contact["extension"]) == ("+8653188880001", "123")
    # The look-up asks for the last four digits of the number itself.
    asked = {"number": case["number"], "phone_last_digits": "0001"}
    answer = world.client.post("/api/v1/customer/lookups", json=asked)
    assert answer.status_code == 200, answer.text
    found = world.staff("S001").post("/staff/case-searches", {"phone": "13800000001"})["items"]
    assert [each["contact"]["extension"] for each in found] == [None]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(("spelled", "why"), [("0531-968133", "热线"), ("1", "有误")])
def test_the_sentence_says_which_spelling_is_accepted(world: World, spelled: str, why: str) -> None:
    customer = world.log_in("o_customer", "13800000001")
    draft = customer.post("/customer/applications", {"program": "single_meter"})
    answer = customer.send(
        "PATCH", f"/customer/applications/{draft['id']}", {"answers": {"contact_phone": spelled}}
    )
    (fault,) = refused(answer, 422, "invalid_fields")["errors"]
    assert fault["field"] == "contact_phone"
    assert why in fault["message"]
    assert "0531-88880001转123" in fault["message"]
    assert "+85261234567" in fault["message"]
