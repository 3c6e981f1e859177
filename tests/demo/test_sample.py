"""The sample of `make serve`: cases of every stage, written by the product itself."""

from collections import Counter

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.core import clock
from app.core.atomic import atomic
from app.jobs import timetable
from app.services.cases import access
from app.services.cases.views import case_queries, progress
from app.services.people import identity
from app.services.people.staffing import Colleague
from app.services.timers import firing
from app.services.visits.changes import work_patterns
from app.services.visits.views import staff_calendars, visit_queries
from app.services.visits.views.staff_calendars import Days
from app.services.visits.views.visit_queries import VisitLine
from demo import people, sample, sample_plan
from demo.people import Person

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def _progress_of(person: Person) -> list[progress.Answer]:
    customer = identity.sign_in_customer(person.openid, person.unionid)
    return [
        progress.progress_for_owner(customer.id, line.id)
        for line in case_queries.cases_of_customer(customer.id, None, 10)
    ]


def _visits_of(person: Person) -> list[VisitLine]:
    customer = identity.sign_in_customer(person.openid, person.unionid)
    cases = [
        access.customer_case(customer.id, line.id)
        for line in case_queries.cases_of_customer(customer.id, None, 10)
    ]
    return [visit for case in cases for visit in visit_queries.bookings_of_case(case).items]


def _member(number: str) -> Colleague:
    member = identity.staff_of(next(one.openid for one in people.staff() if one.key == number))
    assert member is not None
    return Colleague.of(member)


@on_sqlite
def test_the_sample_has_cases_of_every_stage(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        jobs = timetable.jobs(app.extensions["steward.settings"], app.extensions["steward.wechat"])
        opened = sample.load(jobs, app.extensions["steward.desk"])
        with atomic():
            cases = [case for person in people.customers() for case in _progress_of(person)]
            assert firing.QUEUE.pending() == 0
            visits = [visit for person in people.customers() for visit in _visits_of(person)]
            today = Days.of(None, 14)
            ahead = staff_calendars.of_department(_member("G001"), today)
            part_time = work_patterns.read(_member("D002"), None)
    unconfirmed = 1  # taken by telephone: it belongs to nobody until the customer logs in
    assert opened == len(cases) + unconfirmed == 29
    open_stages = Counter(
        stage["key"] for case in cases for stage in case["stages"] if stage["state"] == "open"
    )
    assert {
        "acceptance_plan",
        "design",
        "budget_contract",
        "construction",
        "return_visit",
        "approval",
    } <= set(open_stages)
    assert sum(case["state"] == "closed" for case in cases) >= 6
    assert {case["rating"] for case in cases} >= {None, 2, 5}
    assert sum(case["clock"]["stopped"] for case in cases) >= 2
    late = [
        stage
        for case in cases
        for stage in case["stages"]
        if stage["promised_max"] and float(stage["used"]) > float(stage["promised_max"])
    ]
    assert {"design", "return_visit"} <= {stage["key"] for stage in late}
    assert len({case["manager"]["name"] for case in cases}) >= 3
    # Some visits are ahead, those whose time has come were made, and their tasks waited for them.
    assert Counter(visit.state for visit in visits) == {"confirmed": 6, "done": 2, "cancelled": 1}
    done = [visit for visit in visits if visit.state == "done"]
    assert all(visitor.arrived_at == visit.starts_at for visit in done for visitor in visit.visitors)
    assert all(visit.starts_at > clock.now() for visit in visits if visit.state == "confirmed")
    assert len([line for line in ahead if line.visit.state == "confirmed"]) >= 4
    assert [week.force for week in part_time.patterns] == ["present"]
    # What was sent on the way reached phones; what happens now waits for the jobs process.
    assert len(client.get("/dev/messages").get_json()["items"]) > 100
    assert client.get("/dev/clock").get_json()["messages_waiting"] > 0


def test_everybody_in_the_plan_is_known_and_nobody_has_two_cases() -> None:
    planned = [case.customer.key for case in sample_plan.read().cases]
    assert len(planned) == len(set(planned)) == 30
    phones = [person.phone for person in (*people.staff(), *people.customers())]
    assert len(phones) == len(set(phones))
