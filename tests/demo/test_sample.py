"""The sample of `make serve`: cases of every stage, written by the product itself."""

from collections import Counter

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.core.atomic import atomic
from app.demo import casebook, people, sample
from app.demo.people import Person
from app.jobs import timetable
from app.services import identity
from app.services.cases import progress, queries
from app.services.timers import sweep

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def _progress_of(person: Person) -> list[progress.Answer]:
    customer = identity.sign_in_customer(person.openid, person.unionid)
    return [progress.for_owner(customer.id, line.id) for line in queries.of_customer(customer.id, None, 10)]


@on_sqlite
def test_the_sample_has_cases_of_every_stage(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        jobs = timetable.jobs(app.extensions["steward.settings"], app.extensions["steward.wechat"])
        opened = sample.load(jobs, app.extensions["steward.desk"])
        with atomic():
            cases = [case for person in people.customers() for case in _progress_of(person)]
            assert sweep.pending() == 0
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
    # What was sent on the way reached phones; what happens now waits for the jobs process.
    assert len(client.get("/dev/messages").get_json()["items"]) > 100
    assert client.get("/dev/clock").get_json()["messages_waiting"] > 0


def test_everybody_in_the_plan_is_known_and_nobody_has_two_cases() -> None:
    planned = [case.customer.key for case in casebook.read().cases]
    assert len(planned) == len(set(planned)) == 30
    phones = [person.phone for person in (*people.staff(), *people.customers())]
    assert len(phones) == len(set(phones))
