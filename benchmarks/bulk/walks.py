"""The cases that the others are printed from: each walked through the product itself, in simulated time."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

from app.core import clock
from app.core.atomic import atomic
from app.core.clock import FixedClock
from app.services.people import personnel
from app.services.people.personnel import NewStaff
from benchmarks.bulk import people
from tests.world import SHANGHAI, World

ACCEPTANCE = ("site_visit", "network_survey", "design_opinion", "engineering_opinion", "confirm_plan")
TO_CONTRACT = (*ACCEPTANCE, "drawings", "quote", "sign_agreement")
TO_WATER = (*TO_CONTRACT, "payment", "build_and_accept", "water_on")
FILED = ("return_visit", "as_built_survey", "completion_papers", "gis_update")
THREE_ZERO = (
    *("check_eligibility", "group_approval"),
    *ACCEPTANCE,
    *("drawings", "budget", "project_set_up", "site_ready", "build_and_accept", "water_on"),
    *FILED,
)
TO_ESTIMATE = (*ACCEPTANCE, "drawings")
RESIDENTIAL = (
    *TO_ESTIMATE,
    *("estimate", "estimate_accepted", "site_ready", "sign_agreement", "payment", "pass_agreement"),
    *("risers", "outdoor_works", "household_meters", "accept_works", "water_on"),
    *FILED,
)

# What the drawings of an estate's estimate are counted from.
MORE: Mapping[str, Mapping[str, Any]] = {
    "residential": {
        "buildings": [
            {"number": str(number), "units": 2, "floors": 15, "households_per_floor": 2} for number in (1, 2)
        ]
    }
}

# Whole weeks, so that a printed case falls on the same days of the week; older than the longest open case.
CLOSED_WEEKS_AGO = 10
HOURS = (time(10), time(15))
MANAGERS = 18


@dataclass(frozen=True, slots=True)
class Walk:
    """One course of a case; `share` is how many of a thousand cases take it.

    `stop_after` is the task after which the customer looks at the contract for a day; `ending` how it ends
    early: "withdrawal", "refusal", or "" (by its own program, or not yet).
    """

    name: str
    share: int
    program: str
    tasks: Sequence[str]
    rating: int = 5
    stop_after: str = ""
    ending: str = ""
    open: bool = False


WALKS = (
    Walk("single meter", 590, "single_meter", (*TO_WATER, *FILED)),
    Walk("single meter, stopped", 160, "single_meter", (*TO_WATER, *FILED), 4, stop_after="quote"),
    Walk("single meter, low rating", 20, "single_meter", (*TO_WATER, *FILED, "rating_review"), 2),
    Walk("three-zero", 80, "three_zero", THREE_ZERO),
    Walk("residential", 90, "residential", RESIDENTIAL),
    Walk("withdrawn", 25, "single_meter", ACCEPTANCE, ending="withdrawal"),
    Walk("refused", 15, "single_meter", ("site_visit",), ending="refusal"),
    Walk("just submitted", 4, "single_meter", (), open=True),
    Walk("in design", 4, "single_meter", ACCEPTANCE, open=True),
    Walk("waiting for payment", 4, "single_meter", TO_CONTRACT, open=True),
    Walk("under construction", 4, "single_meter", TO_WATER[:-2], open=True),
    Walk("before the return visit", 2, "single_meter", TO_WATER, open=True),
    Walk("estate in design", 2, "residential", ACCEPTANCE, open=True),
)


@dataclass(frozen=True, slots=True)
class Walked:
    """A walked case: its id, the phone it was submitted under, and the moments at which it moved."""

    walk: Walk
    case_id: str
    phone: str
    moments: Sequence[datetime]


def hire(world: World) -> None:
    """As many managers as a utility has that opens cases by the hundred thousand, over all districts."""
    with world.app.app_context(), atomic():
        for number in range(MANAGERS):
            personnel.add(
                NewStaff(
                    f"G1{number:02d}",
                    f"演示管家{number + 1:02d}",
                    "customer_development",
                    people.phone_of(people.PEOPLE + number),
                    "https://example.invalid/manager.jpg",
                    True,
                    False,
                    (people.DISTRICTS[number % len(people.DISTRICTS)],),
                )
            )


def walk_all(world: World, walks: Sequence[Walk], now: datetime) -> Iterator[Walked]:
    """Each of `walks` in turn, the closed ones first, since a clock never goes back while timers wait."""
    steps = FixedClock(now)
    clock.use(steps)
    for position, one in enumerate(sorted(walks, key=lambda walk: walk.open)):
        yield _walk(world, steps, one, people.phone_of(people.PEOPLE + MANAGERS + position), now)


def _walk(world: World, steps: FixedClock, walk: Walk, phone: str, now: datetime) -> Walked:
    end = now if walk.open else now - timedelta(weeks=CLOSED_WEEKS_AGO)
    moments = _moments(len(walk.tasks) + 3, end)
    ahead = iter(moments)
    steps.set(next(ahead))
    customer = world.log_in(f"o_pattern_{phone}", phone)
    case_id: str = world.submitted(customer, walk.program, contact_phone=phone, **MORE.get(walk.program, {}))[
        "id"
    ]
    for task in walk.tasks:
        steps.set(next(ahead))
        world.complete(case_id, task, **_changes(walk, task, phone))
        if task == walk.stop_after:
            _stop_for_a_day(world, steps, case_id, next(ahead))
        world.work()
    if walk.ending:
        steps.set(next(ahead))
        supervisor = world.staff("S001")
        body = {"version": supervisor.get(f"/staff/cases/{case_id}")["version"], "reason": "客户暂不建设"}
        if walk.ending == "refusal":
            body["reason"] = "arrears"
        supervisor.post(f"/staff/cases/{case_id}/{walk.ending}", body)
    return Walked(walk, case_id, phone, moments)


def _changes(walk: Walk, task: str, phone: str) -> dict[str, Any]:
    """Where what a task delivers is not the same in every case."""
    match task:
        case "return_visit":
            return {"rating": walk.rating}
        case "payment":
            return {"receipt_number": f"SJ-{phone[-4:]}"}
        case "water_on":
            return {"meter_serial": f"M{phone[-4:]}"}
        case _:
            return {}


def _stop_for_a_day(world: World, steps: FixedClock, case_id: str, until: datetime) -> None:
    body = {"reason": "contract_review", "party": "customer", "evidence": "客户在审阅合同（演示）"}
    stop = world.staff("S001").post(f"/staff/cases/{case_id}/stops", body)
    steps.set(until)
    world.staff("S001").post(f"/staff/cases/{case_id}/stops/{stop['id']}/end")


def _moments(number: int, end: datetime) -> list[datetime]:
    """So many moments of weekdays, the last one before `end`, in UTC and in order."""
    found: list[datetime] = []
    day = end.astimezone(SHANGHAI).date()
    while len(found) < number:
        for hour in reversed(HOURS):
            moment = datetime.combine(day, hour, SHANGHAI)
            if day.weekday() < 5 and moment < end:
                found.append(moment.astimezone(UTC))
        day -= timedelta(days=1)
    return found[number - 1 :: -1]
