"""The same request twice, in sequence and at the same time, takes effect once."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.test import TestResponse

from app.core.db import db
from app.jobs import timetable
from app.services.cases.flow.case_flow import CaseFlow
from app.services.operations import idempotency
from tests.api.answers import json_of, refused
from tests.api.database_rows import count, nothing_changes
from tests.at_once import MeetingPoint, at_once
from tests.world import ANSWERS, OUTPUTS, SINGLE_METER, Phone, World

KEY = "0123456789abcdef"
RIVALS = 4


@pytest.fixture
def customer(world: World) -> Phone:
    return world.log_in("o_customer", "13800000001")


@pytest.fixture
def submission(customer: Phone) -> str:
    """The address at which a complete draft is submitted."""
    draft = customer.post("/customer/applications", {"program": "single_meter"})
    saved = customer.send("PATCH", f"/customer/applications/{draft['id']}", {"answers": dict(ANSWERS)})
    assert saved.status_code == 200
    return f"/customer/applications/{draft['id']}/submission"


def sending(
    phone: Phone, path: str, body: Any = None, key: str | None = None
) -> Callable[[FlaskClient], TestResponse]:
    """The same person's POST, from whichever client."""
    return lambda client: Phone(client, phone.token).send("POST", path, body, key)


def one_case(app: Flask) -> None:
    """One case with one manager, its first four tasks, one opening in history and ledger."""
    assert {table: count(app, table) for table in ("cases", "tasks", "ledger", "stages")} == {
        "cases": 1,
        "tasks": 4,
        "ledger": 1,
        "stages": 1,
    }


def test_the_same_key_gets_the_same_answer(world: World, customer: Phone, submission: str) -> None:
    first = customer.send("POST", submission, key=KEY)
    assert first.status_code == 201
    # What the answer would say now is not what it said then.
    world.at("2026-09-18 15:00")
    with nothing_changes(world.app):
        again = customer.send("POST", submission, key=KEY)
    assert (again.status_code, again.get_data(), again.content_type) == (
        201,
        first.get_data(),
        first.content_type,
    )


def test_another_key_gets_the_same_case(world: World, customer: Phone, submission: str) -> None:
    first = customer.post(submission)
    again = customer.post(submission)
    assert (again["id"], again["number"], again["manager"]) == (
        first["id"],
        first["number"],
        first["manager"],
    )
    one_case(world.app)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_key_is_for_one_request(world: World, customer: Phone) -> None:
    customer.post("/customer/applications", {"program": "single_meter"}, key=KEY)
    with nothing_changes(world.app):
        for path, body in (
            ("/customer/applications", {"program": "residential"}),
            ("/customer/subscriptions", {"program": "single_meter"}),
        ):
            refused(customer.send("POST", path, body, key=KEY), 422, "idempotency_key")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_key_is_its_callers_own(world: World, customer: Phone) -> None:
    mine = customer.post("/customer/applications", {"program": "single_meter"}, key=KEY)
    other = world.log_in("o_other", "13800000002")
    theirs = other.post("/customer/applications", {"program": "single_meter"}, key=KEY)
    assert theirs["id"] != mine["id"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("key", [None, "", "short", "x" * 65, "with space", "中文中文中文中文"])
def test_a_post_without_a_proper_key_is_refused(
    world: World, customer: Phone, submission: str, key: str | None
) -> None:
    headers = {"Authorization": f"Bearer {customer.token}"}
    if key is not None:
        # As the bytes arrive: a header is Latin-1 to WSGI.
        headers["Idempotency-Key"] = key.encode().decode("latin-1")
    with nothing_changes(world.app):
        answer = world.client.post(f"/api/v1{submission}", headers=headers)
        refused(answer, 422, "idempotency_key")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_refusal_is_not_kept(world: World, customer: Phone) -> None:
    """The customer mends what was wrong and tries again; the client may well use the same key."""
    draft = customer.post("/customer/applications", {"program": "single_meter"})
    path = f"/customer/applications/{draft['id']}"
    refused(customer.send("POST", f"{path}/submission", key=KEY), 422, "invalid_fields")
    customer.send("PATCH", path, {"answers": dict(ANSWERS)})
    assert customer.send("POST", f"{path}/submission", key=KEY).status_code == 201


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_an_answer_is_forgotten_after_a_week(world: World, customer: Phone) -> None:
    customer.post("/customer/applications", {"program": "single_meter"}, key=KEY)
    for day, kept in (("2026-09-25 08:59", 1), ("2026-09-25 09:01", 0)):
        world.at(day)
        with world.app.app_context():
            timetable.delete_old_records()
        with world.app.app_context():
            found = db.session.scalar(
                text("SELECT count(*) FROM idempotency_records WHERE key = :key"), {"key": KEY}
            )
        assert found == kept, day


@pytest.mark.parametrize("keys", ["one key", "a key each"])
def test_submitting_at_the_same_moment_makes_one_case(
    world: World, customer: Phone, submission: str, keys: str
) -> None:
    chosen = [KEY if keys == "one key" else f"{KEY}{number}" for number in range(RIVALS)]
    answers = at_once(world.app, [sending(customer, submission, key=key) for key in chosen])
    assert [answer.status_code for answer in answers] == [201] * RIVALS, [a.text for a in answers]
    told = {(a.json["id"], a.json["number"], a.json["manager"]["number"]) for a in answers if a.json}
    assert len(told) == 1
    if keys == "one key":
        assert len({answer.get_data() for answer in answers}) == 1
    one_case(world.app)


def test_starting_at_the_same_moment_with_one_key_makes_one_draft(world: World, customer: Phone) -> None:
    body = {"program": "single_meter"}
    answers = at_once(
        world.app,
        [sending(customer, "/customer/applications", body, key=KEY)] * RIVALS,
    )
    assert [answer.status_code for answer in answers] == [201] * RIVALS
    assert len({answer.get_data() for answer in answers}) == 1
    assert count(world.app, "applications") == 1


def test_one_of_two_colleagues_gets_the_task(world: World, customer: Phone, submission: str) -> None:
    customer.post(submission)
    colleagues = [world.staff("D001"), world.staff("D002")]
    (task,) = colleagues[0].get("/staff/tasks?scope=department")["items"]
    answers = at_once(
        world.app,
        [sending(phone, f"/staff/tasks/{task['id']}/assignment") for phone in colleagues],
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    loser = answers[0] if answers[0].status_code == 409 else answers[1]
    refused(loser, 409, "conflict")
    assert sum(len(phone.get("/staff/tasks")["items"]) for phone in colleagues) == 1


def test_a_task_completed_twice_at_once_counts_once(world: World, customer: Phone, submission: str) -> None:
    case = customer.post(submission)
    survey = world.staff("N001")
    (task,) = survey.get("/staff/tasks?scope=department")["items"]
    body = {"outputs": OUTPUTS["network_survey"]}
    answers = at_once(
        world.app,
        [sending(survey, f"/staff/tasks/{task['id']}/completion", body)] * 2,
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409], [a.text for a in answers]
    lines = survey.get(f"/staff/cases/{case['id']}/timeline")["items"]
    assert [line["kind"] for line in lines].count("task_completed") == 1


def test_departments_that_finish_at_the_same_moment_do_not_wait_for_each_other_for_ever(
    world: World, customer: Phone, submission: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each sees the others' task as still open; yet together they end what the next task waits for."""
    written = CaseFlow.publish
    together = MeetingPoint(world.app, 3)

    def publish(flow: CaseFlow) -> None:
        # Each decides what comes next before any of them has committed, if it is let so far at all.
        together.wait()
        written(flow)

    case = customer.post(submission)
    world.complete(case["id"], "site_visit")
    people = {"N001": "network_survey", "D001": "design_opinion", "E001": "engineering_opinion"}
    acts = []
    for number, key in people.items():
        phone = world.staff(number)
        (task,) = phone.get("/staff/tasks?scope=department")["items"]
        acts.append(sending(phone, f"/staff/tasks/{task['id']}/completion", {"outputs": OUTPUTS[key]}))
    monkeypatch.setattr(CaseFlow, "publish", publish)
    answers = at_once(world.app, acts, together)
    assert [answer.status_code for answer in answers] == [200, 200, 200], [a.text for a in answers]
    tasks = world.staff("S001").get(f"/staff/cases/{case['id']}/tasks")["items"]
    assert [task["key"] for task in tasks if task["state"] == "open"] == ["confirm_plan"]


def test_stopping_twice_at_once_stops_once(world: World, customer: Phone, submission: str) -> None:
    case = customer.post(submission)
    manager = world.staff("G001")
    body = {"reason": "road_permit", "party": "authority", "evidence": "受理单"}
    answers = at_once(
        world.app,
        [sending(manager, f"/staff/cases/{case['id']}/stops", body)] * 2,
    )
    assert sorted(answer.status_code for answer in answers) == [201, 409], [a.text for a in answers]
    assert count(world.app, "stops") == 1


def test_rating_twice_at_once_rates_once(world: World, customer: Phone, submission: str) -> None:
    case = customer.post(submission)
    for key in SINGLE_METER[:-1]:
        world.complete(case["id"], key)
    path = f"/customer/cases/{case['id']}/rating"
    answers = at_once(
        world.app,
        [sending(customer, path, {"rating": score}) for score in (1, 2)],
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409], [a.text for a in answers]
    tasks = world.staff("S001").get(f"/staff/cases/{case['id']}/tasks")["items"]
    assert [task["key"] for task in tasks].count("rating_review") == 1


def test_a_first_login_twice_at_once_makes_one_customer(world: World) -> None:
    codes = [world.codes(openid="o_new")["login_code"] for _ in range(RIVALS)]
    # Nobody is signed in yet: the token of this phone is of no account.
    nobody = Phone(world.client, "")
    answers = at_once(world.app, [sending(nobody, "/customer/sessions", {"code": code}) for code in codes])
    assert [answer.status_code for answer in answers] == [201] * RIVALS, [a.text for a in answers]
    assert count(world.app, "customers") == 1


def test_consenting_twice_at_once_is_one_consent(world: World) -> None:
    code = world.codes(openid="o_new")["login_code"]
    token = json_of(world.client.post("/api/v1/customer/sessions", json={"code": code}))["token"]
    body = {"version": json_of(world.client.get("/api/v1/customer/privacy"))["version"]}
    answers = at_once(
        world.app,
        [sending(Phone(world.client, token), "/customer/consents", body)] * RIVALS,
    )
    assert [answer.status_code for answer in answers] == [201] * RIVALS, [a.text for a in answers]
    assert count(world.app, "privacy_consents") == 1


DRAFTS = "/customer/applications"


def test_another_body_with_the_same_key_at_the_same_moment_is_refused(
    world: World, customer: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As it is one after the other; and one of them is answered."""
    kept = idempotency.store_answer
    together = MeetingPoint(world.app, RIVALS)

    def store(*arguments: Any) -> None:
        together.wait()
        kept(*arguments)

    monkeypatch.setattr(idempotency, "store_answer", store)
    programs = ["single_meter", "three_zero", "residential"]
    bodies = [{"program": programs[number % 3]} for number in range(RIVALS)]
    answers = at_once(
        world.app, [sending(customer, DRAFTS, body, key=KEY) for body in bodies], meeting=together
    )
    won = [answer for answer in answers if answer.status_code == 201]
    assert len({answer.get_data() for answer in won}) == 1
    for answer in answers:
        if answer.status_code != 201:
            refused(answer, 422, "idempotency_key")
    # Two of them ask for the same.
    assert len(won) in {1, 2}, [answer.text for answer in answers]
    assert count(world.app, "applications") == 1
