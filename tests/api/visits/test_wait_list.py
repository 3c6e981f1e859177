"""The wait-list over HTTP: what is offered to whom, when, how often, and what ends it."""

from datetime import date
from typing import Any

import pytest

from app.core.atomic import atomic
from app.domain.slots.patterns import Pattern, weekly_of
from app.services.people import personnel
from tests.api.answers import json_of, refused
from tests.api.database_rows import count
from tests.api.test_calendar_desk import draft, published
from tests.api.visits.booking import PLAN, Booker, at, enrol
from tests.world import Phone, World

FRIDAY, MONDAY, THURSDAY = "2026-09-18", "2026-09-21", "2026-09-24"
HOUR = "08:30"


def heard(phone: Phone) -> list[str]:
    return [notice["kind"] for notice in phone.get("/customer/notices")["items"] if "visit" in notice["kind"]]


def again(world: World, booker: Booker, number: int) -> None:
    """A new session, after days in which the old one ended."""
    booker.phone = world.log_in(f"o_booker_{number}", f"138{number:08d}")


def close(world: World, *stretches: tuple[str, str]) -> None:
    for starts_at, ends_at in stretches:
        body = {"starts_at": starts_at, "ends_at": ends_at, "reason": "演示"}
        world.staff("S001").post("/staff/closures", body)


def only_monday_morning(world: World) -> None:
    """All is closed until Thursday, but for one hour of Monday."""
    close(
        world,
        (at(FRIDAY, "09:00"), at(MONDAY, HOUR)),
        (at(MONDAY, "09:30"), at(THURSDAY, "09:00")),
    )


def wait(booker: Booker) -> None:
    booker.phone.post(f"{booker.path}/visit-waits", {"purpose": PLAN})


def waiting(booker: Booker) -> list[str]:
    found: list[str] = booker.phone.get(f"{booker.path}/visits")["waiting"]
    return found


def offers(booker: Booker) -> list[tuple[str, str]]:
    items = booker.phone.get(f"{booker.path}/visits")["items"]
    return [(visit["starts_at"], visit["state"]) for visit in items if visit["offered"]]


def cancel(booker: Booker, visit: Any) -> None:
    json_of(booker.act(visit["id"], "cancellation", {"reason": "不需要了"}))


def test_first_in_line_is_held_what_comes_free(world: World) -> None:
    early = Booker(world)
    booked = early.booked(at(MONDAY, "08:30"))
    line = [Booker(world, number) for number in (2, 3)]
    later = [
        booker.booked(at("2026-09-24", time)) for booker, time in zip(line, ("10:00", "14:00"), strict=True)
    ]
    # Everything before is closed, but for the hour that the first one has.
    closures = [
        (at("2026-09-18", "09:00"), at(MONDAY, "08:30")),
        (at(MONDAY, "09:30"), at("2026-09-24", "09:00")),
    ]
    for starts_at, ends_at in closures:
        world.staff("S001").post(
            "/staff/closures", {"starts_at": starts_at, "ends_at": ends_at, "reason": "演示"}
        )
    for booker in line:
        booker.phone.post(f"{booker.path}/visit-waits", {"purpose": PLAN})
        world.at("2026-09-18 09:01")
    refused(line[0].phone.send("POST", f"{line[0].path}/visit-waits", {"purpose": PLAN}), 409, "already_done")
    world.work()
    assert heard(line[0].phone) == ["visit_booked"]
    json_of(early.act(booked["id"], "cancellation", {"reason": "不需要了"}))
    world.work()
    assert heard(line[0].phone)[0] == "visit_offered"
    assert heard(line[1].phone) == ["visit_booked"]
    offer = next(visit for visit in line[0].phone.get(f"{line[0].path}/visits")["items"] if visit["offered"])
    assert (offer["state"], offer["starts_at"]) == ("held", at(MONDAY, "08:30"))
    assert line[0].visit(later[0]["id"])["state"] == "confirmed"
    # Let run out, it is open to all for a while; then it goes to the next in line. The booking is as it was.
    world.at("2026-09-18 10:02")
    world.work()
    assert heard(line[1].phone) == ["visit_booked"]
    assert at(MONDAY, "08:30") in early.starts()
    world.at("2026-09-18 10:17")
    world.work()
    assert heard(line[1].phone)[0] == "visit_offered"
    refused(line[0].act(offer["id"], "confirmation"), 410, "hold_expired")
    second = next(visit for visit in line[1].phone.get(f"{line[1].path}/visits")["items"] if visit["offered"])
    line[1].confirm(second["id"])
    assert line[1].states() == [
        (at("2026-09-24", "14:00"), "rescheduled"),
        (at(MONDAY, "08:30"), "confirmed"),
    ]
    assert line[1].phone.get(f"{line[1].path}/visits")["waiting"] == []
    assert line[0].phone.get(f"{line[0].path}/visits")["waiting"] == [PLAN]
    assert line[0].phone.send("DELETE", f"{line[0].path}/visit-waits/{PLAN}").status_code == 200
    world.work()
    # What is left looks at the list again tomorrow, finds nobody, and is gone.
    assert (count(world.app, "visit_waits"), count(world.app, "visit_chances")) == (0, 1)
    world.at("2026-09-19 08:00")
    world.work()
    assert count(world.app, "visit_chances") == 0


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_day_that_enters_the_window_is_offered(world: World) -> None:
    booker = Booker(world)
    close(world, (at(FRIDAY, "09:00"), at("2026-10-09", "00:00")))
    assert booker.starts() == []
    wait(booker)
    world.at("2026-09-25 07:59")
    world.work()
    again(world, booker, 1)
    assert offers(booker) == []
    world.at("2026-09-25 08:00")
    world.work()
    assert offers(booker) == [(at("2026-10-09", "08:30"), "held")]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("what", ["colleague", "hours", "calendar", "absence"])
def test_time_that_opens_without_a_cancellation_is_offered(world: World, what: str) -> None:
    thursdays = Pattern(date(2026, 9, 18), weekly_of({"thu": [["08:30", "12:00"]]}))
    with world.app.app_context(), atomic():
        personnel.set_hours("N001", thursdays)
    booker = Booker(world)
    if what == "calendar":
        # A make-up workday, on which everybody works.
        booker.booked(at("2026-09-20", "08:30"))
    else:
        booker.booked(at(THURSDAY, "10:00"))
        close(
            world, (at(FRIDAY, "09:00"), at(MONDAY, "00:00")), (at(THURSDAY, "00:00"), at(THURSDAY, "09:45"))
        )
    wait(booker)
    world.work()
    if what == "colleague":
        enrol(world, ["N002"], "network")
    elif what == "hours":
        week = {"mon": [["09:00", "11:00"]], "thu": [["08:30", "12:00"]]}
        body = {"staff_number": "N001", "valid_from": MONDAY, "weekly": week}
        world.staff("S001").post("/staff/work-patterns", body)
    elif what == "absence":
        supervisor = world.staff("S001")
        last = max(supervisor.get("/staff/closures")["items"], key=lambda closure: str(closure["starts_at"]))
        supervisor.send("PATCH", f"/staff/closures/{last['id']}", {"taken_back": True})
    else:
        published(world, draft(world, notice={"text": "2026-09-19,班,演示"}))
    world.work()
    assert heard(booker.phone)[0] == "visit_offered"
    expected = {
        "colleague": at(MONDAY, "08:30"),
        "hours": at(MONDAY, "09:00"),
        "calendar": at("2026-09-19", "08:30"),
        "absence": at(THURSDAY, "08:30"),
    }
    assert offers(booker) == [(expected[what], "held")]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(("freed", "asked"), [("23:40", "08:00"), ("20:01", "08:00"), ("20:00", None)])
def test_no_offer_reaches_into_the_night(world: World, freed: str, asked: str | None) -> None:
    early, booker = Booker(world), Booker(world, 2)
    booked = early.booked(at(MONDAY, HOUR))
    booker.booked(at(THURSDAY, "10:00"))
    only_monday_morning(world)
    wait(booker)
    world.work()
    world.at(f"{FRIDAY} {freed}")
    again(world, early, 1)
    cancel(early, booked)
    world.work()
    again(world, booker, 2)
    assert [state for _, state in offers(booker)] == ([] if asked else ["held"])
    if asked is not None:
        # Till the morning it is everybody's, and the place in line is kept.
        assert at(MONDAY, HOUR) in booker.starts()
        world.at(f"2026-09-19 {asked}")
        world.work()
        again(world, booker, 2)
        assert offers(booker) == [(at(MONDAY, HOUR), "held")]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_others_take_in_the_night_is_not_offered_and_the_place_is_kept(world: World) -> None:
    early, booker, other = (Booker(world, number) for number in (1, 2, 3))
    booked = early.booked(at(MONDAY, HOUR))
    booker.booked(at(THURSDAY, "10:00"))
    only_monday_morning(world)
    wait(booker)
    world.at(f"{FRIDAY} 23:40")
    again(world, early, 1)
    cancel(early, booked)
    world.work()
    again(world, other, 3)
    taken = other.booked(at(MONDAY, HOUR))
    world.at("2026-09-19 08:00")
    world.work()
    again(world, booker, 2)
    assert (offers(booker), waiting(booker)) == ([], [PLAN])
    again(world, other, 3)
    cancel(other, taken)
    world.work()
    assert offers(booker) == [(at(MONDAY, HOUR), "held")]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_who_lets_offers_run_out_is_offered_other_times_and_in_the_end_none(world: World) -> None:
    booker = Booker(world)
    booker.booked(at(THURSDAY, "16:00"))
    close(world, (at(FRIDAY, "09:00"), at(THURSDAY, "08:30")))
    wait(booker)
    for hour in ("09:30", "11:00", "12:30", "14:00"):
        enrol(world, [f"N1{hour[:2]}"], "network")
        world.at(f"{FRIDAY} {hour}")
        world.work()
    assert offers(booker) == [
        (at(THURSDAY, "13:30"), "expired"),
        (at(THURSDAY, "10:00"), "expired"),
        (at(THURSDAY, "08:30"), "expired"),
    ]
    assert heard(booker.phone)[0] == "visit_wait_ended"
    assert heard(booker.phone).count("visit_offered") == 3
    assert waiting(booker) == []
    assert booker.states()[0] == (at(THURSDAY, "16:00"), "confirmed")
    # Who joins again is asked anew, and still not for what was let go.
    wait(booker)
    enrol(world, ["N999"], "network")
    world.work()
    assert offers(booker)[0] not in offers(booker)[1:]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_who_cancels_leaves_the_list_and_is_not_offered_what_they_cancelled(world: World) -> None:
    booker = Booker(world)
    visit = booker.booked(at(MONDAY, HOUR))
    close(world, (at(FRIDAY, "09:00"), at(MONDAY, HOUR)), (at(MONDAY, "10:00"), at("2026-10-09", "00:00")))
    wait(booker)
    world.work()
    cancel(booker, visit)
    world.work()
    assert ("visit_offered" in heard(booker.phone), waiting(booker)) == (False, [])
    # Neither when they wait again: nothing else is open.
    wait(booker)
    enrol(world, ["N002"], "network")
    world.work()
    assert "visit_offered" not in heard(booker.phone)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_an_offer_that_is_declined_keeps_the_place_and_is_not_made_again(world: World) -> None:
    early, booker, other = (Booker(world, number) for number in (1, 2, 3))
    booked = early.booked(at(MONDAY, HOUR))
    booker.booked(at(THURSDAY, "10:00"))
    other.booked(at(THURSDAY, "14:00"))
    only_monday_morning(world)
    wait(booker)
    world.at(f"{FRIDAY} 09:01")
    wait(other)
    world.work()
    cancel(early, booked)
    world.work()
    offered = next(visit for visit in booker.phone.get(f"{booker.path}/visits")["items"] if visit["offered"])
    cancel(booker, offered)
    world.work()
    assert (offers(booker), waiting(booker)) == ([(at(MONDAY, HOUR), "cancelled")], [PLAN])
    assert offers(other) == [(at(MONDAY, HOUR), "held")]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_who_cancels_while_an_offer_is_held_gives_it_up_as_well(world: World) -> None:
    early, booker = Booker(world), Booker(world, 2)
    booked = early.booked(at(MONDAY, HOUR))
    later = booker.booked(at(THURSDAY, "10:00"))
    only_monday_morning(world)
    wait(booker)
    cancel(early, booked)
    world.work()
    assert offers(booker) == [(at(MONDAY, HOUR), "held")]
    cancel(booker, later)
    assert offers(booker) == [(at(MONDAY, HOUR), "expired")]
    assert at(MONDAY, HOUR) in early.starts()
