"""Changes of plan: leave, closures, office hours, another manager."""

from typing import Any

import pytest

from app.core.atomic import atomic
from app.domain.slots.patterns import Pattern, weekly_of
from app.services.departures import remove_person
from app.services.people import personnel
from tests.api.answers import json_of, refused
from tests.api.database_rows import nothing_changes
from tests.api.visits.booking import Booker, at, enrol
from tests.world import Phone, World, local

MONDAY, TUESDAY = "2026-09-21", "2026-09-22"


def leave(number: str, deputy: str, day: str = MONDAY, **more: Any) -> dict[str, Any]:
    return {
        "staff_number": number,
        "deputy_number": deputy,
        "starts_at": at(day, "08:00"),
        "ends_at": at(day, "18:00"),
        **more,
    }


def heard(phone: Phone) -> list[str]:
    return [notice["kind"] for notice in phone.get("/customer/notices")["items"] if "visit" in notice["kind"]]


def names(visit: Any) -> set[str]:
    return {visitor["name"] for visitor in visit["visitors"]}


def test_a_preview_says_what_leave_would_hit_and_changes_nothing(world: World) -> None:
    booker = Booker(world)
    booked = booker.booked(at("2026-09-18", "14:00"))
    supervisor = world.staff("S001")
    with nothing_changes(world.app):
        hits = supervisor.post("/staff/leaves/previews", leave("N001", "S001", "2026-09-18"))["items"]
    assert [(hit["visit_id"], hit["starts_at"]) for hit in hits] == [
        (booked["id"], at("2026-09-18", "14:00"))
    ]
    # The due date is Sunday at nine (a make-up workday): half an hour is left of Sunday, an hour is needed.
    assert hits[0]["becomes"] is None
    assert "孙师傅" in hits[0]["visitors"]
    assert supervisor.post("/staff/leaves/previews", leave("N001", "S001", "2026-09-24"))["items"] == []


def test_leave_sends_somebody_else_at_the_same_time(world: World) -> None:
    booker = Booker(world)
    booked = booker.booked(at(MONDAY, "10:00"))
    enrol(world, ["N002"], "network")
    hits = world.staff("N001").post("/staff/leaves", leave("N001", "S001"))["items"]
    assert [hit["becomes"] for hit in hits] == [at(MONDAY, "10:00")]
    world.work()
    moved = booker.phone.get(f"{booker.path}/visits")["items"][0]
    assert (moved["state"], moved["starts_at"]) == ("confirmed", at(MONDAY, "10:00"))
    assert names(moved) == names(booked) - {"孙师傅"} | {"N002"}
    assert heard(booker.phone)[0] == "visit_moved"
    kinds = {notice["kind"] for notice in world.staff("N001").get("/staff/notices")["items"]}
    assert {"staff_visit_booked", "staff_visit_cancelled"} <= kinds


def test_where_no_time_keeps_the_due_date_the_customer_is_asked(world: World) -> None:
    booker = Booker(world)
    booked = booker.booked(at("2026-09-18", "14:00"))
    world.staff("S001").post("/staff/leaves", leave("N001", "S001", "2026-09-18"))
    world.work()
    asked = booker.visit(booked["id"])
    assert (asked["state"], asked["in_doubt"], asked["changeable"]) == ("confirmed", True, True)
    assert heard(booker.phone)[0] == "visit_in_doubt"
    # Asked is asked: nobody is reminded of a visit that nobody knows to take place.
    world.at("2026-09-18 12:30")
    world.work()
    assert heard(booker.phone)[0] == "visit_in_doubt"
    json_of(booker.act(booked["id"], "reschedule", {"starts_at": at(MONDAY, "10:00")}))
    assert booker.states()[0] == (at(MONDAY, "10:00"), "confirmed")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_on_request_every_customer_is_asked(world: World) -> None:
    enrol(world, ["N002"], "network")
    booker = Booker(world)
    booked = booker.booked(at(MONDAY, "10:00"))
    for number in ("N001", "N002"):
        world.staff("S001").post("/staff/leaves", leave(number, "S001", ask=True))
    world.work()
    assert booker.visit(booked["id"])["in_doubt"] is True


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_managers_deputy_comes_and_the_customer_is_notified(world: World) -> None:
    """Nothing of the manager's keeps the due date: the deputy of the leave comes, by name."""
    world.staff("G001").post("/staff/leaves", leave("G001", "G002", "2026-09-18"))
    booker = Booker(world, district="gaoxin")
    # The case opened during the leave already has the deputy; let the absent manager have it.
    body = {"version": 0, "manager_number": "G001", "summary": "原客户"}
    supervisor = world.staff("S001")
    body["version"] = supervisor.get(f"/staff/cases/{booker.case_id}")["version"]
    supervisor.post(f"/staff/cases/{booker.case_id}/handover", body)
    offered = booker.openings()
    assert offered["manager_name"] == "王敏"
    assert offered["items"][0]["stand_in"] == "李建国"
    assert any("李建国代为上门" in said for said in offered["said"])
    # From the manager's own first free time on, nobody else is offered.
    own = [item for item in offered["items"] if item["stand_in"] is None]
    assert own[0]["starts_at"] == at("2026-09-20", "08:30")
    assert all(item["starts_at"] < own[0]["starts_at"] for item in offered["items"] if item["stand_in"])
    lead = booker.booked(offered["items"][0]["starts_at"])["visitors"][0]
    assert (lead["name"], lead["instead_of"]) == ("李建国", "王敏")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_new_manager_comes_in_the_old_ones_place(world: World) -> None:
    booker = Booker(world)
    booker.booked(at(MONDAY, "10:00"))
    supervisor = world.staff("S001")
    version = supervisor.get(f"/staff/cases/{booker.case_id}")["version"]
    body = {"version": version, "manager_number": "G002", "summary": "片区调整"}
    supervisor.post(f"/staff/cases/{booker.case_id}/handover", body)
    world.work()
    moved = booker.phone.get(f"{booker.path}/visits")["items"][0]
    assert (moved["starts_at"], moved["visitors"][0]["name"]) == (at(MONDAY, "10:00"), "李建国")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_closure_of_a_department_is_for_supervisors_and_hits_its_visits(world: World) -> None:
    booker = Booker(world)
    booker.booked(at(MONDAY, "10:00"))
    body = {
        "department": "network",
        "starts_at": at(MONDAY, "08:00"),
        "ends_at": at(MONDAY, "12:00"),
        "reason": "全员抢修",
    }
    refused(world.staff("N001").send("POST", "/staff/closures", body), 403, "not_allowed")
    supervisor = world.staff("S001")
    preview = supervisor.post("/staff/closures/previews", body)["items"]
    assert [hit["becomes"] for hit in preview] == [at(MONDAY, "13:30")]
    assert supervisor.post("/staff/closures", body)["items"] == preview
    world.work()
    assert booker.states() == [(at(MONDAY, "13:30"), "confirmed"), (at(MONDAY, "10:00"), "rescheduled")]
    # The design institute is not closed, and a consultation needs the manager only.
    assert at(MONDAY, "10:00") in booker.starts("consultation")
    del body["department"]
    supervisor.post("/staff/closures", body)
    assert at(MONDAY, "10:00") not in booker.starts("consultation")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"staff_number": "X999"}, "staff_number"),
        ({"deputy_number": "X999"}, "deputy_number"),
        ({"deputy_number": "N001"}, "deputy_number"),
        ({"deputy_number": "D001"}, "deputy_number"),
        ({"staff_number": "G001", "deputy_number": "N001"}, "deputy_number"),
        ({"staff_number": "G001", "deputy_number": "S001"}, "deputy_number"),
        ({"staff_number": "S001"}, "deputy_number"),
        ({"ends_at": at("2027-09-23", "08:00")}, "ends_at"),
        ({"ends_at": "9999-12-30T08:00:00+08:00"}, "ends_at"),
        ({"ends_at": at(MONDAY, "07:00")}, "ends_at"),
        ({"starts_at": at("2026-09-01", "08:00"), "ends_at": at("2026-09-02", "08:00")}, "ends_at"),
        ({"starts_at": "2026-09-21T08:00:00Z"}, "starts_at"),
    ],
)
def test_impossible_leave_is_refused(world: World, change: dict[str, str], field: str) -> None:
    supervisor = world.staff("S001")
    with nothing_changes(world.app):
        for path in ("/staff/leaves", "/staff/leaves/previews"):
            answer = supervisor.send("POST", path, {**leave("N001", "G001"), **change})
            problem = refused(answer, 422, "invalid_fields")
            assert [error["field"] for error in problem["errors"]] == [field]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "ends_at", [at(MONDAY, "07:00"), at("2027-09-23", "08:00"), "9999-12-30T08:00:00+08:00"]
)
def test_an_impossible_closure_is_refused(world: World, ends_at: str) -> None:
    supervisor = world.staff("S001")
    body = {"starts_at": at(MONDAY, "08:00"), "ends_at": ends_at, "reason": "全员抢修"}
    with nothing_changes(world.app):
        for path in ("/staff/closures", "/staff/closures/previews"):
            problem = refused(supervisor.send("POST", path, body), 422, "invalid_fields")
            assert [error["field"] for error in problem["errors"]] == ["ends_at"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_nobody_enters_a_colleagues_leave(world: World) -> None:
    network = world.staff("N001")
    with nothing_changes(world.app):
        refused(network.send("POST", "/staff/leaves", leave("E001", "N001")), 403, "not_allowed")


def test_own_hours_from_a_day_on(world: World) -> None:
    booker = Booker(world)
    booker.booked(at(TUESDAY, "10:00"))
    mornings = Pattern(
        local(f"{TUESDAY} 00:00").date(), weekly_of({"tue": [["13:30", "17:00"]]}), most_per_day=1
    )
    with world.app.app_context(), atomic():
        personnel.set_hours("N001", mornings)
    world.work()
    # Moved into the new hours, and then that person has as many visits of the day as may be.
    assert (at(TUESDAY, "13:30"), "confirmed") in booker.states()
    starts = Booker(world, 2).starts()
    assert not [start for start in starts if start[:10] >= TUESDAY and start[:10] != "2026-09-29"]
    assert at("2026-09-29", "13:30") in starts
    assert at("2026-09-29", "10:00") not in starts
    assert at(MONDAY, "10:00") in starts


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_whoever_leaves_the_utility_is_replaced(world: World) -> None:
    enrol(world, ["E002"], "engineering")
    booker = Booker(world)
    booked = booker.booked(at(MONDAY, "10:00"))
    gone = "E001" if "周工" in names(booked) else "E002"
    with world.app.app_context(), atomic():
        remove_person.remove(None, gone)
    world.work()
    moved = booker.phone.get(f"{booker.path}/visits")["items"][0]
    assert names(moved) ^ names(booked) == {"周工", "E002"}
