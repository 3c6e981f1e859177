"""The sample of `make serve`: cases of every stage and every situation, written by the product itself."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from fractions import Fraction

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.core import clock
from app.core.atomic import atomic
from app.core.clock import FixedClock
from app.core.db import db
from app.jobs import timetable
from app.models import Application, Case
from app.services.cases import access, early_service
from app.services.cases.clock import road_permit, stops
from app.services.cases.views import case_queries, progress
from app.services.conversations.care import chases, complaints
from app.services.conversations.views import polling
from app.services.installation import city
from app.services.papers import paper_records
from app.services.people import identity
from app.services.people.staffing import Colleague
from app.services.tasks import task_queries
from app.services.tasks.task_queries import TaskLine
from app.services.timers import firing
from app.services.visits.changes import work_patterns
from app.services.visits.views import staff_calendars, visit_queries
from app.services.visits.views.staff_calendars import Days
from app.services.visits.views.visit_queries import VisitLine
from demo.people import fictional_people as people
from demo.sample import loader, plan, visits
from demo.sample.plan import SamplePlan
from notifications.models import Notice

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

NOON = "2026-11-25T12:00+08:00"
OTHER_INSTANTS = {
    "a Sunday night": "2026-11-29T23:10+08:00",
    "the National Day holiday": "2026-10-04T10:00+08:00",
    "the last minute of a year": "2026-12-31T23:59+08:00",
}
# Cases that were opened longer ago show history, these two apart: they would take half of the loading.
SHORT_HISTORY = 9
OLD_BUT_SHOWN = {"sample08", "sample12"}


def _load(app: Flask, at: str, sample: SamplePlan) -> int:
    clock.use(FixedClock(datetime.fromisoformat(at)))
    jobs = timetable.jobs(app.extensions["steward.settings"], app.extensions["steward.wechat"])
    return loader.load(jobs, app.extensions["steward.desk"], sample)


@pytest.fixture(autouse=True)
def _own_clock() -> Iterator[None]:
    before = clock.in_use()
    yield
    clock.use(before)


def _case_ids() -> dict[str, tuple[str, str]]:
    """The customer's id and the case's, by the customer's key in the plan."""
    found = {}
    for person in people.customers():
        customer = identity.sign_in_customer(person.openid, person.unionid)
        for line in case_queries.cases_of_customer(customer.id, None, 10):
            found[person.key] = (customer.id, line.id)
    return found


def _visits_of(cases: dict[str, tuple[str, str]]) -> list[VisitLine]:
    return [
        visit
        for owner, case in cases.values()
        for visit in visit_queries.bookings_of_case(access.customer_case(owner, case)).items
    ]


def _tasks_of(cases: dict[str, tuple[str, str]]) -> list[TaskLine]:
    supervisor = _member("S001")
    lines = [line for _, case in cases.values() for line in task_queries.tasks_of_case(supervisor, case)]
    return [line for line in lines if line.state == "open"]


def _member(number: str) -> Colleague:
    member = identity.staff_of(next(one.openid for one in people.staff() if one.key == number))
    assert member is not None
    return Colleague.of(member)


def _assert_every_situation(cases: dict[str, tuple[str, str]]) -> None:
    """Whatever the hour, the sample shows each of these."""
    now, line = clock.now(), city.working_time()
    supervisor = _member("S001")

    def of_owner(key: str) -> Case:
        return access.customer_case(*cases[key])

    said = polling.page_for_owner(*cases["sample11"], 1000, 50).items
    assert {"customer", "staff"} <= {message.author for message in said if message.kind == "text"}
    assert "open" in {found.state for found in complaints.complaints_of_staff(supervisor)}
    assert [found.answered_at is None for found in chases.chases_of_case(of_owner("sample12"))] == [
        True,
        False,
    ]
    disputed = [review for stop in stops.stops_of_case(of_owner("sample13")) for review in stop.reviews]
    assert [review.ruling for review in disputed] == [None]
    assert set(early_service.consultation_of(of_owner("sample31")).awaited) == {"管网管理部门", "营销部门"}
    permit = road_permit.permit_of_case(of_owner("sample14"))
    assert (permit.needed, permit.waiting_for) == (True, "received")
    assert [paper.confirmed_at for paper in paper_records.papers_of_case(cases["sample18"][1])] == [None]
    draft = select(Application.answers).where(
        Application.submitted_at.is_(None), Application.channel == "miniprogram"
    )
    assert [answers["project_name"] for answers in db.session.scalars(draft)] == ["醴泉演示咖啡馆用水"]
    day = visits.visit_day(line, now)
    booked = {
        visit.starts_at.astimezone(line.zone).date()
        for visit in _visits_of(cases)
        if visit.state in {"confirmed", "done"}
    }
    assert day in booked
    tasks = _tasks_of(cases)
    assert any(task.overdue for task in tasks)
    soon = line.due(now, Fraction(1, 2))
    assert any(task.due_at and now < task.due_at <= soon for task in tasks)
    returns = [task for task in tasks if task.key == "return_visit"]
    assert {task.overdue for task in returns} == {True, False}
    # Everything before this instant was done on the way; what falls due now is left to the jobs process.
    assert (firing.QUEUE.next_due() or now) >= now


@on_sqlite
def test_the_sample_has_cases_of_every_stage(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        opened = _load(app, NOON, plan.read())
        with atomic():
            cases = _case_ids()
            shown = [progress.progress_for_owner(*case) for case in cases.values()]
            visit_lines = _visits_of(cases)
            ahead = staff_calendars.of_department(_member("G001"), Days.of(None, 14))
            part_time = work_patterns.read(_member("D002"), None)
            _assert_every_situation(cases)
            told = set(db.session.scalars(select(Notice.title).where(Notice.staff_id.is_not(None))))
    assert "今日须知" in told
    unconfirmed = 1  # taken by telephone: it belongs to nobody until the customer logs in
    assert opened == len(cases) + unconfirmed == 32
    open_stages = Counter(
        stage["key"] for case in shown for stage in case["stages"] if stage["state"] == "open"
    )
    assert {
        "information_transfer",
        "acceptance_plan",
        "design",
        "budget_contract",
        "construction",
        "return_visit",
        "approval",
    } <= set(open_stages)
    assert sum(case["state"] == "closed" for case in shown) >= 6
    assert {case["rating"] for case in shown} >= {None, 2, 5}
    assert sum(case["clock"]["stopped"] for case in shown) >= 2
    late = [
        stage
        for case in shown
        for stage in case["stages"]
        if stage["promised_max"] and float(stage["used"]) > float(stage["promised_max"])
    ]
    assert {"design", "return_visit"} <= {stage["key"] for stage in late}
    assert len({case["manager"]["name"] for case in shown}) >= 3
    # Some visits are ahead, those whose time has come were made, and their tasks waited for them.
    assert Counter(visit.state for visit in visit_lines) == {"confirmed": 5, "done": 4, "cancelled": 1}
    done = [visit for visit in visit_lines if visit.state == "done"]
    assert all(visitor.arrived_at == visit.starts_at for visit in done for visitor in visit.visitors)
    assert all(visit.starts_at > clock.now() for visit in visit_lines if visit.state == "confirmed")
    assert len([line for line in ahead if line.visit.state == "confirmed"]) >= 4
    assert [week.force for week in part_time.patterns] == ["present"]
    # What was sent on the way reached phones; what happens now waits for the jobs process.
    assert len(client.get("/dev/messages").get_json()["items"]) > 100
    assert client.get("/dev/clock").get_json()["messages_waiting"] > 0


@on_sqlite
@pytest.mark.parametrize("at", OTHER_INSTANTS.values(), ids=OTHER_INSTANTS)
def test_the_sample_shows_every_situation_at_any_hour(app: Flask, at: str) -> None:
    whole = plan.read()
    recent = [
        case
        for case in whole.cases
        if case.opened_days_ago <= SHORT_HISTORY or case.customer.key in OLD_BUT_SHOWN
    ]
    with app.app_context():
        _load(app, at, replace(whole, cases=recent))
        with atomic():
            _assert_every_situation(_case_ids())


def test_everybody_in_the_plan_is_known_and_nobody_has_two_cases() -> None:
    planned = [case.customer.key for case in plan.read().cases]
    assert len(planned) == len(set(planned)) == 33
    phones = [person.phone for person in (*people.staff(), *people.customers())]
    assert len(phones) == len(set(phones))
