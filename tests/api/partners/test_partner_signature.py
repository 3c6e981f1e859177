"""Signed requests: the right key, in time, for exactly this request, and once."""

from datetime import timedelta

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from app.core import clock
from app.core.atomic import atomic
from app.core.db import db
from app.models import Partner
from app.services.partners import partner_registry, request_signatures
from tests.api.answers import refused
from tests.api.database_rows import count, nothing_changes
from tests.api.partners.partner_platform import CONSULTATION, Platform, add_partner
from tests.world import World

PATH = "/api/v1/partner/consultations"
NOWHERE = "/cases/26091812345678/progress"


def test_a_signed_request_is_let_in(world: World) -> None:
    assert add_partner(world.app).send("POST", "/consultations", CONSULTATION).status_code == 201


@pytest.mark.parametrize("header", ["X-Partner-Key", "X-Timestamp", "X-Nonce", "X-Signature"])
def test_each_header_is_needed(world: World, header: str) -> None:
    platform = add_partner(world.app)
    for value in (None, "", "x", "日"):
        headers = platform.headers("GET", f"/api/v1/partner{NOWHERE}", b"")
        if value is None:
            del headers[header]
        else:
            headers[header] = value
        with nothing_changes(world.app):
            refused(platform.send("GET", NOWHERE, headers=headers), 401, "signature_refused")


def test_a_signature_is_good_for_one_request_only(world: World) -> None:
    """Other body, other path, other query, other method: each is another request."""
    platform = add_partner(world.app)

    def sent_with_headers_of(method: str, target: str, body: bytes) -> TestResponse:
        headers = platform.headers(method, f"/api/v1/partner{target}", body)
        return platform.send("GET", NOWHERE, headers=headers)

    with nothing_changes(world.app):
        for method, target, body in (
            ("GET", NOWHERE, b"{}"),
            ("GET", NOWHERE.replace("8/", "9/"), b""),
            ("GET", f"{NOWHERE}?a=1", b""),
            ("POST", NOWHERE, b""),
        ):
            refused(sent_with_headers_of(method, target, body), 401, "signature_refused")
    assert sent_with_headers_of("GET", NOWHERE, b"").status_code == 404


def test_the_query_is_signed_too(world: World) -> None:
    platform = add_partner(world.app)
    assert platform.send("GET", f"{NOWHERE}?a=1&b=%E6%B0%B4").status_code == 404


@pytest.mark.parametrize("minutes", [-6, 6])
def test_a_request_out_of_its_time_is_refused(world: World, minutes: int) -> None:
    platform = add_partner(world.app)
    moment = clock.now() + timedelta(minutes=minutes)
    headers = platform.headers(
        "GET", f"/api/v1/partner{NOWHERE}", b"", timestamp=str(int(moment.timestamp()))
    )
    with nothing_changes(world.app):
        problem = refused(platform.send("GET", NOWHERE, headers=headers), 401, "signature_refused")
    assert "校准时钟" in problem["detail"]


@pytest.mark.parametrize("minutes", [-5, 5])
def test_the_window_is_five_minutes_either_way(world: World, minutes: int) -> None:
    platform = add_partner(world.app)
    moment = clock.now() + timedelta(minutes=minutes)
    headers = platform.headers(
        "GET", f"/api/v1/partner{NOWHERE}", b"", timestamp=str(int(moment.timestamp()))
    )
    assert platform.send("GET", NOWHERE, headers=headers).status_code == 404


def test_a_replay_is_refused_whatever_became_of_the_first(world: World) -> None:
    platform = add_partner(world.app)
    headers = platform.headers("GET", f"/api/v1/partner{NOWHERE}", b"")
    assert platform.send("GET", NOWHERE, headers=headers).status_code == 404
    with nothing_changes(world.app):
        problem = refused(platform.send("GET", NOWHERE, headers=headers), 401, "signature_refused")
    assert "已收到过" in problem["detail"]


def test_a_replay_is_refused_as_long_as_its_time_lasts(world: World) -> None:
    """A timestamp that was ahead of our clock lives for twice the window; so does its nonce."""
    platform = add_partner(world.app)
    ahead = str(int((clock.now() + timedelta(minutes=5)).timestamp()))
    headers = platform.headers("GET", f"/api/v1/partner{NOWHERE}", b"", timestamp=ahead)
    platform.send("GET", NOWHERE, headers=headers)
    world.at("2026-09-18 09:10")
    _forget(world.app)
    refused(platform.send("GET", NOWHERE, headers=headers), 401, "signature_refused")
    world.at("2026-09-18 09:11")
    _forget(world.app)
    assert count(world.app, "partner_nonces") == 0
    refused(platform.send("GET", NOWHERE, headers=headers), 401, "signature_refused")


def test_an_unsigned_request_fills_no_table(world: World) -> None:
    platform = add_partner(world.app)
    headers = platform.headers("GET", f"/api/v1/partner{NOWHERE}", b"") | {"X-Signature": "0" * 64}
    with nothing_changes(world.app):
        platform.send("GET", NOWHERE, headers=headers)


def test_old_and_new_key_both_work_during_a_rotation(world: World) -> None:
    old = add_partner(world.app)
    with world.app.app_context(), atomic():
        new = Platform(world.app, partner_registry.rotate("government", timedelta(hours=24)))
    assert old.send("GET", NOWHERE).status_code == 404
    assert new.send("GET", NOWHERE).status_code == 404
    world.at("2026-09-19 09:01")
    refused(old.send("GET", NOWHERE), 401, "signature_refused")
    assert new.send("GET", NOWHERE).status_code == 404


def test_a_stolen_key_dies_at_once(world: World) -> None:
    stolen = add_partner(world.app)
    with world.app.app_context(), atomic():
        partner_registry.rotate("government", timedelta())
    refused(stolen.send("GET", NOWHERE), 401, "signature_refused")


def test_a_disabled_partner_is_out(world: World) -> None:
    platform, other = add_partner(world.app), add_partner(world.app, "website")
    with world.app.app_context(), atomic():
        partner_registry.disable("government")
    with nothing_changes(world.app):
        refused(platform.send("POST", "/consultations", CONSULTATION), 401, "signature_refused")
    assert other.send("GET", NOWHERE).status_code == 404


def test_one_partners_secret_opens_nothing_with_anothers_key(world: World) -> None:
    platform, other = add_partner(world.app), add_partner(world.app, "website")
    headers = platform.headers("GET", f"/api/v1/partner{NOWHERE}", b"")
    with nothing_changes(world.app):
        answer = platform.send("GET", NOWHERE, headers=headers | {"X-Partner-Key": other.key.key_id})
        refused(answer, 401, "signature_refused")


def test_a_partner_does_only_what_was_opened_to_it(world: World) -> None:
    platform = add_partner(world.app, capabilities=("progress",))
    before = count(world.app, "cases")
    refused(platform.send("POST", "/consultations", CONSULTATION), 403, "not_allowed")
    application = {"reference": "A1", "program": "single_meter", "answers": {}}
    refused(platform.send("POST", "/applications", application), 403, "not_allowed")
    assert count(world.app, "cases") == before
    assert platform.send("GET", NOWHERE).status_code == 404


def test_the_secret_is_not_readable_in_the_database(world: World) -> None:
    platform = add_partner(world.app)
    with world.app.app_context():
        stored = db.session.connection().exec_driver_sql("SELECT secret FROM partner_keys").scalar_one()
        assert platform.key.secret.encode() not in bytes(stored)
        assert db.session.query(Partner).count() == 1
        db.session.remove()


def _forget(app: Flask) -> None:
    with app.app_context(), atomic():
        request_signatures.delete_old_nonces()
