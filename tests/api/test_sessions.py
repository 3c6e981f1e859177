"""Logins: seen and ended by their owner, ended by idleness, by a new phone and by the utility's IT."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from werkzeug.routing import Rule

from app.cli.sessions import logins
from app.core.atomic import atomic
from app.services.people import identity
from app.services.people.sessions import TokenSigner
from tests.api.answers import json_of, refused
from tests.world import Phone, World, local

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
both_audiences = pytest.mark.parametrize(
    ("audience", "looks_at"), [("customer", "/customer/cases"), ("staff", "/staff/tasks")]
)


def log_in(world: World, audience: str) -> Phone:
    return world.staff("N001") if audience == "staff" else world.log_in("o_customer", "13800000001")


def sessions_of(phone: Phone, audience: str) -> Any:
    return phone.get(f"/{audience}/sessions")["items"]


@both_audiences
def test_a_person_sees_and_ends_their_own_logins(world: World, audience: str, looks_at: str) -> None:
    here, there, third = (log_in(world, audience) for _ in range(3))
    seen = sessions_of(here, audience)
    assert len(seen) == 3
    assert [login["current"] for login in seen].count(True) == 1
    theirs = next(each["id"] for each in sessions_of(there, audience) if each["current"])
    assert here.send("DELETE", f"/{audience}/sessions/{theirs}").status_code == 204
    refused(there.send("GET", looks_at), 401, "not_signed_in")
    refused(here.send("DELETE", f"/{audience}/sessions/{theirs}"), 404, "not_found")
    assert json_of(here.send("DELETE", f"/{audience}/sessions")) == {"ended": 1}
    refused(third.send("GET", looks_at), 401, "not_signed_in")
    assert [login["current"] for login in sessions_of(here, audience)] == [True]


def test_nobody_ends_somebody_elses_login(world: World) -> None:
    victim, attacker = world.log_in("o_victim"), world.log_in("o_attacker")
    theirs = sessions_of(victim, "customer")[0]["id"]
    refused(attacker.send("DELETE", f"/customer/sessions/{theirs}"), 404, "not_found")
    refused(world.staff("N001").send("DELETE", f"/staff/sessions/{theirs}"), 404, "not_found")
    assert victim.send("GET", "/customer/cases").status_code == 200


@both_audiences
def test_a_login_that_nobody_uses_ends(
    world: World, audience: str, looks_at: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    idle, used = log_in(world, audience), log_in(world, audience)
    key = world.app.extensions["steward.settings"].secret_key
    allowed = TokenSigner(key, timedelta(days=7), timedelta(days=3))
    monkeypatch.setitem(world.app.extensions, "steward.signer", allowed)
    world.clock.set(local("2026-09-20 09:00"))
    # Only looking is a use as well.
    assert used.send("GET", looks_at).status_code == 200
    world.clock.set(local("2026-09-21 09:00"))
    refused(idle.send("GET", looks_at), 401, "not_signed_in")
    assert [login["seen_at"] for login in sessions_of(used, audience)] == ["2026-09-21T09:00:00+08:00"]
    world.clock.set(local("2026-09-23 08:59"))
    assert used.send("GET", looks_at).status_code == 200


def test_a_new_phone_of_staff_ends_the_logins_of_the_old_one(world: World) -> None:
    old = world.staff("N001")
    codes = world.codes(openid="o_new_phone", phone="13800000301", unionid="union_new")
    body = {"code": codes["login_code"], "phone_code": codes["phone_code"]}
    new = Phone(world.client, json_of(world.client.post("/api/v1/staff/sessions", json=body))["token"])
    refused(old.send("GET", "/staff/tasks"), 401, "not_signed_in")
    assert new.send("GET", "/staff/tasks").status_code == 200


def test_a_wechat_account_that_moves_to_another_record_leaves_the_first(world: World) -> None:
    """Somebody comes back under another staff number, with the same WeChat account."""
    former = world.staff("N001")
    with world.app.app_context(), atomic():
        bound = identity.bind_staff("staff_N001", "union_N001", "13800000401")
        assert bound.number == "E001"
    refused(former.send("GET", "/staff/tasks"), 401, "not_signed_in")


@on_sqlite
def test_it_ends_logins_from_the_command_line(world: World) -> None:
    customer, other, staff = world.log_in("o_1", "13800000001"), world.log_in("o_2"), world.staff("N001")
    run = world.app.test_cli_runner().invoke
    assert run(logins, ["end", "--phone", "13800000001"]).output == "1 logins ended\n"
    refused(customer.send("GET", "/customer/cases"), 401, "not_signed_in")
    assert run(logins, ["end", "--staff", "N001"]).output == "1 logins ended\n"
    refused(staff.send("GET", "/staff/tasks"), 401, "not_signed_in")
    assert run(logins, ["end", "--staff", "X999"]).exit_code == 1
    assert run(logins, ["end"]).exit_code == 2
    assert other.send("GET", "/customer/cases").status_code == 200
    assert run(logins, ["end", "--everybody"]).output == "1 logins ended\n"
    refused(other.send("GET", "/customer/cases"), 401, "not_signed_in")


def rules(app: Flask) -> list[Rule]:
    """Every address without a value in it."""
    return [rule for rule in app.url_map.iter_rules() if not rule.arguments and "GET" in (rule.methods or ())]


@on_sqlite
def test_no_cache_keeps_an_answer_and_no_type_is_guessed(world: World) -> None:
    customer, staff = world.log_in("o_customer", "13800000001"), world.staff("S001")
    for rule in rules(world.app):
        for caller in (customer, staff):
            answer = world.client.get(rule.rule, headers={"Authorization": f"Bearer {caller.token}"})
            assert answer.headers["Cache-Control"] == "no-store", rule
            assert answer.headers["X-Content-Type-Options"] == "nosniff", rule
    refusal = world.client.get("/api/v1/customer/cases")
    assert (refusal.status_code, refusal.headers["Cache-Control"]) == (401, "no-store")


@on_sqlite
def test_a_foreign_host_is_never_echoed(world: World) -> None:
    """Also where an address has a slash too many, which Flask would answer with a redirection."""
    customer, foreign = world.log_in("o_customer", "13800000001"), "evil.example"
    for rule in rules(world.app):
        for path in (rule.rule, f"{rule.rule}/", f"/{rule.rule}", rule.rule.replace("/v1/", "//v1/")):
            answer = world.client.get(
                path,
                headers={
                    "Host": foreign,
                    "X-Forwarded-Host": foreign,
                    "Authorization": f"Bearer {customer.token}",
                },
            )
            assert foreign not in answer.get_data(as_text=True), path
            assert [value for value in answer.headers.values() if foreign in value] == [], path


@on_sqlite
def test_the_description_of_the_api_is_closed_unless_wished_for(world: World) -> None:
    settings = world.app.extensions["steward.settings"]
    assert world.client.get("/openapi.json").status_code == 200
    world.app.extensions["steward.settings"] = replace(settings, docs_open=False)
    for path in ("/openapi.json", "/docs", "/docs/assets/swagger-ui.css"):
        refused(world.client.get(path), 404, "not_found")
