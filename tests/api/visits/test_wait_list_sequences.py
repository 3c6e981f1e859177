"""Any sequence of holds, expiries and cancellations: who waits is asked in order, once, and some day."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from app.core import clock
from app.core.atomic import atomic
from app.core.db import db
from app.domain.errors import Refusal
from app.domain.slots.patterns import Pattern, weekly_of
from app.models import Case, Visit, VisitState, VisitWait
from app.services.history.timeline import by_customer
from app.services.installation import city
from app.services.people import personnel
from app.services.visits import required_visits, waitlist
from app.services.visits.booking import cancel, confirm, find_openings, hold
from app.services.visits.changes import offer_times, visit_sweep
from tests.api.visits.booking import PLAN, check_no_double_booking, quick_case
from tests.world import World, local

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

CUSTOMERS = 4
MOST_EVENTS = 100
WHO = st.integers(0, CUSTOMERS - 1)
ACTS = st.one_of(
    st.tuples(st.sampled_from(["book", "accept", "cancel", "decline", "wait", "leave"]), WHO),
    st.tuples(st.just("minutes"), st.sampled_from([6, 30, 61, 61, 76, 600])),
)


@dataclass(frozen=True)
class Place:
    """A customer of the list before a round: what they have, and what they need not be asked for again."""

    case_id: str
    booked: datetime | None
    asked: bool
    refused: list[tuple[datetime, datetime]]

    def wants(self, starts_at: datetime, ends_at: datetime) -> bool:
        return (
            not self.asked
            and (self.booked is None or starts_at < self.booked)
            and not any(starts_at < ends and starts < ends_at for starts, ends in self.refused)
        )


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(acts=st.lists(ACTS, min_size=6, max_size=16))
def test_the_list_is_gone_through_in_order_and_ends(world: World, acts: list[tuple[str, int]]) -> None:
    """Each example has customers of its own, and the clock goes on where the last example ended."""
    cases = _cases(world)
    offered: dict[str, list[datetime]] = {case_id: [] for case_id in cases}
    for verb, number in [*(("wait", who) for who in range(CUSTOMERS)), *acts]:
        if verb == "minutes":
            world.clock.set(world.clock.now() + timedelta(minutes=number))
        else:
            _act(world, cases[number], verb)
        _round(world, offered)
        check_no_double_booking(world)
    # When nobody does anything any more, everybody is asked for what they could have, or leaves: in the end
    # nothing is left to offer. Three offers each, and a look each morning.
    for _ in range(MOST_EVENTS):
        world.clock.set(_next_event(world))
        _round(world, offered)
        if _nothing_to_offer(world):
            break
    else:
        pytest.fail("offers go on for ever")
    _end(world, cases)


def _next_event(world: World) -> datetime:
    with world.app.app_context(), atomic(read_only=True):
        found = [queue.next_due() for queue in (visit_sweep.VISITS, offer_times.QUEUE)]
    return max(min(due for due in found if due is not None), world.clock.now())


def _nothing_to_offer(world: World) -> bool:
    """Whether nobody on the list holds an offer or could have a better time."""
    with world.app.app_context(), atomic(read_only=True):
        for place in _line():
            case = db.session.get_one(Case, place.case_id)
            needed = required_visits.find_needed(case, PLAN)
            assert needed is not None
            free = find_openings.view(case, needed, find_openings.bookable()).listed()
            if place.asked or any(place.wants(one.starts_at, one.ends_at) for one in free):
                return False
    return True


def _cases(world: World) -> list[str]:
    """Cases of one manager, of whom the department that has to come has two mornings a week."""
    week = weekly_of({"tue": [["08:30", "11:00"]], "fri": [["08:30", "10:00"]]})
    with world.app.app_context(), atomic():
        personnel.set_hours("N001", Pattern(date(2026, 9, 1), week))
    first = int(world.clock.now().timestamp()) % 90_000_000
    return [quick_case(world, first + number, "G001")[0] for number in range(CUSTOMERS)]


def _act(world: World, case_id: str, verb: str) -> None:
    with world.app.app_context():
        try:
            with atomic():
                _do(db.session.get_one(Case, case_id), verb)
        except Refusal:
            pass
        db.session.remove()


def _do(case: Case, verb: str) -> None:
    by = by_customer(case.customer_id or "")
    live = {
        (visit.state, visit.offered): visit.id
        for visit in db.session.scalars(
            select(Visit).where(Visit.case_id == case.id, Visit.state.in_(["held", "confirmed"]))
        )
    }
    offer, booked = live.get((VisitState.HELD, True)), live.get((VisitState.CONFIRMED, False))
    match verb:
        case "book" if booked is None:
            needed = required_visits.require_needed(case, PLAN)
            free = find_openings.view(case, needed, find_openings.bookable()).listed()
            if free:
                visit = hold.hold_visit(case, PLAN, free[-1].starts_at, by)
                confirm.confirm_visit(case, visit.id, by)
        case "accept" if offer is not None:
            confirm.confirm_visit(case, offer, by)
        case "decline" if offer is not None:
            cancel.cancel_by_customer(case, offer, by, "不方便")
        case "cancel" if booked is not None:
            cancel.cancel_by_customer(case, booked, by, "临时有事")
        case "wait":
            waitlist.join_waitlist(case, PLAN)
        case "leave":
            waitlist.leave_waitlist(case.id, PLAN)


def _round(world: World, offered: dict[str, list[datetime]]) -> None:
    """What the jobs do, and what each of their steps has to keep."""
    with world.app.app_context():
        for sweep in (visit_sweep.spread, visit_sweep.sweep):
            while _swept(sweep):
                pass
        with atomic(read_only=True):
            line = _line()
        steps = 0
        while _swept(offer_times.sweep):
            steps += 1
        # Each once, and the end of the list.
        assert steps <= len(line) + 1
        with atomic(read_only=True):
            fresh = [place for place in _line() if place.asked and place not in line]
            for place in fresh:
                _check(place, line, offered)
        db.session.remove()


def _swept(sweep: object) -> int:
    with atomic():
        taken: int = sweep()  # type: ignore[operator]
    return taken


def _check(place: Place, line: list[Place], offered: dict[str, list[datetime]]) -> None:
    offer = db.session.scalars(
        select(Visit).where(Visit.case_id == place.case_id, Visit.state == "held", Visit.offered.is_(True))
    ).one()
    hours = city.current().talk.push
    for instant in (clock.now(), clock.now() + city.current().visits.offer - timedelta(seconds=1)):
        assert hours.quiet_to <= instant.astimezone(city.zone()).time() < hours.quiet_from
    if place.case_id in offered:
        assert offer.starts_at not in offered[place.case_id]
        offered[place.case_id].append(offer.starts_at)
    before = [each.case_id for each in line].index(place.case_id)
    assert line[before].wants(offer.starts_at, offer.ends_at)
    # Whoever stands before them did not want it, or was offered a time that is no later in the same round.
    for ahead in line[:before]:
        got = db.session.scalar(
            select(Visit.starts_at).where(
                Visit.case_id == ahead.case_id, Visit.state == "held", Visit.offered.is_(True)
            )
        )
        assert not ahead.wants(offer.starts_at, offer.ends_at) or (got is not None and got <= offer.starts_at)


def _line() -> list[Place]:
    """The list in order, as it stands."""
    found = []
    for wait in db.session.scalars(select(VisitWait).order_by(VisitWait.since, VisitWait.id)):
        visits = db.session.scalars(select(Visit).where(Visit.case_id == wait.case_id)).all()
        booked = [each.starts_at for each in visits if each.state == "confirmed"]
        refused = [
            (each.starts_at, each.ends_at)
            for each in visits
            if each.state == "cancelled" or (each.offered and each.state != "held")
        ]
        asked = any(each.offered and each.state == "held" for each in visits)
        found.append(Place(wait.case_id, booked[0] if booked else None, asked, refused))
    return found


def _end(world: World, cases: list[str]) -> None:
    """The next example finds an empty list and free mornings."""
    with world.app.app_context():
        for case_id in cases:
            for verb in ("leave", "decline", "cancel"):
                _act(world, case_id, verb)
        for sweep in (visit_sweep.sweep, offer_times.sweep):
            while _swept(sweep):
                pass
    if world.clock.now() > local("2027-06-01 00:00"):
        world.clock.set(local("2026-09-18 09:00"))
