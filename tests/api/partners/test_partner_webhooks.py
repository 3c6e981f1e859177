"""A partner gets each change of its cases: signed, at least once, and not for ever."""

import socket
import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import orjson
import pytest
import requests
import responses
from flask import Flask
from sqlalchemy import event, update

from app.core import clock
from app.core.atomic import atomic
from app.core.db import db
from app.services.partners import partner_registry
from app.services.partners.webhook_addresses import WebhookAddress
from notifications.webhooks import send_webhooks
from notifications.webhooks.models import PartnerDelivery
from tests.api.partners.partner_platform import Platform, add_partner, sign
from tests.api.partners.test_partner_application import APPLICATION
from tests.world import World

URL = "https://partner.example.invalid/hooks/water?v=1"


class Chance:
    def random(self) -> float:
        return 0.0


@pytest.fixture
def server() -> Iterator[responses.RequestsMock]:
    """The partner's server, which only answers what a test told it to."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


@pytest.fixture
def platform(world: World) -> Platform:
    return add_partner(world.app, url=URL)


def case_of(world: World, platform: Platform) -> str:
    answer = platform.send("POST", "/applications", APPLICATION)
    assert answer.status_code == 201, answer.text
    return str(world.staff("G001").get("/staff/cases")["items"][0]["id"])


def drained(app: Flask) -> send_webhooks.Counts:
    with app.app_context():
        return send_webhooks.drain(simulated=True, chance=Chance())


def rows(app: Flask) -> list[dict[str, Any]]:
    with app.app_context():
        found = db.session.query(PartnerDelivery).order_by(PartnerDelivery.seq).all()
        told = [
            {
                name: getattr(row, name)
                for name in ("event", "state", "failure_class", "status_code", "attempts", "next_attempt_at")
            }
            for row in found
        ]
        db.session.remove()
    return told


def bodies(server: responses.RequestsMock) -> list[dict[str, Any]]:
    """What was told, in its order; several are under way at a time, so they may arrive in another."""
    told = [orjson.loads(_bytes(call.request)) for call in server.calls]
    return sorted(told, key=lambda body: body["sequence"])


def _bytes(request: requests.PreparedRequest) -> bytes:
    assert isinstance(request.body, bytes)
    return request.body


def stopped(world: World, case: str) -> str:
    stop = world.staff("G001").post(
        f"/staff/cases/{case}/stops",
        {"reason": "road_permit", "party": "authority", "evidence": "受理单"},
    )
    return str(stop["id"])


def test_every_change_is_sent_in_order(
    world: World, platform: Platform, server: responses.RequestsMock
) -> None:
    server.post(URL, status=204)
    case = case_of(world, platform)
    manager = world.staff("G001")
    manager.post(f"/staff/cases/{case}/stops/{stopped(world, case)}/end")
    world.at("2026-09-18 15:00")
    for key in ("site_visit", "network_survey", "design_opinion", "engineering_opinion", "confirm_plan"):
        world.complete(case, key)
    world.work()
    told = bodies(server)
    assert [body["event"] for body in told] == [
        "clock_stopped",
        "clock_resumed",
        "stage_completed",
        "stage_opened",
    ]
    assert told[0]["reason"] == "道路挖掘（占用）行政审批"
    assert told[0]["party"] == "authority"
    assert told[2]["stage"] == {"key": "acceptance_plan", "name": "受理并确定用水方案"}
    assert told[2]["occurred_at"] == "2026-09-18T15:00:00+08:00"
    assert {body["reference"] for body in told} == {APPLICATION["reference"]}
    assert len({body["sequence"] for body in told}) == len(told)
    sent = "".join(orjson.dumps(body).decode() for body in told)
    for private in ("13800000001", "钱多多", "演示路1号"):
        assert private not in sent
    world.work()
    assert len(server.calls) == 4


def test_water_on_and_the_end_are_sent(
    world: World, platform: Platform, server: responses.RequestsMock
) -> None:
    server.post(URL, status=200)
    case = case_of(world, platform)
    # Whoever proves the phone of the form chooses and confirms what the walk asks a customer for.
    world.log_in("o_customer", "13800000001")
    for key in (
        *("site_visit", "network_survey", "design_opinion", "engineering_opinion", "confirm_plan"),
        *("drawings", "quote", "sign_agreement", "payment", "build_and_accept", "water_on", "return_visit"),
    ):
        world.complete(case, key)
    drained(world.app)
    events = [body["event"] for body in bodies(server)]
    assert events.count("water_on") == events.count("case_closed") == 1
    assert events[-1] == "case_closed"


def test_the_partner_can_check_the_signature(
    world: World, platform: Platform, server: responses.RequestsMock
) -> None:
    server.post(URL, status=200)
    stopped(world, case_of(world, platform))
    drained(world.app)
    request = server.calls[0].request
    headers = {name: str(value) for name, value in request.headers.items()}
    body = _bytes(request)
    assert headers["X-Partner-Key"] == platform.key.key_id
    assert headers["X-Timestamp"] == str(int(clock.now().timestamp()))
    assert headers["X-Signature"] == sign(
        platform.key.secret, "POST", "/hooks/water?v=1", headers["X-Timestamp"], headers["X-Nonce"], body
    )
    assert headers["X-Delivery"] == orjson.loads(body)["id"]


def test_the_newest_key_signs(world: World, platform: Platform, server: responses.RequestsMock) -> None:
    server.post(URL, status=200)
    stopped(world, case_of(world, platform))
    world.at("2026-09-18 09:30")
    with world.app.app_context(), atomic():
        newest = partner_registry.rotate("government", timedelta(hours=24))
    drained(world.app)
    assert server.calls[0].request.headers["X-Partner-Key"] == newest.key_id


@pytest.mark.parametrize(
    ("answer", "failure", "status"),
    [
        ({"status": 500}, "answered", 500),
        ({"status": 404}, "answered", 404),
        ({"status": 302, "headers": {"Location": "https://elsewhere.example.invalid/"}}, "answered", 302),
        ({"body": requests.ConnectionError()}, "unreachable", None),
        ({"body": requests.Timeout()}, "timeout", None),
    ],
)
def test_a_failed_delivery_comes_again_under_the_same_id(
    world: World,
    platform: Platform,
    server: responses.RequestsMock,
    answer: dict[str, Any],
    failure: str,
    status: int | None,
) -> None:
    server.post(URL, **answer)
    stopped(world, case_of(world, platform))
    assert drained(world.app) == send_webhooks.Counts(claimed=1, waiting=1)
    assert rows(world.app) == [
        {
            "event": "clock_stopped",
            "state": "waiting",
            "failure_class": failure,
            "status_code": status,
            "attempts": 1,
            "next_attempt_at": clock.now() + timedelta(seconds=5),
        }
    ]
    # Not before its time.
    assert drained(world.app) == send_webhooks.Counts()
    server.replace("POST", URL, status=200)
    world.clock.set(clock.now() + timedelta(seconds=5))
    assert drained(world.app) == send_webhooks.Counts(claimed=1, delivered=1)
    first, second = server.calls[0].request, server.calls[1].request
    assert first.body == second.body
    assert first.headers["X-Nonce"] != second.headers["X-Nonce"]
    assert {call.request.url for call in server.calls} == {URL}


def test_a_webhook_that_is_never_accepted_is_abandoned(
    world: World, platform: Platform, server: responses.RequestsMock
) -> None:
    server.post(URL, status=503)
    stopped(world, case_of(world, platform))
    began = clock.now()
    while rows(world.app)[0]["state"] == "waiting":
        world.clock.set(max(clock.now(), rows(world.app)[0]["next_attempt_at"]))
        drained(world.app)
    last = rows(world.app)[0]
    assert (last["state"], last["attempts"], last["status_code"]) == (
        "failed",
        send_webhooks.MOST_ATTEMPTS,
        503,
    )
    assert len(server.calls) == send_webhooks.MOST_ATTEMPTS
    assert timedelta(hours=9) < clock.now() - began < timedelta(days=1)


def test_a_worker_that_died_is_replaced(
    world: World, platform: Platform, server: responses.RequestsMock
) -> None:
    server.post(URL, status=200)
    stopped(world, case_of(world, platform))
    with world.app.app_context(), atomic():
        db.session.execute(
            update(PartnerDelivery).values(
                state="sending", attempts=1, lease_owner="dead", lease_until=clock.now() + send_webhooks.LEASE
            )
        )
    assert drained(world.app) == send_webhooks.Counts()
    world.clock.set(clock.now() + send_webhooks.LEASE + timedelta(seconds=1))
    assert drained(world.app) == send_webhooks.Counts(claimed=1, delivered=1)
    assert rows(world.app)[0]["attempts"] == 2


def test_nothing_is_sent_to_a_disabled_partner(
    world: World, platform: Platform, server: responses.RequestsMock
) -> None:
    case = case_of(world, platform)
    stop = stopped(world, case)
    with world.app.app_context(), atomic():
        partner_registry.disable("government")
    assert drained(world.app) == send_webhooks.Counts(claimed=1, failed=1)
    world.staff("G001").post(f"/staff/cases/{case}/stops/{stop}/end")
    assert [(row["state"], row["failure_class"]) for row in rows(world.app)] == [("failed", "no_address")]
    assert len(server.calls) == 0


def test_only_the_partner_of_the_case_with_a_webhook_gets_one(
    world: World, server: responses.RequestsMock
) -> None:
    add_partner(world.app, "website", url=URL)
    stopped(world, case_of(world, add_partner(world.app)))
    assert rows(world.app) == []


def test_a_refused_change_sends_no_webhook(
    world: World, platform: Platform, server: responses.RequestsMock
) -> None:
    case = case_of(world, platform)
    stopped(world, case)
    again = {"reason": "road_permit", "party": "authority", "evidence": "受理单"}
    assert world.staff("G001").send("POST", f"/staff/cases/{case}/stops", again).status_code == 409
    assert len(rows(world.app)) == 1


def test_no_connection_is_held_while_a_partner_answers(
    world: World, platform: Platform, server: responses.RequestsMock
) -> None:
    held = []
    open_connections: set[int] = set()

    def answer(_request: Any) -> tuple[int, dict[str, str], str]:
        held.append(len(open_connections))
        return 200, {}, ""

    server.add_callback("POST", URL, callback=answer)
    stopped(world, case_of(world, platform))
    with world.app.app_context():
        pool = db.engine.pool

        @event.listens_for(pool, "checkout")
        def _out(_connection: Any, record: Any, _proxy: Any) -> None:
            open_connections.add(id(record))

        @event.listens_for(pool, "checkin")
        def _in(_connection: Any, record: Any) -> None:
            open_connections.discard(id(record))

        send_webhooks.drain(simulated=True, chance=Chance())
        db.session.remove()
    assert held == [0]


def test_production_sends_no_webhook_without_https(world: World, server: responses.RequestsMock) -> None:
    stopped(world, case_of(world, add_partner(world.app, url="http://127.0.0.1:8080/hook")))
    with world.app.app_context():
        assert send_webhooks.drain(simulated=False, chance=Chance()) == send_webhooks.Counts(
            claimed=1, failed=1
        )
    assert rows(world.app)[0]["failure_class"] == "address_refused"


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_partner_that_drips_is_cut_off(monkeypatch: pytest.MonkeyPatch, scheme: str) -> None:
    """Its bytes come far faster than the timeout for the next byte, and the answer has no end."""
    monkeypatch.setattr(send_webhooks, "TOTAL_SECONDS", 0.2)
    over = threading.Event()

    def drip(server: socket.socket) -> None:
        connection, _ = server.accept()
        pause = threading.Event()
        with connection:
            try:
                connection.sendall(
                    b"HTTP/1.1 200 OK\r\n" if scheme == "http" else b"\x16\x03\x03\x3f\xff\x02"
                )
                while not over.is_set():
                    connection.sendall(b"X" if scheme == "http" else b"\x00")
                    pause.wait(0.02)
            except OSError:
                return

    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=drip, args=[server], daemon=True).start()
        address = WebhookAddress(f"{scheme}://127.0.0.1:{server.getsockname()[1]}/", "key", "secret" * 8)
        outcome = send_webhooks._send(send_webhooks._Parcel(1, 1, {}, b"{}", address))
    over.set()
    assert outcome.failure_class == "timeout"


def test_a_batch_of_partners_that_all_drip_ends_within_its_lease() -> None:
    rounds = send_webhooks.BATCH / send_webhooks.POOL_SIZE
    assert timedelta(seconds=rounds * send_webhooks.TOTAL_SECONDS) < send_webhooks.LEASE
