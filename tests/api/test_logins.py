"""Codes and tokens that are used up, invented, expired or revoked."""

from datetime import timedelta

import pytest

from app.services.people.sessions import Audience, TokenSigner
from tests.api.answers import json_of, refused
from tests.api.database_rows import count, nothing_changes
from tests.world import Phone, World, local

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

CASES = "/customer/cases"


def test_a_login_code_is_good_once(world: World) -> None:
    code = world.codes(openid="o_customer")["login_code"]
    first = world.client.post("/api/v1/customer/sessions", json={"code": code})
    assert first.status_code == 201
    with nothing_changes(world.app):
        again = world.client.post("/api/v1/customer/sessions", json={"code": code})
        refused(again, 401, "login_refused")


@pytest.mark.parametrize("code", ["invented", "' OR 1=1 --", "x" * 512, "水" * 100, "💧"])
@pytest.mark.parametrize("audience", ["customer", "staff"])
def test_an_invented_code_is_refused(world: World, audience: str, code: str) -> None:
    with nothing_changes(world.app):
        refused(world.client.post(f"/api/v1/{audience}/sessions", json={"code": code}), 401, "login_refused")


def test_a_code_that_lay_too_long_is_refused(world: World) -> None:
    code = world.codes(openid="o_customer")["login_code"]
    world.at("2026-09-18 09:06")
    with nothing_changes(world.app):
        answer = world.client.post("/api/v1/customer/sessions", json={"code": code})
        refused(answer, 401, "login_refused")


def test_a_login_code_proves_no_phone_and_a_phone_code_no_login(world: World) -> None:
    customer = world.log_in("o_customer")
    codes = world.codes(openid="o_customer", phone="13800000001")
    with nothing_changes(world.app):
        answer = customer.send("POST", "/customer/phone", {"code": codes["login_code"]})
        refused(answer, 422, "invalid_fields")
        answer = world.client.post("/api/v1/customer/sessions", json={"code": codes["phone_code"]})
        refused(answer, 401, "login_refused")


def test_a_used_phone_code_ends_no_login(world: World) -> None:
    customer = world.log_in("o_customer")
    code = world.codes(openid="o_customer", phone="13800000001")["phone_code"]
    assert customer.send("POST", "/customer/phone", {"code": code}).status_code == 200
    with nothing_changes(world.app):
        problem = refused(customer.send("POST", "/customer/phone", {"code": code}), 422, "invalid_fields")
    assert [fault["field"] for fault in problem["errors"]] == ["code"]
    assert "再次点击" in problem["detail"]
    assert "登录" not in problem["detail"]
    assert customer.get("/customer/notices")["unread"] == 0


def test_a_used_phone_code_of_staff_is_a_fault_of_that_field(world: World) -> None:
    used = world.codes(openid="o_somebody", phone="13900000000")["phone_code"]
    for code in (used, used, "invented"):
        login_code = world.codes(openid="o_somebody")["login_code"]
        answer = world.client.post("/api/v1/staff/sessions", json={"code": login_code, "phone_code": code})
    problem = refused(answer, 422, "invalid_fields")
    assert [fault["field"] for fault in problem["errors"]] == ["phone_code"]
    assert "登录" not in problem["detail"]


def test_wechats_outage_is_not_the_customers_fault(world: World) -> None:
    code = world.codes(openid="o_customer")["login_code"]
    world.desk.ask("POST", "faults", {"path": "/sns/jscode2session", "errcode": -1, "times": 20})
    with nothing_changes(world.app):
        answer = world.client.post("/api/v1/customer/sessions", json={"code": code})
        refused(answer, 503, "wechat_unavailable")


def test_somebody_whose_phone_is_not_on_the_list_is_no_staff(world: World) -> None:
    codes = world.codes(openid="o_stranger", phone="13900000000")
    for body in (
        {"code": codes["login_code"], "phone_code": codes["phone_code"]},
        {"code": world.codes(openid="o_stranger")["login_code"]},
    ):
        with nothing_changes(world.app):
            refused(world.client.post("/api/v1/staff/sessions", json=body), 403, "not_staff")


def test_a_second_login_of_staff_needs_no_phone(world: World) -> None:
    world.staff("N001")
    code = world.codes(openid="staff_N001")["login_code"]
    answer = world.client.post("/api/v1/staff/sessions", json={"code": code})
    assert json_of(answer)["number"] == "N001"


def test_a_phone_is_refused_before_the_privacy_policy_is_accepted(world: World) -> None:
    codes = world.codes(openid="o_customer", phone="13800000001")
    token = json_of(world.client.post("/api/v1/customer/sessions", json={"code": codes["login_code"]}))[
        "token"
    ]
    customer = Phone(world.client, token)
    with nothing_changes(world.app):
        answer = customer.send("POST", "/customer/phone", {"code": codes["phone_code"]})
        refused(answer, 403, "consent_needed")
        answer = customer.send("POST", "/customer/applications", {"program": "single_meter"})
        refused(answer, 403, "consent_needed")


def test_a_token_ends_with_its_seven_days(world: World) -> None:
    customer = world.log_in("o_customer")
    for used in ("2026-09-20 09:00", "2026-09-22 09:00", "2026-09-24 09:00"):
        world.clock.set(local(used))
        assert customer.send("GET", CASES).status_code == 200
    world.clock.set(local("2026-09-25 08:59"))
    assert customer.send("GET", CASES).status_code == 200
    world.clock.set(local("2026-09-25 09:00"))
    refused(customer.send("GET", CASES), 401, "not_signed_in")


def test_a_token_is_worth_nothing_after_logging_out(world: World) -> None:
    customer, elsewhere = world.log_in("o_customer"), world.log_in("o_customer")
    assert customer.send("DELETE", "/customer/sessions/current").status_code == 204
    refused(customer.send("GET", CASES), 401, "not_signed_in")
    assert elsewhere.send("GET", CASES).status_code == 200


def test_a_forged_token_is_refused(world: World) -> None:
    token = world.log_in("o_customer").token
    signer: TokenSigner = world.app.extensions["steward.signer"]
    session_id, _, signature = token.rpartition(".")
    other = TokenSigner("another-secret-of-at-least-32-characters", timedelta(days=7), timedelta(days=3))
    forged = [
        "",
        ".",
        "x",
        "é",
        session_id,
        f"{session_id}.",
        f"{session_id}.{signature[::-1]}",
        f"{session_id[:-1]}.{signature}",
        # Signed by us, for a session that never was.
        signer._signers[Audience.CUSTOMER].sign("A" * 16).decode(),
        # The right session, signed with another key.
        other._signers[Audience.CUSTOMER].sign(session_id).decode(),
        # The right session, signed by us for the other audience.
        signer._signers[Audience.STAFF].sign(session_id).decode(),
    ]
    with nothing_changes(world.app):
        for value in forged:
            refused(Phone(world.client, value).send("GET", CASES), 401, "not_signed_in")


@pytest.mark.parametrize("scheme", ["Basic {}", "{}", "Token {}", "Bearer", "Bearer  "])
def test_a_token_travels_as_bearer_only(world: World, scheme: str) -> None:
    token = world.log_in("o_customer").token
    answer = world.client.get(f"/api/v1{CASES}", headers={"Authorization": scheme.format(token)})
    refused(answer, 401, "not_signed_in")


def test_logging_in_again_keeps_one_customer_and_the_first_consent(world: World) -> None:
    customer = world.log_in("o_customer")
    version = json_of(world.client.get("/api/v1/customer/privacy"))["version"]
    world.at("2026-09-19 09:00")
    again = world.log_in("o_customer")
    assert count(world.app, "customers") == 1
    first = customer.post("/customer/consents", {"version": version})
    assert first["accepted_at"] == "2026-09-18T09:00:00+08:00"
    assert again.post("/customer/consents", {"version": version}) == first
