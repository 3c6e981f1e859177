"""A printed database is a real one: whole, kept to its constraints, and its cases go on in the product."""

import re
from typing import Any

import psycopg
import pytest
from flask import Flask
from sqlalchemy import func, select

from app.core.atomic import atomic
from app.core.db import db
from app.models import Application, Case, Customer, Staff, Task, Timer
from app.services.people.sessions import Audience
from benchmarks.bulk import loading
from benchmarks.bulk.loading import NotToBeFilledError
from benchmarks.bulk.walks import WALKS
from tests.conftest import SUITE_DATABASE
from tests.databases import Postgresql
from tests.world import Phone, World

pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)

CASES = 150
SEED = 7
# One that ended, one that has just begun, one whose clock stands still.
COURSES = tuple(walk for walk in WALKS if walk.name in {"withdrawn", "just submitted", "waiting for payment"})


@pytest.fixture
def loaded(app: Flask) -> loading.Loaded:
    return loading.load(app, CASES, SEED, courses=COURSES, processes=1)


def signed_in(app: Flask, audience: Audience, subject_id: str) -> Phone:
    with app.app_context(), atomic():
        token = app.extensions["steward.signer"].issue(audience, subject_id).value
    return Phone(app.test_client(), token)


def staff(app: Flask, number: str) -> Phone:
    with app.app_context():
        person = db.session.scalars(select(Staff).where(Staff.number == number)).one()
    return signed_in(app, Audience.STAFF, person.id)


def printed(app: Flask, course: str) -> Case:
    """A case of that course that was printed, not walked."""
    wanted = {
        "just submitted": Case.id.in_(
            select(Task.case_id).where(Task.key == "site_visit", Task.state == "open")
        ),
        "waiting for payment": Case.id.in_(select(Task.case_id).where(Task.key == "payment")),
        "withdrawn": Case.state == "withdrawn",
    }
    with app.app_context():
        case = db.session.scalars(
            select(Case).where(wanted[course], Case.project_name.contains("虚构")).order_by(Case.id)
        ).first()
    assert case is not None
    return case


def counted(app: Flask, question: Any) -> int:
    with app.app_context():
        found: int = db.session.scalar(question)
        db.session.remove()
        return found


# PostgreSQL writes the condition of a partial index anew when the index is made from what it wrote before:
# the same condition, with its casts in other places.
_CASTS = re.compile(r"::(character varying|text)(\[\])?|[()]")


def structure(url: str) -> tuple[Any, Any]:
    with psycopg.connect(loading.psycopg_url(url)) as connection:
        return (
            connection.execute(
                "SELECT conrelid::regclass::text, conname, convalidated, pg_get_constraintdef(oid)"
                " FROM pg_constraint WHERE connamespace = 'public'::regnamespace ORDER BY 1, 2"
            ).fetchall(),
            [
                (name, _CASTS.sub("", definition))
                for name, definition in connection.execute(
                    "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1"
                )
            ],
        )


def test_the_sums_are_right_and_every_constraint_is_back_and_holds(app: Flask, database_url: str) -> None:
    before = structure(database_url)
    loaded = loading.load(app, CASES, SEED, courses=COURSES, processes=1)
    # Put back validated: the database itself has looked at every row.
    assert structure(database_url) == before
    assert loaded.rows["cases"] == CASES - len(COURSES)
    assert counted(app, select(func.count()).select_from(Case)) == CASES
    assert counted(app, select(func.count()).select_from(Application)) == CASES
    # Some customers have more than one case, and every case has its customer.
    assert loaded.rows["customers"] < loaded.rows["cases"]
    with app.app_context():
        rows = db.session.execute(select(Case.state, func.count()).group_by(Case.state)).all()
        by_state = {row[0]: row[1] for row in rows}
        open_ones = select(Case.id).where(Case.closed_at.is_(None))
        idle = select(func.count()).where(Task.state == "open", Task.case_id.not_in(open_ones))
        late = select(func.count()).select_from(Timer).where(Timer.case_id.not_in(open_ones))
        assert db.session.scalar(idle) == db.session.scalar(late) == 0
    assert set(by_state) == {"open", "withdrawn"}
    assert by_state["withdrawn"] > by_state["open"] > len(COURSES)


def test_the_same_seed_prints_the_same_people_and_numbers(app: Flask, postgresql_server: Postgresql) -> None:
    def drawn() -> tuple[set[str | None], set[str], set[str]]:
        with app.app_context():
            people = set(db.session.scalars(select(Customer.phone_hash)))
            cases = db.session.execute(select(Case.number, Case.project_name)).all()
            db.session.remove()
            db.engine.dispose()
        return (
            people,
            {number[6:] for number, name in cases if "虚构" in name},
            {name for _, name in cases},
        )

    loading.load(app, CASES, SEED, courses=COURSES, processes=1)
    first = drawn()
    postgresql_server.empty(SUITE_DATABASE)
    loading.load(app, CASES, SEED, courses=COURSES, processes=2)
    assert drawn() == first
    postgresql_server.empty(SUITE_DATABASE)
    loading.load(app, CASES, SEED + 1, courses=COURSES, processes=1)
    other = drawn()
    assert other[1].isdisjoint(first[1])
    assert other[0] != first[0]


@pytest.mark.usefixtures("loaded")
def test_a_printed_case_is_found_handed_over_and_goes_on(app: Flask) -> None:
    case = printed(app, "just submitted")
    supervisor = staff(app, "S001")
    (line,) = supervisor.post("/staff/case-searches", {"number": case.number})["items"]
    assert line["contact"]["name"].startswith("演")
    other = "G101" if line["manager_name"] != "演示管家02" else "G102"
    handed = supervisor.post(
        f"/staff/cases/{case.id}/handover",
        {"version": line["version"], "manager_number": other, "summary": "客户已约周三"},
    )
    assert handed["manager"]["number"] == other
    (visit,) = (task for stage in handed["awaited"] for task in stage["tasks"] if task["key"] == "site_visit")
    done = staff(app, other).post(
        f"/staff/tasks/{visit['id']}/completion",
        {"outputs": {"visited_at": visit["since"], "form_guided": True}},
    )
    assert (done["state"], done["mine"]) == ("done", True)


@pytest.mark.usefixtures("loaded")
def test_the_clock_of_a_printed_case_runs_again_when_the_customer_has_paid(app: Flask) -> None:
    case = printed(app, "waiting for payment")
    assert case.customer_id is not None
    customer = signed_in(app, Audience.CUSTOMER, case.customer_id)
    assert customer.get(f"/customer/cases/{case.id}")["clock"]["stopped"] is True
    finance = staff(app, "F001")
    quoted = staff(app, "S001").get(f"/staff/cases/{case.id}/quotes")["items"][-1]
    chosen = next(option for option in quoted["options"] if option["key"] == quoted["chosen_key"])
    payment = next(
        task for task in finance.get(f"/staff/cases/{case.id}/tasks")["items"] if task["key"] == "payment"
    )
    finance.post(
        f"/staff/tasks/{payment['id']}/completion",
        {"outputs": {"paid_fen": chosen["total_fen"], "receipt_number": "SJ-TEST"}},
    )
    progress = customer.get(f"/customer/cases/{case.id}")
    assert progress["clock"]["stopped"] is False
    assert "施工" in progress["next_action"]


@pytest.mark.usefixtures("loaded")
def test_a_printed_case_that_ended_can_be_read_and_moves_no_more(app: Flask) -> None:
    case = printed(app, "withdrawn")
    supervisor = staff(app, "S001")
    progress = supervisor.get(f"/staff/cases/{case.id}")
    assert (progress["state"], progress["awaited"]) == ("withdrawn", [])
    assert [line["kind"] for line in supervisor.get(f"/staff/cases/{case.id}/timeline")["items"]][-1:] == [
        "case_withdrawn"
    ]
    answer = supervisor.send(
        "POST",
        f"/staff/cases/{case.id}/withdrawal",
        {"version": progress["version"], "reason": "再次撤回"},
    )
    assert answer.status_code == 409


def test_a_database_with_cases_in_it_is_not_filled(world: World) -> None:
    world.submitted(world.log_in("o_customer", "13800000001"))
    with pytest.raises(NotToBeFilledError, match="not empty"):
        loading.load(world.app, CASES, SEED)
