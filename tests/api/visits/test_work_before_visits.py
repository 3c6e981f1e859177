"""What the departments have to find out before a visit is due by its start, and is missed aloud."""

from typing import Any

from tests.api.answers import json_of
from tests.api.visits.booking import Booker, at
from tests.world import World

FRIDAY = "2026-09-18"
# One working day from Friday 09:00; Saturday is free, Sunday is worked.
DUE_OF_STAGE = "2026-09-20T09:00:00+08:00"


def survey(world: World, booker: Booker) -> Any:
    tasks = world.staff("S001").get(f"/staff/cases/{booker.case_id}/tasks")["items"]
    return next(task for task in tasks if task["key"] == "network_survey")


def missing(world: World, number: str) -> int:
    items = world.staff(number).get("/staff/notices")["items"]
    return [item["kind"] for item in items].count("missing_before_visit")


def test_the_survey_is_due_by_the_start_of_the_visit(world: World) -> None:
    booker = Booker(world)
    assert survey(world, booker)["due_at"] == DUE_OF_STAGE
    visit = booker.booked(at(FRIDAY, "14:00"))
    assert survey(world, booker)["due_at"] == "2026-09-18T14:00:00+08:00"
    moved = json_of(booker.act(visit["id"], "reschedule", {"starts_at": at(FRIDAY, "15:30")}))
    assert survey(world, booker)["due_at"] == "2026-09-18T15:30:00+08:00"
    booker.act(moved["id"], "cancellation", {"reason": "改日再约"})
    assert survey(world, booker)["due_at"] == DUE_OF_STAGE


def test_a_visit_after_the_stages_due_date_moves_nothing(world: World) -> None:
    booker = Booker(world)
    booker.booked(at("2026-09-21", "10:00"))
    assert survey(world, booker)["due_at"] == DUE_OF_STAGE


def test_the_holders_are_reminded_and_the_manager_told_while_it_is_open(world: World) -> None:
    booker = Booker(world)
    booker.booked(at("2026-09-21", "10:00"))
    assert (missing(world, "N001"), missing(world, "G001")) == (0, 0)
    world.at("2026-09-20 18:00")
    world.work()
    assert (missing(world, "N001"), missing(world, "G001")) == (1, 1)
    world.at("2026-09-21 08:00")
    world.work()
    assert (missing(world, "N001"), missing(world, "G001"), missing(world, "D001")) == (2, 2, 0)


def test_nobody_is_told_of_a_survey_that_is_there(world: World) -> None:
    booker = Booker(world)
    booker.booked(at("2026-09-21", "10:00"))
    world.complete(booker.case_id, "network_survey")
    for moment in ("2026-09-20 18:00", "2026-09-21 08:00"):
        world.at(moment)
        world.work()
    assert (missing(world, "N001"), missing(world, "G001")) == (0, 0)


def test_a_visit_that_is_booked_for_soon_tells_of_it_at_once(world: World) -> None:
    booker = Booker(world)
    booker.booked(at(FRIDAY, "11:00"))
    assert (missing(world, "N001"), missing(world, "G001")) == (1, 1)


def test_the_survey_is_reminded_of_half_a_day_before_the_visit(world: World) -> None:
    booker = Booker(world)
    booker.booked(at(FRIDAY, "16:00"))
    # The stage's own first reminder comes at 13:30.
    world.at("2026-09-18 12:30")
    world.work()
    kinds = [item["kind"] for item in world.staff("N001").get("/staff/notices")["items"]]
    assert "task_reminder" in kinds
