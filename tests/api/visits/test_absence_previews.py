"""A preview of a leave or closure shows exactly the moves that recording it makes."""

from datetime import date

import pytest

from app.core.atomic import atomic
from app.domain.slots.patterns import Pattern, weekly_of
from app.services.people import personnel
from app.services.visits.changes import closures
from tests.api.database_rows import nothing_changes
from tests.api.visits.booking import Booker, at, check_no_double_booking
from tests.world import World

MONDAY, TUESDAY, WEDNESDAY = "2026-09-21", "2026-09-22", "2026-09-23"
LEAVE = {
    "staff_number": "N001",
    "deputy_number": "S001",
    "starts_at": at(TUESDAY, "08:00"),
    "ends_at": at(TUESDAY, "18:00"),
}


def previewed(world: World) -> dict[str, str | None]:
    """By visit, the new time that leave of the one person of the network department would bring."""
    supervisor = world.staff("S001")
    with nothing_changes(world.app):
        hits = supervisor.post("/staff/leaves/previews", LEAVE)["items"]
    return {hit["visit_id"]: hit["becomes"] for hit in hits}


def entered(world: World, bookers: dict[str, Booker]) -> dict[str, str | None]:
    """The new times that it does bring."""
    world.staff("S001").post("/staff/leaves", LEAVE)
    world.work()
    return {
        visit_id: next(starts_at for starts_at, state in booker.states() if state == "confirmed")
        for visit_id, booker in bookers.items()
    }


def booked(world: World, *times: str) -> dict[str, Booker]:
    bookers = [Booker(world, number) for number, _ in enumerate(times, 1)]
    return {
        booker.booked(at(TUESDAY, time))["id"]: booker for booker, time in zip(bookers, times, strict=True)
    }


def test_of_two_who_would_get_the_same_time_the_later_gets_the_next(world: World) -> None:
    bookers = booked(world, "10:00", "08:30")
    later, earlier = bookers
    plan = previewed(world)
    # Monday's last hour is nearest to both; an hour, and half an hour of travel, lie between the two.
    assert plan == {earlier: at(MONDAY, "16:00"), later: at(MONDAY, "14:30")}
    assert entered(world, bookers) == plan
    check_no_double_booking(world)


def test_a_planned_move_fills_the_day_of_somebody_who_may_have_one_visit(world: World) -> None:
    bookers = booked(world, "10:00", "08:30")
    later, earlier = bookers
    weekly = weekly_of(
        {day: [["08:30", "12:00"], ["13:30", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
    )
    with world.app.app_context(), atomic():
        personnel.set_hours("N001", Pattern(date(2026, 9, 1), weekly, most_per_day=1))
    plan = previewed(world)
    assert plan == {earlier: at(MONDAY, "16:00"), later: at(WEDNESDAY, "08:30")}
    assert entered(world, bookers) == plan
    check_no_double_booking(world, {"N001": 1})


def test_a_preview_says_how_many_it_does_not_list(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    booked(world, "10:00", "08:30")
    monkeypatch.setattr(closures, "_MOST_LISTED", 1)
    found = world.staff("S001").post("/staff/leaves/previews", LEAVE)
    assert ([hit["starts_at"] for hit in found["items"]], found["more"]) == ([at(TUESDAY, "08:30")], 1)
