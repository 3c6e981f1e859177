"""Openings, reservation and confirmation: two taps, and nobody is booked twice."""

from datetime import date

import pytest
from sqlalchemy import select

from app.core.atomic import atomic
from app.core.db import db
from app.domain.slots.patterns import Pattern, weekly_of
from app.models import Staff
from app.services.people import personnel
from app.services.scheduling import absences
from tests.api.answers import refused
from tests.api.database_rows import nothing_changes
from tests.api.visits.booking import PLAN, Booker, at, check_no_double_booking
from tests.world import World, local

FRIDAY, MONDAY, TUESDAY = "2026-09-18", "2026-09-21", "2026-09-22"


def test_two_taps_book_a_joint_visit(world: World) -> None:
    booker = Booker(world)
    first = booker.openings()["items"][0]
    held = booker.hold(first["starts_at"])
    assert (held["state"], held["hold_until"]) == ("held", at(FRIDAY, "09:05"))
    booked = booker.confirm(held["id"])
    assert (booked["state"], booked["hold_until"]) == ("confirmed", None)
    lead = booked["visitors"][0]
    assert (lead["name"], lead["lead"]) == ("王敏", True)
    assert {visitor["department"] for visitor in booked["visitors"]} == {
        "客户发展部",
        "设计院",
        "管网管理部门",
        "工程管理部门",
    }
    assert booked["place"]["position"] == {"latitude_gcj02": 36.66, "longitude_gcj02": 117.02}


def test_openings_keep_notice_and_office_hours_and_skip_closed_days(world: World) -> None:
    """2026-09-20 is a make-up Sunday, 25 to 27 September are the Mid-Autumn holidays."""
    starts = Booker(world).starts()
    assert starts[0] == at(FRIDAY, "11:00")
    days = [start[:10] for start in starts]
    assert sorted(set(days)) == [
        "2026-09-18",
        "2026-09-20",
        "2026-09-21",
        "2026-09-22",
        "2026-09-23",
        "2026-09-24",
        "2026-09-28",
        "2026-09-29",
        "2026-09-30",
    ]
    assert at(MONDAY, "11:00") in starts
    # An hour from 11:15 would reach into the lunch break.
    assert at(MONDAY, "11:15") not in starts


def test_a_booked_time_with_its_travel_is_offered_to_nobody_else(world: World) -> None:
    Booker(world).booked(at(MONDAY, "10:00"))
    starts = Booker(world, 2).starts()
    near = [start[11:16] for start in starts if start.startswith(MONDAY) and start[11:13] < "13"]
    # Network and engineering have one person each: an hour, and half an hour of travel between two visits.
    assert near == ["08:30"]


def test_an_opening_beyond_the_due_date_is_marked_and_kept_as_the_customers_choice(world: World) -> None:
    booker = Booker(world)
    offered = booker.openings()
    assert offered["due_at"] == at("2026-09-20", "09:00")
    marked = {opening["starts_at"]: opening["after_due"] for opening in offered["items"]}
    assert (marked[at(FRIDAY, "16:00")], marked[at(MONDAY, "10:00")]) == (False, True)
    booked = booker.booked(at(MONDAY, "10:00"))
    assert booked["after_due"] is True
    case = booker.phone.get(booker.path)
    assert case["clock"]["stopped"] is False
    stage = next(stage for stage in case["stages"] if stage["key"] == "acceptance_plan")
    assert stage["due_at"] == offered["due_at"]
    told = [line["text"] for line in booker.phone.get(f"{booker.path}/timeline")["items"]]
    assert "客户选择了晚于时限的上门时间，计时不暂停" in told


def test_confirming_an_expired_reservation_returns_new_openings(world: World) -> None:
    booker = Booker(world)
    held = booker.hold(at(MONDAY, "10:00"))
    world.at(f"{FRIDAY} 09:05")
    with nothing_changes(world.app):
        problem = refused(booker.act(held["id"], "confirmation"), 410, "hold_expired")
    assert problem["openings"][0]["starts_at"] == at(FRIDAY, "13:30")
    assert booker.booked(at(MONDAY, "10:00"))["state"] == "confirmed"


def test_an_expired_reservation_can_be_booked_before_it_is_cleaned_up(world: World) -> None:
    first, second = Booker(world), Booker(world, 2)
    held = first.hold(at(MONDAY, "10:00"))
    refused(second.try_hold(at(MONDAY, "10:00")), 409, "slot_taken")
    world.at(f"{FRIDAY} 09:06")
    assert at(MONDAY, "10:00") in second.starts()
    second.booked(at(MONDAY, "10:00"))
    refused(first.act(held["id"], "confirmation"), 410, "hold_expired")
    assert first.states() == [(at(MONDAY, "10:00"), "expired")]


def test_an_expired_reservation_does_not_count_for_the_day(world: World) -> None:
    """Network and engineering have one person each, who may have one visit a day."""
    week = {day: [["08:30", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
    with world.app.app_context(), atomic():
        for number in ("N001", "E001"):
            personnel.set_hours(number, Pattern(date(2026, 9, 1), weekly_of(week), most_per_day=1))
    first, second = Booker(world), Booker(world, 2)
    first.hold(at(MONDAY, "10:00"))
    assert not [start for start in second.starts() if start.startswith(MONDAY)]
    refused(second.try_hold(at(MONDAY, "14:00")), 409, "slot_taken")
    world.at(f"{FRIDAY} 09:06")
    assert at(MONDAY, "14:00") in second.starts()
    second.booked(at(MONDAY, "14:00"))
    check_no_double_booking(world, {"N001": 1, "E001": 1})


def test_reserving_another_time_releases_the_first(world: World) -> None:
    booker = Booker(world)
    first = booker.hold(at(MONDAY, "10:00"))
    assert booker.hold(at(MONDAY, "10:00")) == first
    second = booker.hold(at(TUESDAY, "10:00"))
    assert booker.states() == [(at(TUESDAY, "10:00"), "held"), (at(MONDAY, "10:00"), "expired")]
    Booker(world, 2).booked(at(MONDAY, "10:00"))
    booker.confirm(second["id"])


def test_confirming_twice_says_so(world: World) -> None:
    booker = Booker(world)
    booked = booker.booked(at(MONDAY, "10:00"))
    with nothing_changes(world.app):
        refused(booker.act(booked["id"], "confirmation"), 409, "already_done")
        problem = refused(booker.try_hold(at(TUESDAY, "10:00")), 409, "booked_already")
    assert problem["visit_id"] == booked["id"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "starts_at",
    [
        at("2026-09-17", "10:00"),
        at(FRIDAY, "10:00"),
        at(MONDAY, "10:05"),
        "2026-09-21T10:00:01+08:00",
        "2026-09-21T10:00:00.5+08:00",
        at("2026-11-02", "10:00"),
        "2026-09-21T10:00:00",
        "2026-09-21T10:00:00Z",
        "2026-09-21T10:00:00+09:00",
        "2026-09-21",
        "9999-12-31T23:59:59+08:00",
        "0001-01-01T00:00:00+08:00",
        "昨天",
        1790000000,
        None,
    ],
)
def test_a_time_that_can_be_no_opening_is_refused(world: World, starts_at: object) -> None:
    """In the past, inside the notice, off the grid, beyond the window, without zone or in another one."""
    booker = Booker(world)
    with nothing_changes(world.app):
        problem = refused(booker.try_hold(starts_at), 422, "invalid_fields")
    assert [error["field"] for error in problem["errors"]] == ["starts_at"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "starts_at", [at("2026-09-19", "10:00"), at("2026-09-25", "10:00"), at(MONDAY, "19:00")]
)
def test_when_the_office_is_closed_nobody_is_free(world: World, starts_at: str) -> None:
    booker = Booker(world)
    with nothing_changes(world.app):
        problem = refused(booker.try_hold(starts_at), 409, "slot_taken")
    assert problem["openings"][0]["starts_at"] == at(FRIDAY, "11:00")
    assert problem["detail"] == "该时间已约满或不可预约，请从以下时间中重新选择。"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_where_nothing_is_open_the_refusal_says_what_to_do(world: World) -> None:
    booker = Booker(world)
    with world.app.app_context(), atomic():
        supervisor = db.session.scalars(select(Staff.id).where(Staff.number == "S001")).one()
        absences.enter_closure(None, local("2026-09-18 00:00"), local("2026-11-30 00:00"), "演练", supervisor)
    problem = refused(booker.try_hold(at(MONDAY, "10:00")), 409, "slot_taken")
    assert problem["openings"] == []
    assert problem["detail"].endswith("近期暂无其他可约时间，请登记候补，或联系客户管家安排。")
    assert booker.openings()["said"] == ["近期暂无可约时间，请联系客户管家安排，或登记候补。"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_purpose_that_the_stage_does_not_have_is_refused(world: World) -> None:
    booker = Booker(world)
    with nothing_changes(world.app):
        for purpose in ("acceptance_meter", "return_visit", "tea"):
            refused(booker.try_hold(at(MONDAY, "10:00"), purpose), 422, "purpose_not_needed")
    assert booker.booked(at(MONDAY, "10:00"), "consultation")["place"]["kind"] == "office"
    # Its own work is done: there is nothing left to visit for.
    world.complete(booker.case_id, "site_visit")
    refused(booker.try_hold(at(MONDAY, "14:00"), PLAN), 422, "purpose_not_needed")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_reservation_of_another_customer_does_not_exist(world: World) -> None:
    booker, stranger = Booker(world), Booker(world, 2)
    held = booker.hold(at(MONDAY, "10:00"))
    with nothing_changes(world.app):
        refused(stranger.act(held["id"], "confirmation"), 404, "not_found")
        answer = stranger.phone.send("POST", f"{booker.path}/visits/{held['id']}/confirmation")
        refused(answer, 404, "not_found")
