"""One customer is never expected at two places at once, whatever the case, travel included."""

from collections import Counter
from collections.abc import Sequence

import pytest
from sqlalchemy import select

from app.core.atomic import atomic
from app.core.db import db
from app.models import Case, Staff
from app.services.scheduling import candidate_locks
from tests.api.answers import refused
from tests.api.visits.booking import Booker, at, enrol
from tests.api.visits.test_concurrent_bookings import holding, statuses
from tests.at_once import MeetingPoint, at_once
from tests.world import World

MONDAY, TUESDAY = "2026-09-21", "2026-09-22"
ACROSS_TOWN = {"latitude_gcj02": 36.70, "longitude_gcj02": 117.10}

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def crews(world: World) -> None:
    """Enough people for several visits at a time: only the customer can be the reason of a refusal."""
    enrol(world, ["K001", "K002", "K003"], "customer_development", manager=True)
    for letter, department in (("D", "design_institute"), ("N", "network"), ("E", "engineering")):
        enrol(world, [f"{letter}{number:03d}" for number in range(10, 16)], department)


def both(world: World) -> tuple[Booker, Booker]:
    """Two cases of one person, at two ends of the town."""
    crews(world)
    return Booker(world), Booker(world, address="演示路99号", location=ACROSS_TOWN)


@on_sqlite
def test_a_second_place_at_the_same_time_is_neither_offered_nor_booked(world: World) -> None:
    here, there = both(world)
    here.booked(at(MONDAY, "10:00"))
    offered = there.starts()
    # An hour each, 15 minutes of travel before and after each.
    assert not {at(MONDAY, time) for time in ("08:45", "09:00", "10:00", "11:00", "11:15")} & set(offered)
    problem = refused(there.try_hold(at(MONDAY, "11:15")), 409, "slot_taken")
    assert "另有一处预约" in problem["detail"]
    there.booked(at(TUESDAY, "10:00"))


@on_sqlite
def test_right_after_the_way_it_can_be_booked(world: World) -> None:
    here, there = both(world)
    here.booked(at(MONDAY, "08:30"))
    assert there.try_hold(at(MONDAY, "09:45")).status_code == 409
    assert there.try_hold(at(MONDAY, "10:00")).status_code == 201


@on_sqlite
def test_the_office_is_another_place_for_the_same_case_too(world: World) -> None:
    crews(world)
    booker = Booker(world)
    booker.booked(at(MONDAY, "10:00"))
    assert booker.try_hold(at(MONDAY, "10:30"), "consultation").status_code == 409
    assert booker.try_hold(at(MONDAY, "11:15"), "consultation").status_code == 201


@on_sqlite
def test_two_visits_at_one_place_may_overlap(world: World) -> None:
    crews(world)
    first, second = Booker(world), Booker(world)
    first.booked(at(MONDAY, "10:00"))
    assert "另有一处预约" not in second.try_hold(at(MONDAY, "10:00")).text


@on_sqlite
def test_another_persons_booking_hinders_nobody(world: World) -> None:
    crews(world)
    first, second = Booker(world), Booker(world, 2, address="演示路99号", location=ACROSS_TOWN)
    first.booked(at(MONDAY, "10:00"))
    answer = second.try_hold(at(MONDAY, "10:00"))
    assert "另有一处预约" not in answer.text


@on_sqlite
def test_a_hold_that_ran_out_or_was_moved_does_not_count(world: World) -> None:
    here, there = both(world)
    here.hold(at(MONDAY, "10:00"))
    assert there.try_hold(at(MONDAY, "10:00")).status_code == 409
    world.at("2026-09-18 09:05")
    assert "另有一处预约" not in there.try_hold(at(MONDAY, "10:00")).text


def test_two_bookings_at_the_same_moment_are_never_at_two_places(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the lock both would look before the other's booking is there: they meet after looking."""
    here, there = both(world)
    with world.app.app_context():
        # Another manager, so that no person of the utility is asked for twice.
        _give_to(there.case_id, "K001")
        db.session.remove()
    meeting = MeetingPoint(world.app, 2)
    choose = candidate_locks.lock_candidates

    def chosen_together(ranks: Sequence[Sequence[str]], piece: int) -> list[str]:
        meeting.wait()
        return choose(ranks, piece)

    monkeypatch.setattr(candidate_locks, "lock_candidates", chosen_together)
    answers = at_once(
        world.app,
        [holding(booker.case_id, booker.phone.token, at(MONDAY, "10:00")) for booker in (here, there)],
        meeting,
    )
    assert statuses(answers) == Counter({201: 1, 409: 1}), [answer.text for answer in answers]


def _give_to(case_id: str, number: str) -> None:
    with atomic():
        manager = db.session.scalars(select(Staff.id).where(Staff.number == number)).one()
        db.session.get_one(Case, case_id).manager_id = manager
