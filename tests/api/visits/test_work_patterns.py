"""Work patterns over HTTP: list, preview, recording, and bookings within them."""

from typing import Any

import pytest

from tests.api.answers import refused
from tests.api.database_rows import nothing_changes
from tests.api.visits.booking import Booker, at, enrol
from tests.world import World

WEEKS = "/staff/work-patterns"
MONDAY, TUESDAY = "2026-09-21", "2026-09-22"
AFTERNOON, MORNING = [["13:30", "17:00"]], [["08:30", "12:00"]]


def week(valid_from: str = TUESDAY, number: str = "N001", **more: Any) -> dict[str, Any]:
    return {"staff_number": number, "valid_from": valid_from, "weekly": {"tue": AFTERNOON}, **more}


def test_a_preview_says_what_a_pattern_would_hit_and_changes_nothing(world: World) -> None:
    early, late = Booker(world, 1), Booker(world, 2)
    early.booked(at(TUESDAY, "10:00"))
    late.booked(at(TUESDAY, "15:00"))
    supervisor = world.staff("S001")
    with nothing_changes(world.app):
        hits = supervisor.post(f"{WEEKS}/previews", week())["items"]
    assert [(hit["case_id"], hit["starts_at"], hit["becomes"]) for hit in hits] == [
        (early.case_id, at(TUESDAY, "10:00"), at(TUESDAY, "13:30"))
    ]
    asked = supervisor.post(f"{WEEKS}/previews", week(ask=True))["items"]
    assert [hit["becomes"] for hit in asked] == [None]
    # Before its day nothing is hit, and on Wednesdays nobody works any more.
    assert supervisor.post(f"{WEEKS}/previews", week("2026-09-23"))["items"] == []
    world.work()
    assert early.states() == [(at(TUESDAY, "10:00"), "confirmed")]


def test_what_a_pattern_hits_is_moved_and_later_bookings_lie_within_it(world: World) -> None:
    booker = Booker(world)
    booker.booked(at(TUESDAY, "10:00"))
    world.staff("S001").post(WEEKS, week(most_per_day=1))
    world.work()
    assert booker.states() == [(at(TUESDAY, "13:30"), "confirmed"), (at(TUESDAY, "10:00"), "rescheduled")]
    starts = Booker(world, 2).starts()
    # That Tuesday's one visit is the one that was moved; other weekdays are off; Monday is as before.
    assert at(MONDAY, "10:00") in starts
    assert {start[:10] for start in starts if start[:10] >= TUESDAY} == {"2026-09-29"}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_on_request_the_customers_are_asked(world: World) -> None:
    enrol(world, ["N002"], "network")
    booker = Booker(world)
    booked = booker.booked(at(TUESDAY, "10:00"))
    for number in ("N001", "N002"):
        world.staff("S001").post(WEEKS, week(number=number, ask=True))
    world.work()
    assert booker.visit(booked["id"])["in_doubt"] is True


def test_every_pattern_is_kept_and_one_is_in_force(world: World) -> None:
    supervisor = world.staff("S001")
    monday = {"mon": MORNING}
    supervisor.post(WEEKS, week("2026-09-18", weekly=monday))
    supervisor.post(WEEKS, week("2026-10-12", weekly={**monday, "make_up": MORNING}, most_per_day=4))
    world.at("2026-09-19 09:00")
    supervisor.post(WEEKS, week("2026-09-19"))
    # Entered again for the same day it is another one, not a second.
    supervisor.post(WEEKS, week("2026-09-19", weekly={"tue": MORNING}))
    told = supervisor.get(f"{WEEKS}?staff_number=N001")
    assert (told["number"], told["name"], told["leaves"]) == ("N001", "孙师傅", [])
    assert told["patterns"] == [
        {"valid_from": "2026-09-18", "force": "past", "weekly": {"mon": MORNING}, "most_per_day": None},
        {"valid_from": "2026-09-19", "force": "present", "weekly": {"tue": MORNING}, "most_per_day": None},
        {
            "valid_from": "2026-10-12",
            "force": "coming",
            "weekly": {"mon": MORNING, "make_up": MORNING},
            "most_per_day": 4,
        },
    ]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_everybody_sees_their_own_week_and_leave_and_nobody_elses(world: World) -> None:
    network, supervisor = world.staff("N001"), world.staff("S001")
    supervisor.post(WEEKS, week())
    leave = {"starts_at": at("2026-09-24", "08:00"), "ends_at": at("2026-09-24", "18:00")}
    network.post("/staff/leaves", {"staff_number": "N001", "deputy_number": "G001", **leave})
    own = network.get(WEEKS)
    assert own == network.get(f"{WEEKS}?staff_number=N001")
    assert [line["force"] for line in own["patterns"]] == ["coming"]
    assert own["leaves"] == [{**leave, "deputy_name": "王敏"}]
    refused(network.send("GET", f"{WEEKS}?staff_number=E001"), 403, "not_allowed")
    with nothing_changes(world.app):
        for path in (WEEKS, f"{WEEKS}/previews"):
            refused(network.send("POST", path, week()), 403, "not_allowed")
    # What is over is no longer told.
    world.at("2026-09-25 09:00")
    assert world.staff("N001").get(WEEKS)["leaves"] == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"staff_number": "X999"}, "staff_number"),
        ({"valid_from": "2026-09-17"}, "valid_from"),
        ({"valid_from": "2999-01-01"}, "valid_from"),
        ({"valid_from": "下周二"}, "valid_from"),
        ({"weekly": {}}, "weekly"),
        ({"weekly": {"tue": []}}, "weekly"),
        ({"weekly": {"make_up": MORNING}}, "weekly"),
        ({"weekly": {"tue": [["12:00", "08:30"]]}}, "weekly.tue"),
        ({"weekly": {"tue": [["08:30", "12:00"], ["11:00", "17:00"]]}}, "weekly.tue"),
        ({"weekly": {"make_up": [["12:00", "12:00"]], "tue": MORNING}}, "weekly.make_up"),
        ({"weekly": {"holiday": MORNING}}, "weekly.holiday"),
        ({"weekly": {"tue": [["8:30", "12:00"]]}}, "weekly.tue.0.0"),
        ({"weekly": {"tue": [["08:30"]]}}, "weekly.tue.0"),
        ({"weekly": {"tue": None}}, "weekly.tue"),
        ({"most_per_day": 0}, "most_per_day"),
        ({"most_per_day": "3"}, "most_per_day"),
    ],
)
def test_an_impossible_pattern_is_refused(world: World, change: dict[str, Any], field: str) -> None:
    supervisor = world.staff("S001")
    with nothing_changes(world.app):
        for path in (WEEKS, f"{WEEKS}/previews"):
            problem = refused(supervisor.send("POST", path, {**week(), **change}), 422, "invalid_fields")
            assert [error["field"] for error in problem["errors"]] == [field]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_pattern_says_which_visits_it_leaves_no_room_for(world: World) -> None:
    enrol(world, ["E002"], "engineering")
    supervisor = world.staff("S001")
    hour = {"tue": [["09:00", "10:30"]]}
    entered = supervisor.post(WEEKS, week(number="E001", weekly=hour))
    assert entered["unfit"] == ["现场施工"]
    # E002 is the last who can build.
    last = supervisor.send("POST", WEEKS, week(number="E002", weekly=hour))
    assert refused(last, 422, "invalid_fields")["errors"] == [
        {
            "field": "weekly",
            "code": "invalid",
            "message": "按此安排，再无人能参加“现场施工”（240分钟），请延长时段，或先安排其他同事。",
        }
    ]
    across_noon = {"tue": [["10:00", "12:00"], ["13:30", "15:00"]]}
    assert supervisor.post(WEEKS, week(number="E002", weekly=across_noon))["unfit"] == []
