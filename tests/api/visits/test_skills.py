"""Work that asks for a skill or certificate is only done by whoever has it, as long as it is valid."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.domain.skills import Requirement, Skill, SkillRules
from app.jobs import timetable
from app.services.installation import city
from tests.api.answers import json_of, refused
from tests.api.database_rows import nothing_changes
from tests.api.visits.booking import PLAN, Booker, at, enrol
from tests.api.visits.test_concurrent_bookings import post
from tests.at_once import at_once
from tests.world import SINGLE_METER, Phone, World

MONDAY, TUESDAY, WEDNESDAY = "2026-09-21", "2026-09-22", "2026-09-23"
RULES = SkillRules(
    timedelta(days=30),
    {
        "survey": Skill("survey", "管线探测资格", "测试"),
        "large_pipe": Skill("large_pipe", "大口径资格", "测试"),
    },
    (
        Requirement("survey", "network", frozenset({PLAN}), frozenset({"network_survey"}), None),
        Requirement("large_pipe", "engineering", frozenset({"construction"}), frozenset(), 100),
    ),
)


@pytest.fixture(autouse=True)
def asking(world: World) -> Iterator[None]:
    """The city asks for skills of surveyors, and of who builds from DN100 on."""
    before = city.current()
    city.install(replace(before, skills=RULES))
    yield
    city.install(before)


@pytest.fixture
def supervisor(world: World) -> Phone:
    return world.staff("S001")


def holder(number: str, skill: str = "survey") -> str:
    return f"/staff/skills/{skill}/holders/{number}"


def certify(supervisor: Phone, number: str, until: str | None = None, skill: str = "survey") -> Any:
    return json_of(supervisor.send("PUT", holder(number, skill), {"valid_until": until}))


def names(visit: Any) -> set[str]:
    return {visitor["name"] for visitor in visit["visitors"]}


def test_nobody_without_the_skill_is_sent(world: World, supervisor: Phone) -> None:
    booker = Booker(world)
    assert booker.starts() == []
    refused(booker.try_hold(at(MONDAY, "10:00")), 409, "slot_taken")
    enrol(world, ["N002"], "network")
    certify(supervisor, "N002")
    assert names(booker.booked(at(MONDAY, "10:00"))) >= {"N002"}


def test_openings_end_when_the_skill_does(world: World, supervisor: Phone) -> None:
    booker = Booker(world)
    certify(supervisor, "N001", TUESDAY)
    starts = booker.starts()
    assert starts
    assert max(starts) < at(WEDNESDAY, "00:00")
    refused(booker.try_hold(at(WEDNESDAY, "10:00")), 409, "slot_taken")


def test_what_a_case_needs_depends_on_its_calibre(world: World) -> None:
    small = Booker(world)
    for key in SINGLE_METER[: SINGLE_METER.index("build_and_accept")]:
        if key == "network_survey":
            certify(world.staff("S001"), "N001")
        world.complete(small.case_id, key)
    assert small.starts("construction")
    from_small = replace(RULES, required=(replace(RULES.required[1], calibre_from_mm=20),))
    city.install(replace(city.current(), skills=from_small))
    assert small.starts("construction") == []
    certify(world.staff("S001"), "E001", skill="large_pipe")
    assert small.starts("construction")


def test_a_corrected_calibre_sends_somebody_who_may_build_it(world: World, supervisor: Phone) -> None:
    certify(supervisor, "N001")
    booker = Booker(world)
    for key in SINGLE_METER[: SINGLE_METER.index("build_and_accept")]:
        world.complete(booker.case_id, key)
    visit = booker.booked(booker.starts("construction")[0], "construction")
    enrol(world, ["E002"], "engineering")
    certify(supervisor, "E002", skill="large_pipe")
    tasks = supervisor.get(f"/staff/cases/{booker.case_id}/tasks")["items"]
    plan = next(task for task in tasks if task["key"] == "confirm_plan")
    body = {"field": "chosen_calibre", "value": "DN100", "why": "现场核对口径", "version": plan["version"]}
    world.staff("G001").post(f"/staff/tasks/{plan['id']}/corrections", body)
    world.work()
    moved = booker.phone.get(f"{booker.path}/visits")["items"][0]
    assert (moved["starts_at"], names(moved)) == (visit["starts_at"], {"E002"})


def test_whoever_comes_is_exchanged_when_the_skill_is_taken_away(world: World, supervisor: Phone) -> None:
    certify(supervisor, "N001")
    booker = Booker(world)
    visit = booker.booked(at(MONDAY, "10:00"))
    enrol(world, ["N002"], "network")
    certify(supervisor, "N002")
    with nothing_changes(world.app):
        preview = json_of(supervisor.send("POST", holder("N001") + "/withdrawal-previews"))
    assert [(hit["visit_id"], hit["becomes"]) for hit in preview["items"]] == [
        (visit["id"], at(MONDAY, "10:00"))
    ]
    assert json_of(supervisor.send("DELETE", holder("N001"))) == preview
    world.work()
    moved = booker.phone.get(f"{booker.path}/visits")["items"][0]
    assert (moved["state"], "N002" in names(moved)) == ("confirmed", True)


def test_a_hold_is_not_confirmed_with_somebody_whose_skill_was_taken_away(
    world: World, supervisor: Phone
) -> None:
    certify(supervisor, "N001")
    booker = Booker(world)
    held = booker.hold(at(MONDAY, "10:00"))
    supervisor.send("DELETE", holder("N001"))
    refused(booker.act(held["id"], "confirmation"), 410, "hold_expired")


def test_a_skill_is_withdrawn_while_a_hold_is_confirmed(world: World, supervisor: Phone) -> None:
    """Whichever comes first, nobody without the skill is left to drive."""
    for number in ("N001",):
        certify(supervisor, number)
    booker = Booker(world)
    held = booker.hold(at(MONDAY, "10:00"))
    enrol(world, ["N002"], "network")
    certify(supervisor, "N002")

    def withdraw(client: FlaskClient) -> TestResponse:
        headers = {"Authorization": f"Bearer {supervisor.token}"}
        return client.delete(f"/api/v1{holder('N001')}", headers=headers)

    confirming = post(booker.phone.token, f"{booker.path}/visits/{held['id']}/confirmation", None)
    withdrawn, confirmed = at_once(world.app, [withdraw, confirming])
    assert withdrawn.status_code == 200
    assert confirmed.status_code in {200, 410}
    world.work()
    live = [v for v in booker.phone.get(f"{booker.path}/visits")["items"] if v["state"] == "confirmed"]
    assert len(live) == (confirmed.status_code == 200)
    assert all("孙师傅" not in names(visit) for visit in live)


def test_a_task_is_claimed_and_done_by_whoever_has_the_skill(world: World, supervisor: Phone) -> None:
    booker = Booker(world)
    surveyor = world.staff("N001")
    tasks = surveyor.get("/staff/tasks?scope=department")["items"]
    task = next(task for task in tasks if task["key"] == "network_survey")
    tried: dict[str, dict[str, Any]] = {"assignment": {}, "completion": {"outputs": {}}}
    for verb, body in tried.items():
        said = refused(surveyor.send("POST", f"/staff/tasks/{task['id']}/{verb}", body), 403, "skill_missing")
        assert "“管线探测资格”" in said["detail"]
    certify(supervisor, "N001")
    surveyor.post(f"/staff/tasks/{task['id']}/assignment", {})
    supervisor.send("DELETE", holder("N001"))
    refused(
        surveyor.send("POST", f"/staff/tasks/{task['id']}/completion", {"outputs": {}}), 403, "skill_missing"
    )
    certify(supervisor, "N001")
    world.complete(booker.case_id, "network_survey")


def test_supervisors_keep_the_register(world: World, supervisor: Phone) -> None:
    body = {"valid_until": "2026-10-01", "certificate": "LP-2026-0001"}
    line = json_of(supervisor.send("PUT", holder("N001"), body))
    assert (line["key"], line["name"]) == ("survey", "管线探测资格")
    assert line["holders"] == [
        {
            "number": "N001",
            "name": "孙师傅",
            "department": "管网管理部门",
            "valid_until": "2026-10-01",
            "certificate": "********0001",
            "lapsed": False,
            "lapses_soon": True,
        }
    ]
    certify(supervisor, "N001", "2027-10-01")
    (renewed,) = supervisor.get("/staff/skills")["items"][0]["holders"]
    assert (renewed["valid_until"], renewed["certificate"], renewed["lapses_soon"]) == (
        "2027-10-01",
        None,
        False,
    )


@pytest.mark.parametrize(
    ("who", "verb", "path", "body", "status", "code"),
    [
        ("N001", "GET", "/staff/skills", None, 403, "not_allowed"),
        ("N001", "PUT", holder("N001"), {}, 403, "not_allowed"),
        ("N001", "DELETE", holder("N001"), None, 403, "not_allowed"),
        ("S001", "PUT", holder("N001", "juggling"), {}, 404, "not_found"),
        ("S001", "PUT", holder("X999"), {}, 422, "invalid_fields"),
        ("S001", "PUT", holder("N001"), {"valid_until": "2026-09-17"}, 422, "invalid_fields"),
        ("S001", "DELETE", holder("N001"), None, 404, "not_found"),
    ],
)
def test_what_is_refused(
    world: World, who: str, verb: str, path: str, body: Any, status: int, code: str
) -> None:
    phone = world.staff(who)
    with nothing_changes(world.app):
        refused(phone.send(verb, path, body), status, code)


def test_supervisor_and_holder_hear_once_before_a_skill_lapses(world: World, supervisor: Phone) -> None:
    certify(supervisor, "N001", "2026-10-20")
    tell(world)
    assert told(supervisor) == []
    world.at("2026-09-20 09:00")
    for _ in range(2):
        tell(world)
    (said,) = told(world.staff("S001"))
    assert said == told(world.staff("N001"))[0]
    assert "孙师傅" in said
    assert "2026-10-20" in said
    # Renewed, it is told again when its new end comes near.
    certify(world.staff("S001"), "N001", "2026-12-01")
    world.at("2026-11-02 09:00")
    tell(world)
    assert len(told(world.staff("S001"))) == 2


def test_a_preview_of_leave_says_which_skill_is_nobodys(world: World, supervisor: Phone) -> None:
    enrol(world, ["N002", "N003"], "network")
    certify(supervisor, "N001")
    leave = {"staff_number": "N001", "deputy_number": "N002"}
    leave |= {"starts_at": at(MONDAY, "08:00"), "ends_at": at(WEDNESDAY, "18:00")}

    def gaps() -> list[tuple[str, str, str]]:
        found = supervisor.post("/staff/leaves/previews", leave)["skill_gaps"]
        return [(gap["name"], gap["starts_at"], gap["ends_at"]) for gap in found]

    assert gaps() == [("管线探测资格", at(MONDAY, "08:00"), at(WEDNESDAY, "18:00"))]
    # Somebody else has it until Tuesday, and is away on Monday morning.
    certify(supervisor, "N002", TUESDAY)
    other = {"staff_number": "N002", "deputy_number": "N003"}
    other |= {"starts_at": at("2026-09-18", "13:00"), "ends_at": at(MONDAY, "12:00")}
    supervisor.post("/staff/leaves", other)
    assert gaps() == [
        ("管线探测资格", at(MONDAY, "08:00"), at(MONDAY, "12:00")),
        ("管线探测资格", at(WEDNESDAY, "00:00"), at(WEDNESDAY, "18:00")),
    ]
    certify(supervisor, "N003")
    assert gaps() == []


def test_a_preview_of_a_departure_says_which_skill_is_nobodys(world: World, supervisor: Phone) -> None:
    certify(supervisor, "N001")
    previewed = supervisor.post("/staff/departures/previews", {"staff_number": "N001"})
    (gap,) = previewed["visits"]["skill_gaps"]
    assert (gap["name"], gap["starts_at"]) == ("管线探测资格", at("2026-09-18", "09:00"))
    enrol(world, ["N002"], "network")
    certify(supervisor, "N002")
    again = supervisor.post("/staff/departures/previews", {"staff_number": "N001"})
    assert again["visits"]["skill_gaps"] == []


def tell(world: World) -> None:
    with world.app.app_context():
        timetable.tell_of_lapsing_skills()


def told(phone: Phone) -> list[str]:
    notices = phone.get("/staff/notices")["items"]
    return [notice["body"] for notice in notices if notice["kind"] == "skill_lapsing"]
