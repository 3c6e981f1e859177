"""Rescheduling and cancelling: nothing leaves the history, and the server enforces the cut-off."""

from typing import Any

import pytest

from app.core.db import db
from app.models import VisitDayPlace, VisitPiece
from tests.api.answers import json_of, refused
from tests.api.database_rows import count, nothing_changes
from tests.api.visits.booking import PLAN, Booker, at
from tests.world import World

MONDAY, TUESDAY = "2026-09-21", "2026-09-22"


def calendar_file(answer: Any) -> dict[str, str]:
    """The lines of an iCalendar file, unfolded, by their name."""
    assert answer.status_code == 200, answer.text
    assert answer.mimetype == "text/calendar"
    lines = answer.text.replace("\r\n ", "").split("\r\n")
    return dict(line.partition(":")[::2] for line in lines if ":" in line)


def test_a_moved_visit_is_a_new_one_and_the_old_stays_as_moved(world: World) -> None:
    booker = Booker(world)
    old = booker.booked(at(MONDAY, "10:00"))
    new = json_of(booker.act(old["id"], "reschedule", {"starts_at": at(TUESDAY, "14:00")}))
    assert (new["state"], new["id"] != old["id"]) == ("confirmed", True)
    assert booker.states() == [(at(TUESDAY, "14:00"), "confirmed"), (at(MONDAY, "10:00"), "rescheduled")]
    assert booker.visit(old["id"])["visitors"] == old["visitors"]
    # What the old one took is free again.
    Booker(world, 2).booked(at(MONDAY, "10:00"))
    refused(booker.act(old["id"], "reschedule", {"starts_at": at(TUESDAY, "10:00")}), 409, "conflict")


def test_a_visit_may_move_onto_its_own_time(world: World) -> None:
    booker = Booker(world)
    old = booker.booked(at(MONDAY, "10:00"))
    before = count(world.app, "visit_pieces")
    new = json_of(booker.act(old["id"], "reschedule", {"starts_at": at(MONDAY, "10:15")}))
    assert [visitor["name"] for visitor in new["visitors"]] == [
        visitor["name"] for visitor in old["visitors"]
    ]
    assert count(world.app, "visit_pieces") == before
    assert count(world.app, "visit_day_places") == 4


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_rescheduling_to_the_same_time_notifies_nobody(world: World) -> None:
    booker = Booker(world)
    booked = booker.booked(at(MONDAY, "10:00"))
    with nothing_changes(world.app):
        move = {"starts_at": at(MONDAY, "10:00")}
        refused(booker.act(booked["id"], "reschedule", move), 409, "already_done")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_is_not_sound_changes_nothing(world: World) -> None:
    """A reason of blanks, a calendar entry for a time that is only held, nobody there before the time."""
    booker = Booker(world)
    held = booker.hold(at(MONDAY, "10:00"))
    calendar = f"{booker.path}/visits/{held['id']}/calendar"
    refused(booker.phone.send("GET", calendar), 409, "conflict")
    booker.confirm(held["id"])
    with nothing_changes(world.app):
        problem = refused(booker.act(held["id"], "cancellation", {"reason": " 　 "}), 422, "invalid_fields")
        early = refused(booker.act(held["id"], "no-show", {"note": "无人上门"}), 409, "conflict")
    assert problem["errors"][0]["message"] == "请填写此项。"
    assert early["detail"] == "还未到约定时间，如有变动请改期或取消。"


def test_rescheduling_to_a_booked_time_keeps_the_old_booking(world: World) -> None:
    Booker(world).booked(at(TUESDAY, "10:00"))
    booker = Booker(world, 2)
    old = booker.booked(at(MONDAY, "10:00"))
    with nothing_changes(world.app):
        answer = booker.act(old["id"], "reschedule", {"starts_at": at(TUESDAY, "10:30")})
        refused(answer, 409, "slot_taken")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_calendar_file_moves_its_entry(world: World) -> None:
    booker = Booker(world)
    old = booker.booked(at(MONDAY, "10:00"))
    path = f"{booker.path}/visits/{old['id']}/calendar"
    first = calendar_file(booker.phone.send("GET", path))
    assert first["SEQUENCE"] == "0"
    assert (first["DTSTART"], first["DTEND"]) == ("20260921T020000Z", "20260921T030000Z")
    assert first["LOCATION"] == "演示路1号"
    assert first["X-POSITION-GCJ02"].replace("\\", "") == "36.66;117.02"
    assert "GEO" not in first
    new = json_of(booker.act(old["id"], "reschedule", {"starts_at": at(TUESDAY, "14:00")}))
    moved = calendar_file(booker.phone.send("GET", f"{booker.path}/visits/{new['id']}/calendar"))
    assert (moved["UID"], moved["SEQUENCE"], moved["METHOD"]) == (first["UID"], "1", "PUBLISH")
    json_of(booker.act(new["id"], "cancellation", {"reason": "临时有事"}))
    off = calendar_file(booker.phone.send("GET", f"{booker.path}/visits/{new['id']}/calendar"))
    assert (off["UID"], off["SEQUENCE"]) == (first["UID"], "2")
    assert (off["METHOD"], off["STATUS"]) == ("CANCEL", "CANCELLED")


def test_a_cancelled_visit_gives_everything_back_and_stays_in_the_history(world: World) -> None:
    booker = Booker(world)
    booked = booker.booked(at(MONDAY, "10:00"))
    cancelled = json_of(booker.act(booked["id"], "cancellation", {"reason": "临时有事"}))
    assert (cancelled["state"], cancelled["reason"]) == ("cancelled", "临时有事")
    with world.app.app_context():
        left = db.session.query(VisitPiece).count(), db.session.query(VisitDayPlace).count()
        db.session.remove()
    assert left == (0, 0)
    assert booker.states() == [(at(MONDAY, "10:00"), "cancelled")]
    booker.booked(at(MONDAY, "10:00"))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_past_the_cut_off_the_server_refuses_and_the_manager_can(world: World) -> None:
    booker = Booker(world)
    booked = booker.booked(at(MONDAY, "10:00"))
    world.at(f"{MONDAY} 08:00")
    assert booker.visit(booked["id"])["changeable"] is True
    world.at(f"{MONDAY} 08:01")
    assert booker.visit(booked["id"])["changeable"] is False
    with nothing_changes(world.app):
        refused(booker.act(booked["id"], "cancellation", {"reason": "晚了"}), 409, "past_cut_off")
        answer = booker.act(booked["id"], "reschedule", {"starts_at": at(TUESDAY, "14:00")})
        refused(answer, 409, "past_cut_off")
    moved = world.staff("G001").post(
        f"/staff/visits/{booked['id']}/reschedule",
        {"starts_at": at(MONDAY, "11:00"), "reason": "客户来电，堵在路上"},
    )
    assert moved["visit"]["starts_at"] == at(MONDAY, "11:00")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_reservation_can_be_released_at_any_time(world: World) -> None:
    booker = Booker(world)
    held = booker.hold(at("2026-09-18", "11:00"))
    assert json_of(booker.act(held["id"], "cancellation", {"reason": "点错了"}))["state"] == "cancelled"
    assert booker.starts()[0] == at("2026-09-18", "11:00")


def test_a_booking_for_a_customer_who_calls(world: World) -> None:
    booker = Booker(world)
    manager = world.staff("G001")
    near = manager.get(f"/staff/cases/{booker.case_id}/openings/{PLAN}")["items"][0]["starts_at"]
    assert near == at("2026-09-18", "09:00")
    body = {"purpose": PLAN, "starts_at": near}
    booked = manager.post(f"/staff/cases/{booker.case_id}/visits", body)
    assert (booked["visit"]["state"], booked["contact"]["phone"]) == ("confirmed", "138******01")
    assert booker.states() == [(near, "confirmed")]
    network = world.staff("N001")
    with nothing_changes(world.app):
        answer = manager.send("POST", f"/staff/cases/{booker.case_id}/visits", body)
        refused(answer, 409, "booked_already")
        # A department that comes along does not book for the customer.
        answer = network.send("POST", f"/staff/cases/{booker.case_id}/visits", body)
        refused(answer, 403, "not_allowed")


def test_a_case_that_ends_awaits_nobody(world: World) -> None:
    booker = Booker(world)
    booked = booker.booked(at(MONDAY, "10:00"))
    booker.hold(at(TUESDAY, "10:00"), "consultation")
    booker.phone.post(f"{booker.path}/withdrawal", {})
    assert {state for _, state in booker.states()} == {"cancelled"}
    assert booker.phone.get(f"{booker.path}/visits")["needed"] == []
    refused(booker.try_hold(at(MONDAY, "10:00")), 409, "case_ended")
    kinds = [notice["kind"] for notice in world.staff("N001").get("/staff/notices")["items"]]
    assert "staff_visit_cancelled" in kinds
    refused(booker.act(booked["id"], "confirmation"), 409, "case_ended")
