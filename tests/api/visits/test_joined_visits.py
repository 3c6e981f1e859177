"""Two visits of one customer at one place on one day become one trip, at the wish of either side."""

from typing import Any

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from app.core import clock
from app.core.atomic import atomic
from app.core.db import db
from app.domain.slots import grid
from app.models import Staff, Visit, VisitPiece
from tests.api.answers import json_of, refused
from tests.api.database_rows import nothing_changes
from tests.api.visits.booking import Booker, at, check_no_double_booking
from tests.api.visits.test_concurrent_bookings import post, statuses
from tests.api.visits.test_customer_at_one_place import ACROSS_TOWN
from tests.api.visits.test_visit_day import HERE, kinds
from tests.at_once import at_once
from tests.world import World, local

MONDAY, TUESDAY = "2026-09-21", "2026-09-22"

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


class Pair:
    """Two cases of one customer at one place, with visits on Monday at 10 and at 14."""

    def __init__(self, world: World, second: str = at(MONDAY, "14:00"), **answers: Any) -> None:
        self.world = world
        self.first, self.second = Booker(world), Booker(world, **answers)
        self.early = self.first.booked(at(MONDAY, "10:00"))["id"]
        self.late = self.second.booked(second)["id"]

    def join(self) -> TestResponse:
        return self.second.act(self.late, "joining", {"visit_id": self.early})

    def joined(self) -> str:
        answer = self.join()
        assert answer.status_code == 201, answer.text
        moved: str = answer.json["id"] if answer.json else ""
        return moved

    def taken(self, visit_id: str) -> list[str]:
        """The slots of N001 that a visit takes, by their starts."""
        with self.world.app.app_context():
            pieces = db.session.scalars(
                select(VisitPiece.piece)
                .join(Staff, Staff.id == VisitPiece.staff_id)
                .where(Staff.number == "N001", VisitPiece.visit_id == visit_id)
                .order_by(VisitPiece.piece)
            ).all()
            db.session.remove()
        zone = local(f"{MONDAY} 00:00").tzinfo
        return [grid.instant_of(piece).astimezone(zone).strftime("%H:%M") for piece in pieces]


def test_the_crew_stays_and_nobody_drives_twice(world: World) -> None:
    pair = Pair(world)
    moved = pair.joined()
    seen = pair.second.visit(moved)
    assert (seen["starts_at"], seen["state"]) == (at(MONDAY, "11:00"), "confirmed")
    assert seen["joined_to"] == pair.early
    before = pair.first.visit(pair.early)["visitors"]
    assert [visitor["name"] for visitor in seen["visitors"]] == [visitor["name"] for visitor in before]
    # The way there before the first one, the way back after the second, and none in between.
    assert (pair.taken(pair.early)[0], pair.taken(pair.early)[-1]) == ("09:45", "10:45")
    assert (pair.taken(moved)[0], pair.taken(moved)[-1]) == ("11:00", "12:00")
    assert pair.second.visit(pair.late)["state"] == "rescheduled"
    assert kinds(pair.second.phone)[-1] == "visit_moved"
    assert "合并" in pair.second.phone.get("/customer/notices")["items"][0]["body"]


@on_sqlite
def test_one_arrival_counts_for_both(world: World) -> None:
    pair = Pair(world)
    moved = pair.joined()
    world.at(f"{MONDAY} 09:58")
    arrival = world.staff("G001").send("POST", f"/staff/visits/{pair.early}/arrival", {"position": HERE})
    json_of(arrival)
    arrived = {visitor["name"]: visitor["arrived_at"] for visitor in pair.second.visit(moved)["visitors"]}
    assert arrived["王敏"] == at(MONDAY, "09:58")
    world.at(f"{MONDAY} 11:30")
    world.work()
    assert "visit_late" not in kinds(pair.second.phone)


def test_staff_join_at_the_customers_wish(world: World) -> None:
    pair = Pair(world)
    body = {"visit_id": pair.early}
    answer = world.staff("G001").send("POST", f"/staff/visits/{pair.late}/joining", body)
    assert answer.status_code == 201, answer.text
    # Who comes to neither and answers for neither case may not.
    refused(world.staff("M001").send("POST", f"/staff/visits/{pair.late}/joining", body), 404, "not_found")


@pytest.mark.parametrize("ended", ["early", "late"])
def test_when_one_of_both_is_off_the_other_has_its_way_again(world: World, ended: str) -> None:
    pair = Pair(world)
    moved = pair.joined()
    booker, gone = (pair.first, pair.early) if ended == "early" else (pair.second, moved)
    json_of(booker.act(gone, "cancellation", {"reason": "临时有事"}))
    if ended == "early":
        assert (pair.taken(moved)[0], pair.taken(moved)[-1]) == ("10:45", "12:00")
        assert pair.second.visit(moved)["joined_to"] is None
    else:
        assert (pair.taken(pair.early)[0], pair.taken(pair.early)[-1]) == ("09:45", "11:00")
    assert pair.taken(gone) == []


@on_sqlite
def test_what_cannot_be_one_trip_is_refused(world: World) -> None:
    pair = Pair(world, at(TUESDAY, "10:00"))
    with nothing_changes(world.app):
        refused(pair.join(), 409, "conflict")
        refused(pair.second.act(pair.late, "joining", {"visit_id": pair.late}), 409, "conflict")


@on_sqlite
def test_another_place_is_refused(world: World) -> None:
    pair = Pair(world, address="演示路99号", location=ACROSS_TOWN)
    assert "同一地点" in refused(pair.join(), 409, "conflict")["detail"]


@on_sqlite
def test_purposes_that_the_city_does_not_join_are_refused(world: World) -> None:
    booker = Booker(world)
    visit = booker.booked(at(MONDAY, "10:00"))["id"]
    talk = booker.booked(at(MONDAY, "14:00"), "consultation")["id"]
    refused(booker.act(talk, "joining", {"visit_id": visit}), 409, "conflict")


@on_sqlite
def test_somebody_elses_visit_does_not_exist(world: World) -> None:
    first, other = Booker(world), Booker(world, 2)
    visit = first.booked(at(MONDAY, "10:00"))["id"]
    theirs = other.booked(at(MONDAY, "14:00"))["id"]
    refused(other.act(theirs, "joining", {"visit_id": visit}), 404, "not_found")


def test_two_that_join_each_other_at_once_never_wait_in_a_circle(world: World) -> None:
    pair = Pair(world)
    answers = at_once(
        world.app,
        [
            post(booker.phone.token, f"{booker.path}/visits/{visit}/joining", {"visit_id": other})
            for booker, visit, other in (
                (pair.second, pair.late, pair.early),
                (pair.first, pair.early, pair.late),
            )
        ],
    )
    assert set(statuses(answers)) <= {201, 409}
    assert statuses(answers)[201] == 1


@pytest.mark.parametrize("cancelled", ["early", "late"])
def test_joining_and_cancelling_at_once_leave_no_time_taken_for_nothing(world: World, cancelled: str) -> None:
    pair = Pair(world)
    booker, visit = (pair.first, pair.early) if cancelled == "early" else (pair.second, pair.late)
    joining = post(
        pair.second.phone.token,
        f"{pair.second.path}/visits/{pair.late}/joining",
        {"visit_id": pair.early},
    )
    cancelling = post(
        booker.phone.token, f"{booker.path}/visits/{visit}/cancellation", {"reason": "不需要了"}
    )
    found = statuses(at_once(world.app, [joining, cancelling]))
    assert set(found) <= {200, 201, 409}
    assert found[200] + found[201] >= 1
    with world.app.app_context():
        rows = db.session.execute(select(Visit.id, Visit.state, Visit.joined_to)).all()
        db.session.remove()
    live = {row.id for row in rows if row.state == "confirmed"}
    joined = {row.joined_to for row in rows if row.id in live} - {None}
    assert joined <= live
    if not joined:
        # Whoever is left alone has its own way again.
        check_no_double_booking(world)


@pytest.mark.parametrize("kind", ["visit_tomorrow", "visit_soon"])
def test_one_trip_is_announced_once_to_each(world: World, kind: str) -> None:
    pair = Pair(world)
    pair.joined()
    _days_pass(world)
    phone = world.log_in("o_booker_1", "13800000001")
    (body,) = [each["body"] for each in phone.get("/customer/notices")["items"] if each["kind"] == kind]
    name = pair.first.visit(pair.early)["purpose_name"]
    assert f"“{name}、{name}”" in body
    assert kinds(world.staff("N001"), "staff").count(f"staff_{kind}") == 1


@on_sqlite
def test_a_joined_visit_is_announced_alone_while_the_other_is_in_doubt(world: World) -> None:
    pair = Pair(world)
    moved = pair.joined()
    with world.app.app_context(), atomic():
        db.session.get_one(Visit, pair.early).in_doubt_at = clock.now()
    _days_pass(world)
    phone = world.log_in("o_booker_1", "13800000001")
    begins = phone.get(f"{pair.second.path}/visits/{moved}")["starts_at"][11:16]
    (body,) = [
        each["body"] for each in phone.get("/customer/notices")["items"] if each["kind"] == "visit_soon"
    ]
    assert begins in body


def _days_pass(world: World) -> None:
    for moment in ("2026-09-20 18:00", f"{MONDAY} 08:00", f"{MONDAY} 09:00"):
        world.at(moment)
        world.work()
