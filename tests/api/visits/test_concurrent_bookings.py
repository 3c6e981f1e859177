"""Bookings at the same time, with real threads, on both databases."""

from collections import Counter
from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from app.core.atomic import atomic
from app.core.db import db
from app.domain.slots import grid
from app.domain.slots.patterns import Pattern, weekly_of
from app.models import Case, Staff, Visit, VisitPiece
from app.services.calendar_desk import calendar_drafts
from app.services.calendar_desk.calendar_drafts import Change, DatedPeriods
from app.services.calendar_desk.publish_calendar import publish_calendar
from app.services.installation.calendar_versions import alone
from app.services.people.staffing import Colleague
from app.services.scheduling import absences
from app.services.visits.booking.book_for_customer import book_for_customer
from tests.api.answers import refused
from tests.api.visits.booking import PLAN, Booker, at, check_no_double_booking, enrol, quick_case
from tests.at_once import at_once, while_open
from tests.world import World, local

Act = Callable[[FlaskClient], TestResponse]

MONDAY, TUESDAY = "2026-09-21", "2026-09-22"


def post(token: str, path: str, body: Any = None) -> Act:
    """A POST of a customer from a client of its own."""

    def act(client: FlaskClient) -> TestResponse:
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": uuid4().hex}
        return client.post(f"/api/v1{path}", json=body, headers=headers)

    return act


def holding(case_id: str, token: str, starts_at: str) -> Act:
    return post(token, f"/customer/cases/{case_id}/visits", {"purpose": PLAN, "starts_at": starts_at})


def statuses(answers: list[TestResponse]) -> Counter[int]:
    return Counter(answer.status_code for answer in answers)


def test_64_bookers_on_8_time_slots_book_exactly_8(world: World) -> None:
    managers = [f"K{number:03d}" for number in range(8)]
    enrol(world, managers, "customer_development", manager=True)
    for letter, department in (("D", "design_institute"), ("N", "network"), ("E", "engineering")):
        enrol(world, [f"{letter}{number:03d}" for number in range(10, 18)], department)
    cases = [quick_case(world, number, managers[number % 8]) for number in range(64)]
    answers = at_once(world.app, [holding(case_id, token, at(MONDAY, "10:00")) for case_id, token in cases])
    assert statuses(answers) == {201: 8, 409: 56}
    assert {answer.json["code"] for answer in answers if answer.status_code == 409 and answer.json} == {
        "slot_taken"
    }
    check_no_double_booking(world)


def test_two_bookers_of_the_last_time_slot(world: World) -> None:
    bookers = [Booker(world, number) for number in (1, 2)]
    answers = at_once(
        world.app,
        [holding(booker.case_id, booker.phone.token, at(MONDAY, "10:00")) for booker in bookers],
    )
    assert statuses(answers) == {201: 1, 409: 1}
    check_no_double_booking(world)


def test_double_taps_make_one_booking(world: World) -> None:
    booker = Booker(world)
    held = at_once(
        world.app, [holding(booker.case_id, booker.phone.token, at(MONDAY, "10:00")) for _ in range(6)]
    )
    assert statuses(held) == {201: 6}
    ids = {answer.json["id"] for answer in held if answer.json}
    assert len(ids) == 1
    path = f"{booker.path}/visits/{ids.pop()}/confirmation"
    confirmed = at_once(world.app, [post(booker.phone.token, path) for _ in range(6)])
    assert statuses(confirmed) == {200: 1, 409: 5}
    check_no_double_booking(world)


def test_confirming_and_releasing_at_once_does_one_of_both(world: World) -> None:
    booker = Booker(world)
    path = f"{booker.path}/visits/{booker.hold(at(MONDAY, '10:00'))['id']}"
    confirmed, given_up = at_once(
        world.app,
        [
            post(booker.phone.token, f"{path}/confirmation"),
            post(booker.phone.token, f"{path}/cancellation", {"reason": "时间不合适"}),
        ],
    )
    # Whoever comes second cancels what was confirmed, or finds nothing left to confirm.
    assert (confirmed.status_code, given_up.status_code) in {(200, 200), (409, 200)}
    assert booker.states() == [(at(MONDAY, "10:00"), "cancelled")]
    check_no_double_booking(world)


def test_one_customer_who_reserves_two_times_at_once_has_one(world: World) -> None:
    booker = Booker(world)
    answers = at_once(
        world.app,
        [
            holding(booker.case_id, booker.phone.token, at(MONDAY, time))
            for time in ("10:00", "14:00", "15:30")
        ],
    )
    assert statuses(answers) == {201: 3}
    assert [state for _, state in booker.states()].count("held") == 1
    check_no_double_booking(world)


def test_two_visits_that_change_places_never_wait_in_a_circle(world: World) -> None:
    first, second = Booker(world), Booker(world, 2)
    one, two = first.booked(at(MONDAY, "10:00")), second.booked(at(TUESDAY, "10:00"))
    answers = at_once(
        world.app,
        [
            post(
                booker.phone.token, f"{booker.path}/visits/{visit['id']}/reschedule", {"starts_at": starts_at}
            )
            for booker, visit, starts_at in (
                (first, one, at(TUESDAY, "10:00")),
                (second, two, at(MONDAY, "10:00")),
            )
        ],
    )
    # Neither time was free when they looked, unless one of them was quite finished before the other began.
    assert set(statuses(answers)) <= {201, 409}
    check_no_double_booking(world)


def test_a_row_claimed_by_a_second_connection_is_skipped(world: World) -> None:
    booker, other = Booker(world), Booker(world, 2)
    visit = other.booked(at("2026-09-24", "10:00"))

    def take() -> None:
        network = db.session.scalars(select(Staff.id).where(Staff.number == "N001")).one()
        piece = grid.piece_of(local(f"{MONDAY} 10:30"))
        db.session.add(VisitPiece(staff_id=network, piece=piece, visit_id=visit["id"]))

    act = holding(booker.case_id, booker.phone.token, at(MONDAY, "10:00"))
    refused(while_open(world.app, take, act, keep=True), 409, "slot_taken")


def test_a_row_that_a_second_connection_gives_back_is_free(world: World) -> None:
    booker, other = Booker(world), Booker(world, 2)
    visit = other.booked(at("2026-09-24", "10:00"))

    def take() -> None:
        network = db.session.scalars(select(Staff.id).where(Staff.number == "N001")).one()
        piece = grid.piece_of(local(f"{MONDAY} 10:30"))
        db.session.add(VisitPiece(staff_id=network, piece=piece, visit_id=visit["id"]))

    act = holding(booker.case_id, booker.phone.token, at(MONDAY, "10:00"))
    assert while_open(world.app, take, act, keep=False).status_code == 201
    check_no_double_booking(world)


def _expire(visit_id: str) -> Callable[[], object]:
    return lambda: db.session.execute(
        update(Visit).where(Visit.id == visit_id, Visit.state == "held").values(state="expired")
    )


def test_a_reservation_that_expires_while_it_is_confirmed_is_gone(world: World) -> None:
    booker = Booker(world)
    held = booker.hold(at(MONDAY, "10:00"))
    act = post(booker.phone.token, f"{booker.path}/visits/{held['id']}/confirmation")
    refused(while_open(world.app, _expire(held["id"]), act, keep=True), 410, "hold_expired")


def test_a_reservation_whose_expiry_is_rolled_back_is_confirmed(world: World) -> None:
    booker = Booker(world)
    held = booker.hold(at(MONDAY, "10:00"))
    act = post(booker.phone.token, f"{booker.path}/visits/{held['id']}/confirmation")
    assert while_open(world.app, _expire(held["id"]), act, keep=False).status_code == 200


def test_an_expired_reservation_goes_to_the_confirmer_or_the_next_booker_never_to_both(world: World) -> None:
    first, second = Booker(world), Booker(world, 2)
    held = first.hold(at(MONDAY, "10:00"))
    world.at("2026-09-18 09:05")
    answers = at_once(
        world.app,
        [
            post(first.phone.token, f"{first.path}/visits/{held['id']}/confirmation"),
            holding(second.case_id, second.phone.token, at(MONDAY, "10:00")),
        ],
    )
    assert [answer.status_code for answer in answers] == [410, 201]
    check_no_double_booking(world)


def _leave_of(number: str, until: str = "23:59") -> Callable[[], object]:
    def enter() -> None:
        people = {member.number: member.id for member in db.session.scalars(select(Staff))}
        start, end = local(f"{MONDAY} 00:00"), local(f"{MONDAY} {until}")
        absences.enter_leave(people[number], people["S001"], start, end)

    return enter


def _closure_of(department: str | None) -> Callable[[], object]:
    def enter() -> None:
        supervisor = db.session.scalars(select(Staff.id).where(Staff.number == "S001")).one()
        start, end = local(f"{MONDAY} 00:00"), local(f"{MONDAY} 23:59")
        absences.enter_closure(department, start, end, "抢修", supervisor)

    return enter


def _hours_of_n001() -> None:
    """The one person of the network department does not work on Mondays any more."""
    network = db.session.scalars(select(Staff.id).where(Staff.number == "N001")).one()
    weekly = weekly_of({"tue": [["08:30", "17:00"]]})
    absences.enter_pattern(network, Pattern(date(2026, 9, 18), weekly))


def _n001_leaves() -> None:
    absences.person_left(db.session.scalars(select(Staff).where(Staff.number == "N001")).one())


ABSENCES = pytest.mark.parametrize(
    "change",
    [_leave_of("N001"), _closure_of("network"), _closure_of(None), _hours_of_n001, _n001_leaves],
    ids=["leave", "closure", "closure of everything", "hours", "departure"],
)


@ABSENCES
def test_an_absence_that_is_being_entered_is_seen_by_the_booking(
    world: World, change: Callable[[], object]
) -> None:
    """Without the lock the booking would look before the absence is there, and be written after it."""
    booker = Booker(world)
    act = holding(booker.case_id, booker.phone.token, at(MONDAY, "10:00"))
    refused(while_open(world.app, change, act, keep=True), 409, "slot_taken")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@ABSENCES
def test_an_absence_that_was_entered_meanwhile_is_seen_by_the_confirmation(
    world: World, change: Callable[[], object]
) -> None:
    booker = Booker(world)
    held = booker.hold(at(MONDAY, "10:00"))
    with world.app.app_context():
        with atomic():
            change()
        db.session.remove()
    problem = refused(booker.act(held["id"], "confirmation"), 410, "hold_expired")
    assert all(not opening["starts_at"].startswith(MONDAY) for opening in problem["openings"])


def test_leave_that_is_not_entered_after_all_hinders_nobody(world: World) -> None:
    booker = Booker(world)
    act = holding(booker.case_id, booker.phone.token, at(MONDAY, "10:00"))
    assert while_open(world.app, _leave_of("N001"), act, keep=False).status_code == 201


def test_a_booking_under_way_is_seen_by_whoever_enters_leave(world: World) -> None:
    enrol(world, ["N002"], "network")
    booker = Booker(world)

    def book() -> None:
        case = db.session.get_one(Case, booker.case_id)
        manager = db.session.scalars(select(Staff).where(Staff.number == "G001")).one()
        book_for_customer(Colleague.of(manager), case, PLAN, local(f"{MONDAY} 10:00"))

    def enter(client: FlaskClient) -> TestResponse:
        with world.app.app_context():
            with atomic():
                for number in ("N001", "N002"):
                    _leave_of(number, "12:00")()
            db.session.remove()
        return client.get("/healthz")

    assert while_open(world.app, book, enter, keep=True).status_code == 200
    world.work()
    assert booker.states() == [(at(MONDAY, "13:30"), "confirmed"), (at(MONDAY, "10:00"), "rescheduled")]
    check_no_double_booking(world)


def test_a_day_that_a_new_calendar_closes_accepts_no_booking(world: World) -> None:
    """The publication keeps every other writer out; whoever waited for it works by the new calendar."""
    booker = Booker(world)
    act = holding(booker.case_id, booker.phone.token, at(MONDAY, "10:00"))
    with alone():
        answer = while_open(world.app, _publish_monday_off, act, keep=True)
    refused(answer, 409, "slot_taken")


def test_a_booking_before_a_new_calendar_finds_another_time(world: World) -> None:
    booker = Booker(world)
    booker.booked(at(MONDAY, "10:00"))
    with alone(), world.app.app_context():
        with atomic():
            _publish_monday_off()
        db.session.remove()
    world.work()
    # Late by the customer's own choice: then the nearest time will do, whether it keeps the due date or not.
    assert booker.states() == [
        (at(MONDAY, "10:00"), "rescheduled"),
        (at("2026-09-20", "16:00"), "confirmed"),
    ]
    check_no_double_booking(world)


def _publish_monday_off() -> None:
    half_an_hour = DatedPeriods(date(2026, 9, 21), [["08:30", "09:00"]])
    draft = calendar_drafts.make_draft(Change("演示", half_days=[half_an_hour]), None)
    db.session.flush()
    publish_calendar(draft, None)
