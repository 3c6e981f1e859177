"""A booked visit ends with its work and follows its due date; who must know is told what is true."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from app.core.db import db
from app.models import Task, TaskState, VisitPiece, VisitWait
from app.services.cases.flow import visits_of_work
from tests import paperwork
from tests.api.answers import json_of, refused
from tests.api.visits.booking import PLAN, Booker, at, check_no_double_booking
from tests.api.visits.test_concurrent_bookings import post
from tests.api.visits.test_visit_day import HERE, kinds
from tests.at_once import at_once
from tests.world import OUTPUTS, SINGLE_METER, Phone, World

FRIDAY, MONDAY, TUESDAY = "2026-09-18", "2026-09-21", "2026-09-22"

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def again(world: World, number: int = 1) -> Phone:
    """The same customer, logged in anew after the token ran out."""
    return world.log_in(f"o_booker_{number}", f"138{number:08d}")


def evening_before(world: World) -> None:
    world.work()
    world.at("2026-09-20 18:00")
    world.work()


def last_text(phone: Phone, kind: str, audience: str = "customer") -> str:
    items = phone.get(f"/{audience}/notices")["items"]
    return next(str(item["body"]) for item in items if item["kind"] == kind)


def test_a_visit_ends_with_the_work_it_was_for(world: World) -> None:
    booker = Booker(world)
    visit = booker.booked(at(MONDAY, "10:00"))
    world.complete(booker.case_id, "site_visit")
    evening_before(world)
    seen = booker.visit(visit["id"])
    assert (seen["state"], seen["reason"]) == ("cancelled", visits_of_work.WORK_DONE)
    assert kinds(booker.phone) == ["visit_booked", "visit_not_needed"]
    assert visits_of_work.WORK_DONE in last_text(booker.phone, "visit_not_needed")
    for visitor in visit["visitors"]:
        number = {"王敏": "G001", "孙师傅": "N001", "周工": "E001"}.get(visitor["name"], "D001")
        if number != "D001":
            assert kinds(world.staff(number), "staff") == ["staff_visit_booked", "staff_visit_cancelled"]
    check_no_double_booking(world)


def test_the_time_of_a_visit_that_is_not_needed_is_free_at_once(world: World) -> None:
    booker, other = Booker(world), Booker(world, 2)
    booker.booked(at(MONDAY, "10:00"))
    assert other.try_hold(at(MONDAY, "10:00")).status_code == 409
    world.complete(booker.case_id, "site_visit")
    assert other.try_hold(at(MONDAY, "10:00")).status_code == 201


def test_a_return_visit_by_telephone_takes_the_booked_one_away(world: World) -> None:
    booker = Booker(world)
    for key in SINGLE_METER[:-1]:
        world.complete(booker.case_id, key)
    visit = booker.booked(at(MONDAY, "10:00"), "return_visit")
    talk = booker.booked(at(MONDAY, "14:00"), "consultation")
    world.complete(booker.case_id, "return_visit")
    evening_before(world)
    assert booker.visit(visit["id"])["state"] == "cancelled"
    # With the case everything else that was booked for it ends, too.
    assert booker.visit(talk["id"])["reason"] == visits_of_work.CASE_ENDED
    assert "visit_tomorrow" not in kinds(booker.phone)


@on_sqlite
def test_a_visit_whose_finish_completes_the_task_took_place(world: World) -> None:
    booker = Booker(world)
    visit = booker.booked(at(MONDAY, "10:00"))
    world.at(f"{MONDAY} 09:58")
    world.work()
    path = f"/staff/visits/{visit['id']}"
    json_of(world.staff("G001").send("POST", f"{path}/arrival", {"position": HERE}))
    json_of(world.staff("G001").send("POST", f"{path}/completion", {"outputs": {"form_guided": True}}))
    world.work()
    booker.phone = again(world)
    assert booker.visit(visit["id"])["state"] == "done"
    assert not {"visit_not_needed", "visit_cancelled"} & set(kinds(booker.phone))


@on_sqlite
def test_a_visit_checked_into_whose_task_is_completed_elsewhere_is_done(world: World) -> None:
    booker = Booker(world)
    visit = booker.booked(at(MONDAY, "10:00"))
    world.at(f"{MONDAY} 09:58")
    world.work()
    arrival = world.staff("G001").send("POST", f"/staff/visits/{visit['id']}/arrival", {"position": HERE})
    json_of(arrival)
    world.complete(booker.case_id, "site_visit")
    booker.phone = again(world)
    assert booker.visit(visit["id"])["state"] == "done"
    assert "visit_not_needed" not in kinds(booker.phone)


@on_sqlite
def test_a_visit_that_the_completed_task_says_took_place_is_done(world: World) -> None:
    """Nobody checked in, but the outputs say when the visitor was there."""
    booker = Booker(world)
    visit = booker.booked(at(MONDAY, "10:00"))
    world.at(f"{MONDAY} 15:00")
    world.complete(booker.case_id, "site_visit", visited_at=at(MONDAY, "10:10"))
    world.work()
    booker.phone = again(world)
    assert booker.visit(visit["id"])["state"] == "done"
    assert "visit_not_needed" not in kinds(booker.phone)


@on_sqlite
def test_a_visit_that_has_begun_is_taken_away_without_alarming_the_customer(world: World) -> None:
    booker = Booker(world)
    for key in SINGLE_METER[:-1]:
        world.complete(booker.case_id, key)
    visit = booker.booked(at(MONDAY, "10:00"), "return_visit")
    world.at(f"{MONDAY} 10:10")
    world.complete(booker.case_id, "return_visit")
    booker.phone = again(world)
    assert booker.visit(visit["id"])["state"] == "cancelled"
    assert "visit_not_needed" not in kinds(booker.phone)
    assert kinds(world.staff("G002"), "staff")[-1] == "staff_visit_cancelled"


@on_sqlite
def test_a_withdrawn_case_says_that_nobody_comes_and_not_to_book_again(world: World) -> None:
    booker = Booker(world)
    visit = booker.booked(at(MONDAY, "10:00"))
    booker.phone.post(f"{booker.path}/visit-waits", {"purpose": PLAN})
    booker.phone.post(f"{booker.path}/withdrawal", {"reason": "不办了"})
    assert booker.visit(visit["id"])["reason"] == visits_of_work.CASE_ENDED
    assert kinds(booker.phone)[-1] == "visit_not_needed"
    assert "重新预约" not in last_text(booker.phone, "visit_not_needed")
    with world.app.app_context():
        assert db.session.scalars(select(VisitWait.id)).all() == []
        assert db.session.scalars(select(VisitPiece.piece)).all() == []
        db.session.remove()


@on_sqlite
def test_nobody_waits_for_an_earlier_time_of_work_that_is_done(world: World) -> None:
    booker = Booker(world)
    booker.booked(at(MONDAY, "10:00"))
    booker.phone.post(f"{booker.path}/visit-waits", {"purpose": PLAN})
    world.complete(booker.case_id, "site_visit")
    assert booker.phone.get(f"{booker.path}/visits")["waiting"] == []


def test_a_hold_ends_with_the_work_and_nobody_is_told(world: World) -> None:
    booker = Booker(world)
    held = booker.hold(at(MONDAY, "10:00"))
    world.complete(booker.case_id, "site_visit")
    assert booker.visit(held["id"])["state"] == "cancelled"
    assert kinds(booker.phone) == []
    refused(booker.act(held["id"], "confirmation"), 422, "purpose_not_needed")


def test_booking_while_the_work_is_completed_leaves_no_visit_without_work(world: World) -> None:
    booker = Booker(world)
    held = booker.hold(at(MONDAY, "10:00"))
    with world.app.app_context():
        task = db.session.scalars(
            select(Task.id).where(Task.case_id == booker.case_id, Task.key == "site_visit")
        ).one()
        db.session.remove()
    manager = world.staff("G001")
    body = {"outputs": paperwork.at_present(OUTPUTS["site_visit"])}

    def complete(client: FlaskClient) -> TestResponse:
        return post(manager.token, f"/staff/tasks/{task}/completion", body)(client)

    confirmed, completed = at_once(
        world.app,
        [post(booker.phone.token, f"{booker.path}/visits/{held['id']}/confirmation"), complete],
    )
    assert completed.status_code == 200
    assert confirmed.status_code in {200, 422}
    assert booker.visit(held["id"])["state"] == "cancelled"
    check_no_double_booking(world)


def test_after_due_follows_the_due_date(world: World) -> None:
    booker = Booker(world)
    visit = booker.booked(at(MONDAY, "10:00"))
    assert booker.visit(visit["id"])["after_due"] is True
    stop = _stopped(world, booker)
    assert booker.visit(visit["id"])["due_at"] is None
    world.at("2026-09-20 16:00")
    world.staff("G001").post(f"/staff/cases/{booker.case_id}/stops/{stop}/end")
    booker.phone = again(world)
    due = booker.phone.get(f"{booker.path}/visits")["needed"][0]["due_at"]
    seen = booker.visit(visit["id"])
    assert due == at(MONDAY, "16:00")
    assert (seen["due_at"], seen["after_due"]) == (due, False)
    assert "staff_visit_after_due" not in kinds(world.staff("G001"), "staff")


def test_the_manager_hears_of_a_visit_that_has_come_to_miss_its_due_date(world: World) -> None:
    """Booked while the clock was stopped; it runs again, and the visit lies after the due date."""
    booker = Booker(world)
    stop = _stopped(world, booker)
    visit = booker.booked(at("2026-09-24", "10:00"))
    assert booker.visit(visit["id"])["after_due"] is False
    world.at("2026-09-20 16:00")
    world.staff("G001").post(f"/staff/cases/{booker.case_id}/stops/{stop}/end")
    booker.phone = again(world)
    assert booker.visit(visit["id"])["after_due"] is True
    assert kinds(world.staff("G001"), "staff")[-1] == "staff_visit_after_due"


def _stopped(world: World, booker: Booker) -> Any:
    body = {
        "reason": "site_not_ready_construction",
        "party": "customer",
        "evidence": "现场未清理",
    }
    return world.staff("G001").post(f"/staff/cases/{booker.case_id}/stops", body)["id"]


class Unended:
    """A consultation on Monday at 10, checked into and not ended."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.booker = Booker(world)
        self.id = self.booker.booked(at(MONDAY, "10:00"), "consultation")["id"]
        world.at(f"{MONDAY} 10:00")
        world.work()
        json_of(world.staff("G001").send("POST", f"/staff/visits/{self.id}/arrival", {}))

    def at(self, text: str) -> None:
        self.world.at(text)
        self.world.work()
        self.booker.phone = again(self.world)

    def state(self) -> str:
        return str(self.booker.visit(self.id)["state"])


def test_the_visitor_is_reminded_and_the_jobs_end_a_visit_after_its_day(world: World) -> None:
    visit = Unended(world)
    visit.at(f"{MONDAY} 11:29")
    assert kinds(world.staff("G001"), "staff")[-1] != "staff_visit_unended"
    visit.at(f"{MONDAY} 11:30")
    assert kinds(world.staff("G001"), "staff")[-1] == "staff_visit_unended"
    visit.at("2026-09-22 05:59")
    assert visit.state() == "confirmed"
    visit.at("2026-09-22 06:00")
    assert visit.state() == "done"
    assert kinds(world.staff("G001"), "staff")[-1] == "staff_visit_ended"
    assert visit.booker.try_hold(at("2026-09-29", "10:00"), "consultation").status_code == 201
    check_no_double_booking(world)


@pytest.mark.parametrize("purpose", ["consultation", PLAN])
def test_a_visit_that_nobody_checked_into_and_nobody_ended_blocks_nothing(world: World, purpose: str) -> None:
    booker = Booker(world)
    visit = booker.booked(at(MONDAY, "10:00"), purpose)
    world.at("2026-09-22 05:59")
    world.work()
    booker.phone = again(world)
    assert booker.visit(visit["id"])["state"] == "confirmed"
    world.at("2026-09-22 06:00")
    world.work()
    booker.phone = again(world)
    seen = booker.visit(visit["id"])
    # That nobody checked in does not say who was not there, and the customer hears nothing that isn't so.
    assert (seen["state"], seen["no_show_of"]) == ("no_show", None)
    assert "visit_missed" not in kinds(booker.phone)
    assert "staff_visit_ended" in kinds(world.staff("G001"), "staff")
    assert booker.try_hold(at("2026-09-23", "10:00"), purpose).status_code == 201
    check_no_double_booking(world)


@on_sqlite
def test_a_visit_that_nobody_came_to_makes_room_once_its_day_is_over(world: World) -> None:
    """Also where the jobs stood still, and for visits from before they looked at it."""
    booker = Booker(world)
    visit = booker.booked(at(MONDAY, "10:00"), "consultation")
    world.at(f"{MONDAY} 17:00")
    booker.phone = again(world)
    assert booker.try_hold(at("2026-09-23", "10:00"), "consultation").status_code == 409
    world.at("2026-09-22 06:00")
    booker.phone = again(world)
    assert booker.try_hold(at("2026-09-23", "10:00"), "consultation").status_code == 201
    assert booker.visit(visit["id"])["state"] == "no_show"


@on_sqlite
def test_a_visit_that_is_over_does_not_wait_for_the_jobs_to_make_room(world: World) -> None:
    visit = Unended(world)
    visit.booker.phone = again(world)
    assert visit.booker.try_hold(at(TUESDAY, "10:00"), "consultation").status_code == 409
    world.at(f"{MONDAY} 10:30")
    assert visit.booker.try_hold(at(TUESDAY, "10:00"), "consultation").status_code == 201
    assert visit.state() == "done"


@on_sqlite
def test_who_ended_the_visit_is_not_reminded(world: World) -> None:
    visit = Unended(world)
    world.at(f"{MONDAY} 10:30")
    json_of(world.staff("G001").send("POST", f"/staff/visits/{visit.id}/completion", {}))
    visit.at("2026-09-22 06:00")
    assert not {"staff_visit_unended", "staff_visit_ended"} & set(kinds(world.staff("G001"), "staff"))


@on_sqlite
def test_an_open_task_stays_open_when_the_jobs_end_its_visit(world: World) -> None:
    booker = Booker(world)
    visit = booker.booked(at(MONDAY, "10:00"))
    world.at(f"{MONDAY} 09:58")
    arrival = world.staff("G001").send("POST", f"/staff/visits/{visit['id']}/arrival", {"position": HERE})
    json_of(arrival)
    world.at("2026-09-22 08:00")
    world.work()
    booker.phone = again(world)
    assert booker.visit(visit["id"])["state"] == "done"
    with world.app.app_context():
        state = db.session.scalars(
            select(Task.state).where(Task.case_id == booker.case_id, Task.key == "site_visit")
        ).one()
        db.session.remove()
    assert state == TaskState.OPEN
