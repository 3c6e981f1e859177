"""What people are told of visits is told in time, or not at all; copies follow what they were copied from."""

from typing import Any

import pytest
from sqlalchemy import select

from app.core.atomic import atomic
from app.core.db import db
from app.services.people.followers import follow
from app.services.visits.changes import visit_sweep
from notifications.models import OutboxMessage
from tests.api.answers import json_of
from tests.api.partners.partner_platform import add_partner
from tests.api.partners.test_partner_consultation import case_id, complete_transfer
from tests.api.visits.booking import Booker, at
from tests.api.visits.test_visit_day import HERE, kinds
from tests.world import World

MONDAY, TUESDAY = "2026-09-21", "2026-09-22"

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


class Followed:
    """A visit of Monday at 10 whose manager follows the service account, so that messages go to a phone."""

    def __init__(self, world: World) -> None:
        self.world = world
        world.staff("G001")
        world.desk.ask("POST", "followers", {"openid": "svc_G001", "unionid": "union_G001"})
        with world.app.app_context(), atomic():
            follow("svc_G001", "union_G001")
        self.booker = Booker(world)
        self.id = self.booker.booked(at(MONDAY, "10:00"))["id"]
        world.work()

    def fire(self, text: str) -> None:
        """What falls due with visits is told, and nothing is sent yet."""
        self.world.at(text)
        with self.world.app.app_context():
            while True:
                with atomic():
                    if not visit_sweep.sweep():
                        break
            db.session.remove()

    def states(self, kind: str) -> list[str]:
        with self.world.app.app_context():
            found = db.session.scalars(select(OutboxMessage.state).where(OutboxMessage.kind == kind)).all()
            db.session.remove()
        return list(found)

    def by_staff(self, verb: str, body: Any) -> None:
        json_of(self.world.staff("G001").send("POST", f"/staff/visits/{self.id}/{verb}", body))


def test_tomorrow_is_not_said_on_the_day_itself(world: World) -> None:
    """The jobs did not run from Sunday evening until Monday morning."""
    booker = Booker(world)
    booker.booked(at(MONDAY, "10:00"))
    world.at(f"{MONDAY} 09:00")
    world.work()
    assert kinds(booker.phone) == ["visit_booked", "visit_soon"]


@on_sqlite
def test_soon_is_not_said_after_the_start(world: World) -> None:
    booker = Booker(world)
    booker.booked(at(MONDAY, "10:00"))
    world.at(f"{MONDAY} 10:05")
    world.work()
    assert kinds(booker.phone) == ["visit_booked"]


@on_sqlite
@pytest.mark.parametrize(
    ("fired", "kind", "sent", "state"),
    [
        ("2026-09-20 18:00", "staff_visit_tomorrow", "2026-09-20 19:00", "accepted"),
        ("2026-09-20 18:00", "staff_visit_tomorrow", f"{MONDAY} 00:00", "expired"),
        (f"{MONDAY} 08:00", "staff_visit_soon", f"{MONDAY} 09:59", "accepted"),
        (f"{MONDAY} 08:00", "staff_visit_soon", f"{MONDAY} 10:00", "expired"),
    ],
)
def test_a_reminder_that_could_not_be_sent_in_time_is_dropped(
    world: World, fired: str, kind: str, sent: str, state: str
) -> None:
    visit = Followed(world)
    visit.fire(fired)
    assert visit.states(kind) == ["waiting"]
    world.at(sent)
    world.work()
    assert visit.states(kind) == [state]


def test_a_reminder_of_a_visit_that_was_cancelled_meanwhile_is_dropped(world: World) -> None:
    visit = Followed(world)
    visit.fire("2026-09-20 18:00")
    visit.by_staff("cancellation", {"reason": "客户要求"})
    world.work()
    assert visit.states("staff_visit_tomorrow") == ["expired"]
    assert visit.states("staff_visit_cancelled") == ["accepted"]


@on_sqlite
def test_a_reminder_of_a_visit_whose_work_is_done_is_dropped(world: World) -> None:
    visit = Followed(world)
    visit.fire("2026-09-20 18:00")
    world.complete(visit.booker.case_id, "site_visit")
    world.work()
    assert visit.states("staff_visit_tomorrow") == ["expired"]


@on_sqlite
def test_late_is_not_said_once_somebody_is_there(world: World) -> None:
    visit = Followed(world)
    visit.fire(f"{MONDAY} 10:20")
    assert visit.states("staff_visit_late") == ["waiting"]
    visit.by_staff("arrival", {"position": HERE})
    world.work()
    assert visit.states("staff_visit_late") == ["expired"]


@on_sqlite
def test_a_reminder_to_end_a_visit_is_dropped_when_it_was_ended(world: World) -> None:
    visit = Followed(world)
    world.at(f"{MONDAY} 10:00")
    visit.by_staff("arrival", {"position": HERE})
    visit.fire(f"{MONDAY} 12:00")
    assert visit.states("staff_visit_unended") == ["waiting"]
    visit.by_staff("completion", {})
    world.work()
    assert visit.states("staff_visit_unended") == ["expired"]


def test_the_crew_hears_of_another_address_and_the_calendar_file_is_newer(world: World) -> None:
    case = case_id(world, add_partner(world.app).consult()["number"])
    complete_transfer(world, case)
    manager = world.staff("G001")
    booking = {"purpose": "water_plan", "starts_at": at(MONDAY, "10:00")}
    answer = manager.send("POST", f"/staff/cases/{case}/visits", booking)
    assert answer.status_code == 201, answer.text
    customer = world.log_in("o_customer", "13800000001")
    visit = customer.get(f"/customer/cases/{case}/visits")["items"][0]["id"]
    path = f"/customer/cases/{case}/visits/{visit}/calendar"
    before = _lines(customer.send("GET", path).text)
    world.at("2026-09-18 15:00")
    saved = manager.send("PATCH", f"/staff/cases/{case}/application", {"answers": {"address": "新址路9号"}})
    assert saved.status_code == 200, saved.text
    after = _lines(customer.send("GET", path).text)
    assert (before["SEQUENCE"], after["SEQUENCE"]) == ("0", "1")
    assert after["DTSTAMP"] > before["DTSTAMP"]
    assert (before["UID"], after["LOCATION"]) == (after["UID"], "新址路9号")
    told = world.staff("N001").get("/staff/notices")["items"][0]
    assert told["kind"] == "staff_visit_place"
    # Where the visit is the crew reads on record; the message says that it has changed.
    assert "新址***" in told["body"]
    # Another answer moves nobody.
    manager.send("PATCH", f"/staff/cases/{case}/application", {"answers": {"meter_count": 2}})
    assert _lines(customer.send("GET", path).text)["SEQUENCE"] == "1"


def _lines(ics: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in ics.splitlines():
        name, _, value = line.partition(":")
        found.setdefault(name, value)
    return found
