"""Staff find a case by number or phone: only cases they may see, masked, and never by a query string."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy import update

from app.core.atomic import atomic
from app.core.db import db
from app.models import Staff
from app.services.people import personnel
from tests.api.answers import refused
from tests.api.database_rows import nothing_changes
from tests.world import Phone, World

FIRST, SECOND = "13800000001", "13800000002"


def search_numbers(person: Phone, **words: Any) -> list[str]:
    return [line["number"] for line in person.post("/staff/case-searches", words)["items"]]


def open_case(world: World, openid: str, phone: str, **answers: Any) -> Any:
    return world.submitted(world.log_in(openid, phone), contact_phone=phone, **answers)


def test_a_case_is_found_by_its_number_and_by_the_phone_however_it_is_spelled(world: World) -> None:
    case, other = open_case(world, "o_first", FIRST), open_case(world, "o_second", SECOND)
    supervisor = world.staff("S001")
    assert search_numbers(supervisor, number=case["number"]) == [case["number"]]
    for spelling in (FIRST, "+86 138 0000 0001", "0086-13800000001"):
        assert search_numbers(supervisor, phone=spelling) == [case["number"]]
    assert search_numbers(supervisor, phone=SECOND) == [other["number"]]
    assert (
        search_numbers(supervisor, number="26091800000000")
        == search_numbers(supervisor, phone="13800000003")
        == []
    )


def test_the_answer_is_masked_and_has_the_version_for_a_case_change(world: World) -> None:
    case = open_case(world, "o_first", FIRST)
    supervisor = world.staff("S001")
    with nothing_changes(world.app):
        (line,) = supervisor.post("/staff/case-searches", {"phone": FIRST})["items"]
    assert line["contact"] == {
        "name": "钱*多",
        "phone": "138******01",
        "extension": None,
        "country": None,
        "address": "演示***",
    }
    assert (line["id"], line["state"], line["manager_name"]) == (case["id"], "open", "王敏")
    handed = supervisor.post(
        f"/staff/cases/{case['id']}/handover",
        {"version": line["version"], "manager_number": "G002", "summary": "客户已约周三"},
    )
    assert handed["manager"]["number"] == "G002"
    (line,) = supervisor.post("/staff/case-searches", {"number": case["number"]})["items"]
    assert (line["manager_name"], line["version"]) == ("李建国", handed["version"])


def test_a_case_that_concerns_somebody_else_is_not_found(world: World) -> None:
    """The same rules as for opening a case by its address."""
    case = open_case(world, "o_first", FIRST)
    for words in ({"number": case["number"]}, {"phone": FIRST}):
        # Finance and the marketing department have had no task in it yet.
        assert (
            search_numbers(world.staff("F001"), **words) == search_numbers(world.staff("M001"), **words) == []
        )
        # Its manager, and the departments that owe it something.
        for number in ("G001", "N001", "D002", "E001"):
            assert search_numbers(world.staff(number), **words) == [case["number"]]


def test_who_stands_in_for_the_manager_finds_the_case_too(world: World) -> None:
    case = open_case(world, "o_first", FIRST)
    with world.app.app_context(), atomic():
        # A manager of a department that has nothing to do in the case.
        db.session.execute(update(Staff).where(Staff.number == "F001").values(is_manager=True))
        personnel.enter_leave("G001", "F001", date(2026, 9, 18), date(2026, 9, 18))
    assert search_numbers(world.staff("F001"), phone=FIRST) == [case["number"]]
    world.at("2026-09-19 09:00")
    assert search_numbers(world.staff("F001"), phone=FIRST) == []


def test_a_phone_with_many_cases_is_read_page_by_page(world: World) -> None:
    customer = world.log_in("o_first", FIRST)
    numbers: list[str] = []
    for minute in range(3):
        world.at(f"2026-09-18 09:0{minute}")
        numbers.insert(0, world.submitted(customer)["number"])
    supervisor = world.staff("S001")
    first = supervisor.post("/staff/case-searches", {"phone": FIRST, "limit": 2})
    rest = supervisor.post("/staff/case-searches", {"phone": FIRST, "limit": 2, "cursor": first["cursor"]})
    assert [line["number"] for page in (first, rest) for line in page["items"]] == numbers
    assert rest["cursor"] is None


@pytest.mark.parametrize(
    ("words", "fields"),
    [
        ({}, {"number"}),
        ({"number": "26091812345678", "phone": FIRST}, {"number"}),
        ({"phone": "12345"}, {"phone"}),
        ({"phone": "+1 212"}, {"phone"}),
        ({"phone": ""}, {"phone"}),
        ({"number": "2609"}, {"number"}),
        ({"number": 26091812345678}, {"number"}),
        ({"phone": FIRST, "limit": 0}, {"limit"}),
        ({"phone": FIRST, "cursor": "x"}, {"cursor"}),
        ({"name": "钱多多"}, {"name"}),
    ],
)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_can_not_be_searched_for_is_said_by_field(
    world: World, words: dict[str, Any], fields: set[str]
) -> None:
    problem = refused(world.staff("S001").send("POST", "/staff/case-searches", words), 422, "invalid_fields")
    assert {fault["field"] for fault in problem["errors"]} == fields
