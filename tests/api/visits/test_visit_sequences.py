"""Any sequence of actions: nobody is booked twice, and no day has too many visits."""

from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.core.atomic import atomic
from app.core.db import db
from app.domain.slots.patterns import DAYS, Pattern, weekly_of
from app.models import Staff
from app.services.people import personnel
from app.services.scheduling import absences
from tests.api.visits.booking import Booker, check_no_double_booking
from tests.world import World, local

# The rules are the same on both; how they hold under races is tested beside this, on both.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

CUSTOMERS = 3
STARTS = [
    local(f"2026-09-{day} {time}").isoformat()
    for day in (18, 21, 22)
    for time in ("10:45", "13:30", "14:00", "14:45", "16:00")
]
ACTS = st.one_of(
    st.tuples(st.just("hold"), st.integers(0, CUSTOMERS - 1), st.sampled_from(STARTS)),
    st.tuples(st.just("confirm"), st.integers(0, CUSTOMERS - 1), st.none()),
    st.tuples(st.just("move"), st.integers(0, CUSTOMERS - 1), st.sampled_from(STARTS)),
    st.tuples(st.just("cancel"), st.integers(0, CUSTOMERS - 1), st.none()),
    st.tuples(st.just("leave"), st.sampled_from([0, 1]), st.sampled_from(STARTS)),
    st.tuples(st.just("wait"), st.integers(0, CUSTOMERS - 1), st.none()),
    st.tuples(st.just("minutes"), st.integers(1, 6), st.none()),
)


@pytest.fixture
def bookers(world: World) -> list[Booker]:
    """Their departments take at most two visits a day, so that days fill up."""
    found = [Booker(world, number) for number in range(1, CUSTOMERS + 1)]
    week = weekly_of({day: [["08:30", "12:00"], ["13:30", "17:00"]] for day in DAYS})
    with world.app.app_context(), atomic():
        for number in ("N001", "E001"):
            personnel.set_hours(number, Pattern(local("2026-01-01 00:00").date(), week, most_per_day=2))
    return found


@settings(
    max_examples=12,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(acts=st.lists(ACTS, min_size=3, max_size=12))
def test_any_sequence_keeps_the_books(
    world: World, bookers: list[Booker], acts: list[tuple[str, int, str | None]]
) -> None:
    """One example goes on where the last one ended, which is a sequence as well."""
    for verb, who, starts_at in acts:
        _act(world, bookers, verb, who, starts_at)
        world.work()
        check_no_double_booking(world, {"N001": 2, "E001": 2})


def _act(world: World, bookers: list[Booker], verb: str, who: int, starts_at: str | None) -> None:
    if verb == "minutes":
        world.clock.set(world.clock.now() + timedelta(minutes=who))
        return
    if verb == "leave":
        _leave(world, ("D001", "N001")[who], starts_at or "")
        return
    booker = bookers[who]
    items = booker.phone.get(f"{booker.path}/visits")["items"]
    of_state = {visit["state"]: visit["id"] for visit in items}
    match verb:
        case "hold":
            booker.try_hold(starts_at)
        case "confirm" if "held" in of_state:
            booker.act(of_state["held"], "confirmation")
        case "move" if "confirmed" in of_state:
            booker.act(of_state["confirmed"], "reschedule", {"starts_at": starts_at})
        case "cancel" if "confirmed" in of_state:
            booker.act(of_state["confirmed"], "cancellation", {"reason": "临时有事"})
        case "wait":
            booker.phone.send("POST", f"{booker.path}/visit-waits", {"purpose": "water_plan"})


def _leave(world: World, number: str, starts_at: str) -> None:
    """An hour or two, not a day: else nobody would be left to book."""
    begins = datetime.fromisoformat(starts_at)
    with world.app.app_context(), atomic():
        people = {member.number: member.id for member in db.session.query(Staff)}
        absences.enter_leave(
            people[number],
            people["G001" if number != "G001" else "G002"],
            begins,
            begins + timedelta(minutes=30),
        )
