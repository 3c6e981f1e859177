"""WeChat's callbacks: accepted when signed, fresh and addressed to us; stored once. And the health checks."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from werkzeug.test import TestResponse

from app.core.accounts import WeChatAccount
from app.core.db import db
from app.core.settings import Settings
from app.wechat.push import check_query, seal
from tests.api.database_rows import count, nothing_changes
from tests.world import World

FOLLOW = {"MsgType": "event", "Event": "subscribe", "FromUserName": "o_service_1"}


def account(world: World, name: str = "service") -> WeChatAccount:
    settings: Settings = world.app.extensions["steward.settings"]
    return settings.service_account if name == "service" else settings.miniprogram


def push(
    world: World,
    payload: dict[str, Any],
    *,
    to: str = "service",
    by: WeChatAccount | None = None,
    minutes: int = 0,
    **query: str,
) -> TestResponse:
    """A push as WeChat posts it, sealed with the keys of account `by`, `minutes` from now."""
    sent_at = world.clock.now() + timedelta(minutes=minutes)
    whole = {"ToUserName": "gh_1", "CreateTime": str(int(sent_at.timestamp())), **payload}
    sealed = seal(by or account(world, to), whole, as_json=False, now=sent_at, nonce="n0nce")
    return world.client.post(
        f"/wechat/callback/{to}",
        query_string={**sealed.query, **query},
        data=sealed.body,
        content_type=sealed.content_type,
    )


def test_a_follow_event_is_kept_once_and_binds_the_second_openid(world: World) -> None:
    world.staff("G001")
    world.desk.ask("POST", "followers", {"openid": "o_service_1", "unionid": "union_G001"})
    for _ in range(3):
        # WeChat repeats what was not answered in time.
        answer = push(world, FOLLOW)
        assert (answer.status_code, answer.text) == (200, "success")
    assert count(world.app, "inbox_events") == 1
    world.work()
    assert bound(world) == {"G001": "o_service_1"}
    assert push(world, FOLLOW).text == "success"
    assert count(world.app, "inbox_events") == 1
    world.clock.set(world.clock.now() + timedelta(minutes=1))
    push(world, {**FOLLOW, "Event": "unsubscribe"})
    world.work()
    assert bound(world) == {}


SENT = {"TemplateId": "SIM-accepted", "MsgID": "4711", "ErrorCode": "0", "ErrorStatus": "success"}


@pytest.mark.parametrize(
    ("to", "report"),
    [
        ("service", {"Event": "TEMPLATESENDJOBFINISH", "MsgID": "4711", "Status": "success"}),
        ("miniprogram", {"Event": "subscribe_msg_sent_event", "SubscribeMsgSentEvent": {"List": SENT}}),
    ],
)
def test_a_report_that_is_repeated_is_answered_and_kept_once(
    world: World, to: str, report: dict[str, Any]
) -> None:
    payload = {"MsgType": "event", "FromUserName": "o_somebody", **report}
    for _ in range(3):
        answer = push(world, payload, to=to)
        assert (answer.status_code, answer.text) == (200, "success")
    assert count(world.app, "inbox_events") == 1
    world.work()
    assert push(world, payload, to=to).status_code == 200
    assert count(world.app, "inbox_events") == 1


def bound(world: World) -> dict[str, str]:
    with world.app.app_context():
        rows = db.session.execute(
            text("SELECT number, service_openid FROM staff WHERE service_openid IS NOT NULL")
        ).all()
        db.session.remove()
    return {row.number: row.service_openid for row in rows}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_was_not_sent_by_wechat_is_refused(world: World) -> None:
    ours, minis = account(world), account(world, "miniprogram")
    refused: dict[str, TestResponse] = {}
    with nothing_changes(world.app):
        refused["another token"] = push(world, FOLLOW, by=replace(ours, push_token="theirs"))
        refused["another key"] = push(world, FOLLOW, by=replace(ours, push_aes_key="z" * 43))
        refused["another appid"] = push(world, FOLLOW, by=replace(ours, appid="wx00000000000000cc"))
        refused["the other account"] = push(world, FOLLOW, to="miniprogram", by=ours)
        refused["the other account's keys"] = push(world, FOLLOW, by=minis)
        refused["a signature of nothing"] = push(world, FOLLOW, msg_signature="0" * 40)
        refused["too old"] = push(world, FOLLOW, minutes=-6)
        refused["from the future"] = push(world, FOLLOW, minutes=6)
        refused["no query"] = world.client.post("/wechat/callback/service", data=b"<xml></xml>")
        refused["too large"] = world.client.post("/wechat/callback/service", data=b" " * 100_000)
        refused["nothing"] = world.client.post("/wechat/callback/service")
    assert {name: answer.status_code for name, answer in refused.items()} == dict.fromkeys(refused, 403)
    assert {answer.text for answer in refused.values()} == {"refused"}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_body_beyond_every_measure_is_not_read(world: World) -> None:
    with nothing_changes(world.app):
        answer = world.client.post("/wechat/callback/service", data=b" " * 1_000_000)
    assert answer.status_code in {403, 413}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_an_account_that_is_none_of_ours(world: World) -> None:
    assert world.client.post("/wechat/callback/other").status_code == 404


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("name", ["service", "miniprogram"])
def test_the_server_check_is_answered_with_the_echo_text_alone(world: World, name: str) -> None:
    query = check_query(account(world, name), now=world.clock.now(), nonce="n", echostr="<b>word</b>")
    answer = world.client.get(f"/wechat/callback/{name}", query_string=query)
    assert (answer.status_code, answer.text) == (200, "<b>word</b>")
    # A word that a browser would run is no page.
    assert answer.mimetype == "text/plain"
    forged = {**query, "signature": "0" * 40}
    assert world.client.get(f"/wechat/callback/{name}", query_string=forged).status_code == 403


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_database_at_another_migration_is_not_ready(world: World) -> None:
    with world.app.app_context():
        db.session.execute(text("UPDATE alembic_version SET version_num = '0000'"))
        db.session.commit()
    status, report = get_status(world, "/readyz")
    assert (status, report["status"], report["migration"]) == (503, "not ready", "0000")
    assert get_status(world, "/healthz")[0] == 200


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_older_code_on_a_newer_database_goes_on_working(world: World) -> None:
    """While a new version is brought in, machine by machine, nobody is taken out of service for it."""
    with world.app.app_context():
        db.session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        db.session.commit()
    status, report = get_status(world, "/readyz")
    assert (status, report["status"], report["migration"]) == (200, "ok", "9999")


def test_health_and_readiness(world: World) -> None:
    assert get_status(world, "/healthz") == (200, {"status": "ok"})
    status, report = get_status(world, "/readyz")
    assert (status, report["status"], report["database"]) == (200, "ok", "ok")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_without_its_tables_it_is_alive_and_not_ready(world: World) -> None:
    with world.app.app_context():
        db.session.execute(text("DROP TABLE alembic_version"))
        db.session.commit()
    status, report = get_status(world, "/readyz")
    assert (status, report["migration"]) == (503, None)
    assert get_status(world, "/healthz")[0] == 200


def get_status(world: World, path: str) -> tuple[int, Any]:
    answer = world.client.get(path)
    return answer.status_code, answer.json
