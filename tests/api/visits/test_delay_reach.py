"""A visitor who runs late: the customers whom the delay reaches are warned, with time to choose."""

import pytest

from tests.api.answers import json_of
from tests.api.visits.booking import Booker, at
from tests.api.visits.test_visit_day import HERE, kinds
from tests.world import World

MONDAY = "2026-09-21"

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


class Row:
    """Three visits of one crew on Monday: an hour each, with half an hour of travel between them."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.bookers = [Booker(world, number) for number in (1, 2, 3)]
        starts = [at(MONDAY, time) for time in ("08:30", "10:00", "14:00")]
        self.ids = [booker.booked(start)["id"] for booker, start in zip(self.bookers, starts, strict=True)]
        world.at(f"{MONDAY} 08:00")
        world.work()

    def late(self, minutes: int) -> None:
        path = f"/staff/visits/{self.ids[0]}/delay"
        json_of(self.world.staff("G001").send("POST", path, {"minutes": minutes}))
        self.world.work()

    def expected(self, place: int) -> str | None:
        found: str | None = self.bookers[place].visit(self.ids[place])["expected_at"]
        return found

    def heard(self, place: int) -> list[str]:
        return [kind for kind in kinds(self.bookers[place].phone) if "delay" in kind or "on_time" in kind]


def test_the_next_customer_is_warned_and_may_move(world: World) -> None:
    row = Row(world)
    assert row.bookers[1].visit(row.ids[1])["changeable"] is True
    world.at(f"{MONDAY} 08:20")
    assert row.bookers[1].visit(row.ids[1])["changeable"] is False
    row.late(30)
    # 08:30 + 30 minutes late + 60 minutes of visit + 30 of travel.
    assert (row.expected(0), row.expected(1), row.expected(2)) == (
        at(MONDAY, "09:00"),
        at(MONDAY, "10:30"),
        None,
    )
    assert row.heard(1) == ["visit_delay_reached"]
    assert row.heard(2) == []
    body = row.bookers[1].phone.get("/customer/notices")["items"][0]["body"]
    assert "2026-09-21 10:30" in body
    assert row.bookers[1].visit(row.ids[1])["changeable"] is True
    json_of(row.bookers[1].act(row.ids[1], "reschedule", {"starts_at": at("2026-09-22", "10:00")}))


@on_sqlite
def test_a_long_delay_goes_through_the_whole_day(world: World) -> None:
    row = Row(world)
    row.late(180)
    # 11:30 to 12:30 and half an hour of travel; 13:00 to 14:00 and again.
    assert (row.expected(1), row.expected(2)) == (at(MONDAY, "13:00"), at(MONDAY, "14:30"))


@on_sqlite
def test_a_delay_that_fits_into_the_gap_alarms_nobody(world: World) -> None:
    row = Row(world)
    world.at(f"{MONDAY} 08:25")
    json_of(world.staff("G001").send("POST", f"/staff/visits/{row.ids[1]}/delay", {"minutes": 60}))
    world.work()
    assert row.heard(2) == []


@on_sqlite
def test_a_shorter_delay_is_told_as_well(world: World) -> None:
    row = Row(world)
    row.late(60)
    assert row.expected(1) == at(MONDAY, "11:00")
    row.late(15)
    assert row.expected(1) == at(MONDAY, "10:15")
    world.at(f"{MONDAY} 08:10")
    row.late(5)
    row.world.at(f"{MONDAY} 08:12")
    assert row.heard(1)[-1] == "visit_delay_reached"


@on_sqlite
def test_a_customer_behind_a_visit_that_was_moved_is_on_time_again(world: World) -> None:
    row = Row(world)
    row.late(60)
    world.at(f"{MONDAY} 08:31")
    body = {"starts_at": at("2026-09-23", "10:00"), "reason": "客户要求"}
    json_of(world.staff("G001").send("POST", f"/staff/visits/{row.ids[0]}/reschedule", body))
    world.work()
    assert row.expected(1) is None
    assert row.heard(1) == ["visit_delay_reached", "visit_on_time"]


@on_sqlite
def test_nobody_is_warned_of_a_visit_that_has_begun(world: World) -> None:
    row = Row(world)
    world.at(f"{MONDAY} 10:00")
    arrival = world.staff("G001").send("POST", f"/staff/visits/{row.ids[1]}/arrival", {"position": HERE})
    json_of(arrival)
    row.late(180)
    assert row.heard(1) == []
