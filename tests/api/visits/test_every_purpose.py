"""Every visit that a case ever needs can be booked some day."""

from tests.api.visits.booking import Booker, at, check_no_double_booking
from tests.world import SINGLE_METER, World

MONDAY, TUESDAY = "2026-09-21", "2026-09-22"


def at_construction(world: World) -> Booker:
    booker = Booker(world)
    for key in SINGLE_METER[: SINGLE_METER.index("build_and_accept")]:
        world.complete(booker.case_id, key)
    return booker


def test_every_purpose_has_an_opening_some_day(world: World) -> None:
    booker = at_construction(world)
    needed = [one["purpose"] for one in booker.phone.get(f"{booker.path}/visits")["needed"]]
    assert "construction" in needed
    for purpose in needed:
        assert booker.starts(purpose), purpose


def test_construction_spans_lunch_and_is_booked_as_one_visit(world: World) -> None:
    booker = at_construction(world)
    # Somebody's leave over lunch is no time to work through.
    leave = {"staff_number": "E001", "deputy_number": "S001"}
    hours = {"starts_at": at(TUESDAY, "12:00"), "ends_at": at(TUESDAY, "13:00")}
    world.staff("S001").post("/staff/leaves", leave | hours)
    starts = booker.starts("construction")
    assert not [start for start in starts if start.startswith(TUESDAY)]
    # It begins in office hours, and ends by closing at the latest.
    monday = [start for start in starts if start.startswith(MONDAY)]
    assert (monday[0], monday[-1], len(monday)) == (at(MONDAY, "08:30"), at(MONDAY, "11:45"), 14)
    # One that ends in the break is as good as one that ends after it.
    visit = booker.booked(at(MONDAY, "08:30"), "construction")
    assert visit["ends_at"] == at(MONDAY, "12:30")
    check_no_double_booking(world)
