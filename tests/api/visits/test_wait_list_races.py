"""The wait-list when several processes go through it, and when people leave it meanwhile."""

from collections.abc import Callable

from flask.testing import FlaskClient
from sqlalchemy import func, select

from app.core.db import db
from app.jobs import timetable
from app.models import Case, VisitWait
from app.services.cases import access
from app.services.history.timeline import ENGINE
from app.services.visits.booking import cancel
from tests.api.visits.booking import Booker, at, check_no_double_booking
from tests.api.visits.test_wait_list import FRIDAY, HOUR, MONDAY, THURSDAY, offers, only_monday_morning, wait
from tests.api.visits.test_wait_list import cancel as cancel_visit
from tests.at_once import at_once, while_open
from tests.world import World


def jobs(world: World) -> Callable[[FlaskClient], None]:
    """One jobs process that handles what is due with visits."""

    def run(_client: FlaskClient) -> None:
        with world.app.app_context():
            timetable.handle_due_visits()

    return run


def test_processes_side_by_side_offer_one_time_to_the_first_in_line(world: World) -> None:
    early = Booker(world)
    booked = early.booked(at(MONDAY, HOUR))
    line = [Booker(world, number) for number in (2, 3, 4)]
    for booker, time in zip(line, ("10:00", "13:30", "15:00"), strict=True):
        booker.booked(at(THURSDAY, time))
    only_monday_morning(world)
    for minute, booker in enumerate(line):
        world.at(f"{FRIDAY} 09:0{minute}")
        wait(booker)
    cancel_visit(early, booked)
    at_once(world.app, [jobs(world)] * 3)
    assert [offers(booker) for booker in line] == [[(at(MONDAY, HOUR), "held")], [], []]
    check_no_double_booking(world)


def test_who_leaves_while_they_are_asked_gets_no_offer(world: World) -> None:
    """The round has read the list, and waits for the case that its customer is just leaving."""
    early, booker = Booker(world), Booker(world, 2)
    booked = early.booked(at(MONDAY, HOUR))
    later = booker.booked(at(THURSDAY, "10:00"))
    only_monday_morning(world)
    wait(booker)
    world.work()
    cancel_visit(early, booked)

    def leave() -> None:
        case = db.session.get_one(Case, booker.case_id)
        access.lock_case(case)
        cancel.cancel_by_staff(case, later["id"], ENGINE, "临时有事")

    while_open(world.app, leave, jobs(world), keep=True)
    assert offers(booker) == []
    with world.app.app_context():
        assert db.session.scalar(select(func.count()).select_from(VisitWait)) == 0
        db.session.remove()
