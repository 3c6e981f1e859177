"""Leave and closures that are entered: listed, shortened, extended and taken back."""

from typing import Any

import pytest

from tests.api.answers import refused
from tests.api.database_rows import nothing_changes
from tests.api.visits.booking import Booker, at, enrol
from tests.world import World

FRIDAY, MONDAY, TUESDAY, THURSDAY = "2026-09-18", "2026-09-21", "2026-09-22", "2026-09-24"
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def leave(number: str, deputy: str, first: str = MONDAY, last: str = TUESDAY) -> dict[str, str]:
    return {
        "staff_number": number,
        "deputy_number": deputy,
        "starts_at": at(first, "08:00"),
        "ends_at": at(last, "18:00"),
    }


def closure(first: str = MONDAY, last: str = TUESDAY) -> dict[str, str]:
    return {
        "department": "network",
        "starts_at": at(first, "08:00"),
        "ends_at": at(last, "18:00"),
        "reason": "抢修",
    }


KINDS = pytest.mark.parametrize(
    ("kind", "body"), [("leaves", leave("N001", "S001")), ("closures", closure())]
)


def entered(world: World, kind: str, body: Any) -> str:
    supervisor = world.staff("S001")
    supervisor.post(f"/staff/{kind}", body)
    return f"/staff/{kind}/{supervisor.get(f'/staff/{kind}')['items'][0]['id']}"


def changed(world: World, path: str, change: Any) -> Any:
    answer = world.staff("S001").send("PATCH", path, change)
    assert answer.status_code == 200, answer.text
    return answer.get_json()["items"]


@KINDS
def test_what_is_taken_back_before_it_begins_has_never_been(world: World, kind: str, body: Any) -> None:
    booker = Booker(world)
    before = booker.starts()
    path = entered(world, kind, body)
    assert booker.starts() != before
    assert changed(world, path, {"taken_back": True}) == []
    assert booker.starts() == before
    assert world.staff("S001").get(f"/staff/{kind}")["items"] == []


@KINDS
def test_what_has_begun_and_is_taken_back_ends_now(world: World, kind: str, body: Any) -> None:
    booker = Booker(world)
    path = entered(world, kind, body)
    world.at(f"{MONDAY} 08:00")
    booker.phone = world.log_in("o_booker_1", "13800000001")
    assert not [start for start in booker.starts() if start[:10] == MONDAY]
    world.at(f"{MONDAY} 08:20")
    assert world.staff("S001").send("PATCH", path, {"taken_back": True}).status_code == 200
    assert [start for start in booker.starts() if start[:10] == MONDAY]
    refused(world.staff("S001").send("PATCH", path, {"taken_back": True}), 404, "not_found")


@KINDS
def test_shortening_frees_time_and_extending_moves_what_it_hits(world: World, kind: str, body: Any) -> None:
    booker = Booker(world)
    visit = booker.booked(at(THURSDAY, "10:00"))
    path = entered(world, kind, body)
    supervisor = world.staff("S001")
    supervisor.send("PATCH", path, {"ends_at": at(MONDAY, "18:00")})
    assert not [start for start in booker.starts() if start[:10] == MONDAY]
    assert [start for start in booker.starts() if start[:10] == TUESDAY]
    longer = {"ends_at": at(THURSDAY, "12:00")}
    with nothing_changes(world.app):
        preview = supervisor.post(f"{path}/previews", longer)["items"]
    assert [hit["visit_id"] for hit in preview] == [visit["id"]]
    assert changed(world, path, longer) == preview
    world.work()
    assert (preview[0]["becomes"], "confirmed") in booker.states()


def test_a_visit_about_which_the_customer_was_asked_stands_again(world: World) -> None:
    booker = Booker(world)
    visit = booker.booked(at(MONDAY, "10:00"))
    path = entered(world, "leaves", {**leave("N001", "S001"), "ask": True})
    world.work()
    assert booker.visit(visit["id"])["in_doubt"] is True
    world.staff("S001").send("PATCH", path, {"taken_back": True})
    world.work()
    assert booker.visit(visit["id"])["in_doubt"] is False


@on_sqlite
@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"ends_at": at(MONDAY, "07:00")}, "ends_at"),
        ({"ends_at": at("2027-09-25", "08:00")}, "ends_at"),
        ({"ends_at": at("2026-09-17", "08:00"), "starts_at": at("2026-09-16", "08:00")}, "ends_at"),
        ({"deputy_number": "D001"}, "deputy_number"),
        ({"deputy_number": "X999"}, "deputy_number"),
    ],
)
def test_a_leave_cannot_become_impossible(world: World, change: Any, field: str) -> None:
    path = entered(world, "leaves", leave("N001", "S001"))
    supervisor = world.staff("S001")
    with nothing_changes(world.app):
        for method, where in (("PATCH", path), ("POST", f"{path}/previews")):
            problem = refused(supervisor.send(method, where, change), 422, "invalid_fields")
            assert [error["field"] for error in problem["errors"]] == [field]


@on_sqlite
def test_everybody_sees_and_changes_only_their_own_leave(world: World) -> None:
    path = entered(world, "leaves", leave("N001", "S001"))
    other, own = world.staff("E001"), world.staff("N001")
    assert other.get("/staff/leaves")["items"] == []
    refused(other.send("GET", "/staff/leaves?staff_number=N001"), 403, "not_allowed")
    for method, where in (("PATCH", path), ("POST", f"{path}/previews")):
        refused(other.send(method, where, {"taken_back": True}), 404, "not_found")
    (line,) = own.get("/staff/leaves")["items"]
    assert (line["staff_number"], line["deputy_name"]) == ("N001", "冯督办")
    assert own.send("PATCH", path, {"deputy_number": "G001"}).status_code == 200
    assert own.get("/staff/leaves")["items"][0]["deputy_number"] == "G001"
    for wrong in ("0", "x", "99999999999999999999"):
        assert own.send("PATCH", f"/staff/leaves/{wrong}", {}).status_code == 404


@on_sqlite
def test_closures_are_the_supervisors(world: World) -> None:
    path = entered(world, "closures", closure())
    refused(world.staff("N001").send("GET", "/staff/closures"), 403, "not_allowed")
    refused(world.staff("N001").send("PATCH", path, {"taken_back": True}), 404, "not_found")


def test_somebody_comes_while_manager_and_deputy_are_away(world: World) -> None:
    """They name each other: then any other manager stands in."""
    enrol(world, ["G003"], "customer_development", manager=True)
    booker = Booker(world)
    for number, deputy in (("G001", "G002"), ("G002", "G001")):
        world.staff("S001").post("/staff/leaves", leave(number, deputy, FRIDAY, "2026-10-09"))
    found = booker.openings("consultation")["items"]
    assert {opening["stand_in"] for opening in found} == {"G003"}
