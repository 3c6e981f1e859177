"""Removing somebody while they are given work: whoever comes second sees the first, and nothing is lost."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from app.core import clock
from app.core.db import db
from app.models import Application, Case, Staff, Task, Visit, VisitAttendee, VisitState
from app.services.cases.decisions import hand_over
from app.services.cases.submit import submit
from app.services.departures import remove_person
from app.services.history.timeline import by_customer, by_staff
from app.services.people import acting
from app.services.people.staffing import Colleague
from app.services.tasks import claim_task, reassign_task
from app.services.visits.booking.book_for_customer import book_for_customer
from tests.api.answers import refused
from tests.api.test_departures import holds_nothing
from tests.api.visits.booking import PLAN, Booker, at, enrol
from tests.at_once import at_once, while_open
from tests.world import ANSWERS, Phone, World, local

MONDAY = "2026-09-21"
Act = Callable[[FlaskClient], TestResponse]


def calling(phone: Phone, path: str, body: Any = None) -> Act:
    """A POST from a client of its own."""

    def act(client: FlaskClient) -> TestResponse:
        headers = {"Authorization": f"Bearer {phone.token}", "Idempotency-Key": uuid4().hex}
        return client.post(f"/api/v1{path}", json=body, headers=headers)

    return act


def removal(world: World, number: str) -> Act:
    return calling(world.staff("S001"), "/staff/departures", {"staff_number": number})


def removing(number: str) -> Callable[[], object]:
    return lambda: remove_person.remove(None, number)


def colleague(number: str) -> Colleague:
    return Colleague.of(db.session.scalars(select(Staff).where(Staff.number == number)).one())


class Scene:
    """A case of G001 with an opinion for the designers to take, and a complete draft of the same customer."""

    def __init__(self, world: World) -> None:
        self.world = world
        # Somebody else of each kind, so that everything has somewhere to go.
        enrol(world, ["N002"], "network")
        self.customer = world.log_in("o_customer", "13800000001")
        self.case_id: str = world.submitted(self.customer)["id"]
        tasks = world.staff("S001").get(f"/staff/cases/{self.case_id}/tasks")["items"]
        task = next(task for task in tasks if task["key"] == "design_opinion")
        self.task_id, self.task_version = task["id"], task["version"]
        draft = self.customer.post("/customer/applications", {"program": "single_meter"})
        self.draft_id = draft["id"]
        path = f"/customer/applications/{self.draft_id}"
        assert self.customer.send("PATCH", path, {"answers": dict(ANSWERS)}).status_code == 200
        self.case_version = world.staff("S001").get(f"/staff/cases/{self.case_id}")["version"]

    def take(self) -> None:
        task = db.session.get_one(Task, self.task_id)
        claim_task.claim_task(colleague("D001"), task)

    def give(self) -> None:
        task = db.session.get_one(Task, self.task_id)
        reassign_task.reassign_task(colleague("S001"), task, "D001", task.version)

    def hand_over(self) -> None:
        case = db.session.get_one(Case, self.case_id)
        hand_over.hand_over(case, by_staff(colleague("S001").id), "G002", "换人")

    def submit(self) -> object:
        draft = db.session.get_one(Application, self.draft_id)
        return submit(draft, by_customer(draft.customer_id or ""), confirmed=True)

    def book(self) -> object:
        case = db.session.get_one(Case, self.case_id)
        return book_for_customer(colleague("G001"), case, PLAN, local(f"{MONDAY} 10:00"))

    def taking(self) -> Act:
        return calling(self.world.staff("D001"), f"/staff/tasks/{self.task_id}/assignment")

    def giving(self) -> Act:
        body = {"staff_number": "D001", "version": self.task_version}
        return calling(self.world.staff("S001"), f"/staff/tasks/{self.task_id}/reassignment", body)

    def handing_over(self) -> Act:
        body = {"manager_number": "G002", "summary": "换人", "version": self.case_version}
        return calling(self.world.staff("S001"), f"/staff/cases/{self.case_id}/handover", body)

    def submitting(self) -> Act:
        return calling(self.customer, f"/customer/applications/{self.draft_id}/submission")

    def booking(self) -> Act:
        body = {"purpose": PLAN, "starts_at": at(MONDAY, "10:00")}
        return calling(self.customer, f"/customer/cases/{self.case_id}/visits", body)

    def nobody_waits_for(self, number: str) -> None:
        """What somebody held is with others, and the jobs bring somebody else to the visits."""
        holds_nothing(self.world, number)
        self.world.work()
        with self.world.app.app_context():
            live = (VisitState.HELD.value, VisitState.CONFIRMED.value)
            booked = db.session.scalars(
                select(Staff.number)
                .join(VisitAttendee, VisitAttendee.staff_id == Staff.id)
                .join(Visit, Visit.id == VisitAttendee.visit_id)
                .where(Visit.state.in_(live), Visit.in_doubt_at.is_(None))
            ).all()
            db.session.remove()
        assert number not in booked


@pytest.fixture
def scene(world: World) -> Scene:
    return Scene(world)


@pytest.mark.parametrize(
    ("number", "act", "status", "code"),
    [
        ("D001", Scene.taking, 401, "not_signed_in"),
        ("D001", Scene.giving, 422, "invalid_fields"),
        ("G002", Scene.handing_over, 422, "invalid_fields"),
    ],
)
def test_nothing_is_given_to_somebody_who_is_being_removed(
    scene: Scene, number: str, act: Callable[[Scene], Act], status: int, code: str
) -> None:
    refused(while_open(scene.world.app, removing(number), act(scene), keep=True), status, code)
    scene.nobody_waits_for(number)


def test_a_case_submitted_meanwhile_gets_another_manager(scene: Scene) -> None:
    answer = while_open(scene.world.app, removing("G001"), scene.submitting(), keep=True)
    assert answer.json is not None
    assert (answer.status_code, answer.json["manager"]["number"]) == (201, "G002")
    scene.nobody_waits_for("G001")


def test_a_removal_that_is_undone_changes_nothing(scene: Scene) -> None:
    answer = while_open(scene.world.app, removing("D001"), scene.taking(), keep=False)
    assert answer.status_code == 200
    answer = while_open(scene.world.app, removing("G001"), scene.submitting(), keep=False)
    assert answer.json is not None
    assert answer.json["manager"]["number"] == "G001"


def test_a_booking_finds_somebody_else_than_who_is_being_removed(scene: Scene) -> None:
    answer = while_open(scene.world.app, removing("G001"), scene.booking(), keep=True)
    assert answer.json is not None
    assert answer.status_code == 201, answer.text
    names = [person["name"] for person in answer.json["visitors"]]
    assert ("王敏" in names, "李建国" in names) == (False, True)
    scene.nobody_waits_for("G001")


@pytest.mark.parametrize(
    ("number", "change"),
    [
        ("D001", Scene.take),
        ("D001", Scene.give),
        ("G002", Scene.hand_over),
        ("G001", Scene.hand_over),
        ("G001", Scene.submit),
        ("G001", Scene.book),
        ("N001", Scene.book),
        ("N002", Scene.book),
    ],
)
def test_removal_finds_what_is_being_given(
    scene: Scene, number: str, change: Callable[[Scene], object]
) -> None:
    removed = removal(scene.world, number)
    if change is Scene.book and number.startswith("N"):
        # One of the two is booked: removal of the other need not wait.
        answer = at_once(scene.world.app, [removed, scene.booking()])[0]
    else:
        answer = while_open(scene.world.app, lambda: change(scene), removed, keep=True)
    assert answer.status_code == 201, answer.text
    scene.nobody_waits_for(number)


def test_who_acts_for_an_absent_manager_is_not_somebody_who_is_being_removed(scene: Scene) -> None:
    """The manager's task of a new case falls to the deputy, who is leaving."""
    body = {
        "staff_number": "G001",
        "deputy_number": "G002",
        "starts_at": at("2026-09-18", "08:00"),
        "ends_at": at(MONDAY, "18:00"),
    }
    scene.world.staff("S001").post("/staff/leaves", body)
    answer, removed = at_once(scene.world.app, [scene.submitting(), removal(scene.world, "G002")])
    assert answer.json is not None
    assert (answer.status_code, answer.json["manager"]["number"]) == (201, "G001")
    assert removed.status_code == 201
    scene.nobody_waits_for("G002")


@pytest.mark.parametrize("number", ["G001", "G002", "D001", "N001"])
def test_everything_at_once(scene: Scene, number: str) -> None:
    """Whatever comes first, nobody is answered with an error and nothing is left with who is gone."""
    acts = [
        scene.handing_over(),
        scene.taking(),
        removal(scene.world, number),
        scene.submitting(),
        scene.booking(),
        removal(scene.world, "D002"),
    ]
    answers = at_once(scene.world.app, acts)
    assert [answer.status_code for answer in answers if answer.status_code >= 500] == []
    assert (answers[2].status_code, answers[5].status_code) == (201, 201)
    for gone in (number, "D002"):
        scene.nobody_waits_for(gone)


def test_two_managers_leave_at_once_and_somebody_has_their_cases(world: World) -> None:
    Booker(world)
    acts = [removal(world, "G001"), removal(world, "G002")]
    assert [answer.status_code for answer in at_once(world.app, acts)] == [201, 201]
    (line,) = world.staff("S001").get("/staff/supervision/handovers")["items"]
    assert line["proposed_number"] == "S001"
    for number in ("G001", "G002"):
        holds_nothing(world, number)


def test_a_hand_over_is_confirmed_once_and_not_for_somebody_who_came_back(world: World) -> None:
    booker = Booker(world)
    departure = calling(world.staff("S001"), "/staff/departures", {"staff_number": "G001"})(world.client)
    assert departure.json is not None
    supervisor = world.staff("S001")
    (line,) = supervisor.get("/staff/supervision/handovers")["items"]
    confirming = calling(supervisor, f"/staff/supervision/handovers/{line['id']}/confirmation", {})
    returning = calling(supervisor, f"/staff/departures/{departure.json['id']}/return")
    answers = at_once(world.app, [confirming, confirming, returning])
    assert answers[2].status_code == 200
    returned = answers[2].json["cases"] if answers[2].json else None
    confirmed = [answer.status_code for answer in answers[:2]].count(204)
    assert confirmed == (0 if returned else 1)
    manager = booker.phone.get(booker.path)["manager"]["number"]
    assert manager == ("G001" if returned else "G002")


def test_two_supervisors_choose_different_managers_and_one_of_them_is_told_so(world: World) -> None:
    enrol(world, ["G003"], "customer_development", manager=True)
    booker = Booker(world)
    supervisor = world.staff("S001")
    supervisor.post("/staff/departures", {"staff_number": "G001"})
    (line,) = supervisor.get("/staff/supervision/handovers")["items"]
    path = f"/staff/supervision/handovers/{line['id']}/confirmation"
    chosen = ("G002", "G003")
    acts = [calling(supervisor, path, {"manager_number": number}) for number in chosen]
    confirming = calling(supervisor, "/staff/supervision/handovers/confirmations", {})
    answers = at_once(world.app, [*acts, confirming])
    assert answers[2].json is not None
    won = [number for number, answer in zip(chosen, answers, strict=False) if answer.status_code == 204]
    assert len(won) + answers[2].json["confirmed"] == 1
    assert {answer.status_code for answer in answers[:2]} <= {204, 409}
    manager = booker.phone.get(booker.path)["manager"]["number"]
    assert manager == (won[0] if won else line["proposed_number"])
    kinds = [notice["kind"] for notice in booker.phone.get("/customer/notices")["items"]]
    assert kinds.count("manager_changed") == 1


def test_who_comes_back_while_they_are_removed_again_is_here_or_gone_with_nothing(world: World) -> None:
    booker = Booker(world)
    supervisor = world.staff("S001")
    departure = supervisor.post("/staff/departures", {"staff_number": "G001"})["id"]
    returning = calling(supervisor, f"/staff/departures/{departure}/return")
    removed, returned = at_once(world.app, [removal(world, "G001"), returning])
    assert (returned.status_code, removed.status_code) in {(200, 201), (200, 409)}
    if removed.status_code == 201:
        holds_nothing(world, "G001")
    manager = booker.phone.get(booker.path)["manager"]["number"]
    assert manager == ("G002" if removed.status_code == 201 else "G001")
    assert len(supervisor.get("/staff/supervision/handovers")["items"]) == (removed.status_code == 201)


def test_the_rule_holds_while_leave_is_entered(world: World) -> None:
    """Two people name each other at once: both are entered, and somebody else acts for both."""
    bodies = [
        {
            "staff_number": who,
            "deputy_number": deputy,
            "starts_at": at("2026-09-18", "08:00"),
            "ends_at": at(MONDAY, "18:00"),
        }
        for who, deputy in (("G001", "G002"), ("G002", "G001"))
    ]
    acts = [calling(world.staff(body["staff_number"]), "/staff/leaves", body) for body in bodies]
    assert [answer.status_code for answer in at_once(world.app, acts)] == [201, 201]
    with world.app.app_context():
        people = {number: colleague(number).id for number in ("G001", "G002", "S001")}
        assert {acting.acts_for(people[number], clock.now()) for number in ("G001", "G002")} == {
            people["S001"]
        }
        db.session.remove()
