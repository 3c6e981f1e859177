"""A phone number belongs to the customer who proved it last; what was claimed stays, or is taken over."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from app.core import clock
from app.core.atomic import atomic
from app.core.db import db
from app.domain.errors import ConflictError
from app.models import Application, Case, Customer
from app.services.people import identity
from app.services.people.numbers import phone_owners
from app.services.people.phones import phone_hash
from tests.api.answers import refused
from tests.api.test_ownership import numbers, taken
from tests.at_once import at_once, while_open
from tests.world import ANSWERS, Phone, World

NUMBER = "13800000021"
ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def customer_id(openid: str) -> str:
    return db.session.scalars(select(Customer.id).where(Customer.openid == openid)).one()


def owners(world: World) -> list[str]:
    with world.app.app_context():
        found = select(Customer.openid).where(Customer.phone_hash == phone_hash(f"+86{NUMBER}"))
        answer = list(db.session.scalars(found))
        db.session.remove()
    return answer


def proves(world: World, openid: str) -> Callable[[FlaskClient], TestResponse]:
    """The tap on the button by somebody who is logged in."""
    phone = world.log_in(openid)
    code = world.codes(openid=openid, phone=NUMBER)["phone_code"]
    headers = {"Authorization": f"Bearer {phone.token}", "Idempotency-Key": uuid4().hex}
    return lambda client: client.post("/api/v1/customer/phone", json={"code": code}, headers=headers)


def submission(world: World) -> Callable[[FlaskClient], TestResponse]:
    """A manager submits a form that was taken by telephone."""
    manager = world.staff("G001")
    answers = {**ANSWERS, "contact_phone": NUMBER}
    body = {"program": "single_meter", "channel": "telephone", "answers": answers}
    path = f"/api/v1/staff/applications/{manager.post('/staff/applications', body)['id']}/submission"
    headers = {"Authorization": f"Bearer {manager.token}", "Idempotency-Key": uuid4().hex}
    return lambda client: client.post(path, headers=headers)


def test_a_case_taken_by_telephone_goes_to_the_present_owner_only(world: World) -> None:
    former, present = world.log_in("o_former", NUMBER), world.log_in("o_present", NUMBER)
    case = taken(world.staff("G001"))
    assert (numbers(former), numbers(present)) == ([], [case["number"]])
    refused(former.send("GET", f"/customer/cases/{case['id']}"), 404, "not_found")


def test_a_form_begun_for_the_former_owner_is_submitted_for_the_present_one(world: World) -> None:
    former = world.log_in("o_former", NUMBER)
    manager = world.staff("G001")
    answers = {**ANSWERS, "contact_phone": NUMBER}
    body = {"program": "single_meter", "channel": "telephone", "answers": answers}
    draft = manager.post("/staff/applications", body)["id"]
    assert former.get(f"/customer/applications/{draft}")["id"] == draft
    present = world.log_in("o_present", NUMBER)
    refused(former.send("GET", f"/customer/applications/{draft}"), 404, "not_found")
    case = manager.post(f"/staff/applications/{draft}/submission")
    assert (numbers(former), numbers(present)) == ([], [case["number"]])


def test_what_was_claimed_stays_and_the_former_owner_proves_a_number_anew(world: World) -> None:
    former = world.log_in("o_former", NUMBER)
    own = world.submitted(former, contact_phone=NUMBER)
    draft = former.post("/customer/applications", {"program": "single_meter"})["id"]
    former.send("PATCH", f"/customer/applications/{draft}", {"answers": dict(ANSWERS)})
    present = world.log_in("o_present", NUMBER)
    assert (numbers(former), numbers(present)) == ([own["number"]], [])
    problem = refused(
        former.send("POST", f"/customer/applications/{draft}/submission"), 422, "invalid_fields"
    )
    assert [(fault["field"], fault["code"]) for fault in problem["errors"]] == [
        ("contact_phone", "unverified")
    ]
    world.log_in("o_former", "13800000033")
    assert former.send("POST", f"/customer/applications/{draft}/submission").status_code in {200, 201}
    assert len(numbers(former)) == 2


def test_an_earlier_proof_that_comes_late_overrules_no_later_one(world: World) -> None:
    late, present = world.log_in("o_late"), world.log_in("o_present")
    slow = world.codes(openid="o_late", phone=NUMBER)["phone_code"]
    world.at("2026-09-18 09:02")
    present.post("/customer/phone", {"code": world.codes(openid="o_present", phone=NUMBER)["phone_code"]})
    refused(late.send("POST", "/customer/phone", {"code": slow}), 409, "conflict")
    assert owners(world) == ["o_present"]


def test_ones_own_earlier_proof_that_comes_late_changes_no_number(world: World) -> None:
    world.log_in("o_person", "13800000044")
    with world.app.app_context(), atomic(), pytest.raises(ConflictError):
        identity.verify_phone(customer_id("o_person"), f"+86{NUMBER}", clock.now() - timedelta(seconds=1))
    assert owners(world) == []


def test_a_number_that_is_free_again_can_be_proved(world: World) -> None:
    world.log_in("o_first", NUMBER)
    world.log_in("o_first", "13800000044")
    assert owners(world) == []
    world.log_in("o_second", NUMBER)
    assert owners(world) == ["o_second"]


def test_many_proofs_at_once_leave_one_owner_with_everything_unclaimed(world: World) -> None:
    case = taken(world.staff("G001"))
    acts = [proves(world, f"o_{place}") for place in range(4)]
    assert [answer.status_code for answer in at_once(world.app, acts)] == [200] * 4
    (owner,) = owners(world)
    with world.app.app_context():
        holder = db.session.scalars(
            select(Customer.openid).join(Case, Case.customer_id == Customer.id).where(Case.id == case["id"])
        ).one()
        db.session.remove()
    # Whoever was first claimed the case and keeps it; the number is the last one's.
    assert {owner, holder} <= {f"o_{place}" for place in range(4)}


def test_a_form_begun_while_the_number_is_proved_is_the_provers(world: World) -> None:
    """Without the lock it would be given to whoever owned the number when the proof was not yet committed."""
    world.log_in("o_former", NUMBER)
    present, manager = world.log_in("o_present"), world.staff("G001")
    answers = {**ANSWERS, "contact_phone": NUMBER}
    body = {"program": "single_meter", "channel": "telephone", "answers": answers}
    headers = {"Authorization": f"Bearer {manager.token}", "Idempotency-Key": uuid4().hex}

    def prove() -> object:
        return identity.verify_phone(customer_id("o_present"), f"+86{NUMBER}", clock.now())

    def begin(client: FlaskClient) -> TestResponse:
        return client.post("/api/v1/staff/applications", json=body, headers=headers)

    answer = while_open(world.app, prove, begin, keep=True)
    assert answer.status_code == 201, answer.text
    draft = answer.get_json()["id"]
    assert present.get(f"/customer/applications/{draft}")["id"] == draft


def test_two_people_exchange_their_numbers_at_once(world: World) -> None:
    world.log_in("o_first", NUMBER)
    world.log_in("o_second", "13800000044")
    first, second = proves(world, "o_second"), world.log_in("o_first")
    code = world.codes(openid="o_first", phone="13800000044")["phone_code"]
    headers = {"Authorization": f"Bearer {second.token}", "Idempotency-Key": uuid4().hex}
    answers = at_once(
        world.app,
        [first, lambda client: client.post("/api/v1/customer/phone", json={"code": code}, headers=headers)],
    )
    assert [answer.status_code for answer in answers] == [200, 200]
    assert owners(world) == ["o_second"]


def test_a_case_submitted_while_the_number_is_proved_is_the_provers(world: World) -> None:
    world.log_in("o_former", NUMBER)
    world.log_in("o_present")
    act = submission(world)
    version = clock.now()

    def prove() -> object:
        return identity.verify_phone(customer_id("o_present"), f"+86{NUMBER}", version)

    answer = while_open(world.app, prove, act, keep=True)
    assert answer.status_code in {200, 201}, answer.text
    with world.app.app_context():
        found = db.session.execute(
            select(Case.customer_id, Application.customer_id).join(
                Application, Application.id == Case.application_id
            )
        ).one()
        expected = customer_id("o_present")
        db.session.remove()
    assert tuple(found) == (expected, expected)


@ON_SQLITE
def test_the_database_lets_no_number_have_two_owners(world: World) -> None:
    world.log_in("o_first", NUMBER)
    world.log_in("o_second")
    with world.app.app_context(), pytest.raises(Exception, match="UNIQUE"), atomic():
        db.session.get_one(Customer, customer_id("o_second")).phone_hash = phone_hash(f"+86{NUMBER}")


@ON_SQLITE
def test_a_clock_of_wechat_that_is_ahead_keeps_nobody_away(world: World) -> None:
    world.log_in("o_first")
    with world.app.app_context(), atomic():
        identity.verify_phone(customer_id("o_first"), f"+86{NUMBER}", clock.now() + timedelta(days=9))
    world.log_in("o_second", NUMBER)
    assert owners(world) == ["o_second"]


@ON_SQLITE
def test_the_order_of_the_same_instant_is_that_of_the_commits(world: World) -> None:
    world.log_in("o_first", NUMBER)
    world.log_in("o_second", NUMBER)
    with world.app.app_context(), atomic():
        with pytest.raises(ConflictError):
            phone_owners.prove(customer_id("o_first"), f"+86{NUMBER}", clock.now() - timedelta(seconds=1))
        phone_owners.prove(customer_id("o_first"), f"+86{NUMBER}", clock.now())
    assert owners(world) == ["o_first"]


def takes_over(phone: Phone, case: Any, name: str = str(ANSWERS["contact_name"])) -> TestResponse:
    return phone.send("POST", "/customer/take-overs", {"number": case["number"], "contact_name": name})


def test_a_new_account_takes_the_cases_over_with_their_conversation_and_notices(world: World) -> None:
    old = world.log_in("o_old", NUMBER)
    first, second = (world.submitted(old, contact_phone=NUMBER) for _ in range(2))
    old.post(f"/customer/cases/{first['id']}/messages", {"client_id": "phone-0001", "text": "您好"})
    notices = len(old.get("/customer/notices")["items"])
    new = world.log_in("o_new", NUMBER)
    answer = takes_over(new, second, "钱 多多")
    assert answer.status_code == 200, answer.text
    assert set(answer.get_json()["case_ids"]) == {first["id"], second["id"]}
    assert (len(numbers(new)), numbers(old)) == (2, [])
    assert len(new.get("/customer/notices")["items"]) == notices
    assert old.get("/customer/notices")["items"] == []
    page = new.get(f"/customer/cases/{first['id']}/messages")
    assert [line["text"] for line in page["items"]][-1] == "您好"
    refused(old.send("GET", f"/customer/cases/{first['id']}/messages"), 404, "not_found")
    kinds = [line["kind"] for line in new.get(f"/customer/cases/{first['id']}/timeline")["items"]]
    assert kinds[-1] == "case_taken_over"
    world.work()
    told = [line["kind"] for line in world.staff("G001").get("/staff/notices")["items"]]
    assert told.count("case_taken_over") == 2


def test_whoever_lacks_a_fact_takes_nothing_over_and_the_owner_sees_the_try(world: World) -> None:
    old = world.log_in("o_old", NUMBER)
    case = world.submitted(old, contact_phone=NUMBER)
    without = world.log_in("o_without")
    refused(takes_over(without, case), 409, "conflict")
    stranger = world.log_in("o_stranger", "13800000044")
    refused(takes_over(stranger, case), 404, "case_not_found")
    reissued = world.log_in("o_new", NUMBER)
    refused(takes_over(reissued, {"number": "26091800000000"}), 404, "case_not_found")
    refused(takes_over(reissued, case, "孙二娘"), 404, "case_not_found")
    assert numbers(old) == [case["number"]]
    kinds = [line["kind"] for line in old.get(f"/customer/cases/{case['id']}/timeline")["items"]]
    assert kinds.count("takeover_refused") == 1


@ON_SQLITE
def test_tries_are_limited_for_an_account_and_for_a_number(world: World) -> None:
    case = world.submitted(world.log_in("o_old", NUMBER), contact_phone=NUMBER)
    new = world.log_in("o_new", NUMBER)
    for place in range(5):
        refused(takes_over(new, {"number": f"2609180000000{place}"}), 404, "case_not_found")
    refused(takes_over(new, case), 429, "too_many_attempts")
    world.at("2026-09-19 09:00")
    assert takes_over(new, case).status_code == 200
