"""企业微信 from its callback to the card: members are bound, released, and told of their cases."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text
from werkzeug.test import TestResponse

from app.cli.staff import staff
from app.core import clock
from app.core.accounts import WeComAccount
from app.core.db import db
from app.core.settings import Settings
from app.factory import install
from app.models import Staff
from app.wechat.push import seal, sealed_check
from tests.api.database_rows import nothing_changes
from tests.world import World

WORK = WeComAccount("ww00000000000000cc", "wecom-app-secret-77ab", "wecompushtoken", "w" * 43, 1000002)
ADDRESS = "/wechat/callback/wecom"


@pytest.fixture
def company(app: Flask, database_url: str) -> Iterator[World]:
    """The application of an installation that has WeCom."""
    settings = Settings.for_tests(
        database_url,
        wecom_corp_id=WORK.appid,
        wecom_agent_id=str(WORK.agent_id),
        wecom_secret=WORK.secret,
        wecom_push_token=WORK.push_token,
        wecom_push_aes_key=WORK.push_aes_key,
    )
    install(app, settings)  # type: ignore[arg-type]
    before = clock.in_use()
    yield World(app)
    clock.use(before)


def push(world: World, payload: dict[str, str], account: WeComAccount = WORK) -> TestResponse:
    now = world.clock.now()
    whole = {"ToUserName": WORK.appid, "CreateTime": str(int(now.timestamp())), "MsgType": "event", **payload}
    sealed = seal(account, whole, as_json=False, now=now, nonce="n0nce")
    return world.client.post(
        ADDRESS, query_string=sealed.query, data=sealed.body, content_type=sealed.content_type
    )


def members(world: World) -> dict[str, str]:
    with world.app.app_context():
        rows = db.session.execute(text("SELECT number, wecom_id FROM staff WHERE wecom_id IS NOT NULL")).all()
        db.session.remove()
    return {row.number: row.wecom_id for row in rows}


def cards(world: World) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = world.desk.ask("GET", "cards")["cards"]
    return found


def bind(world: World, *arguments: str) -> tuple[int, str]:
    result = world.app.test_cli_runner().invoke(staff, ["wecom", *arguments])
    return result.exit_code, result.output


def test_members_come_into_reach_and_leave_it(company: World) -> None:
    happened = [
        ({"Event": "subscribe", "FromUserName": "g001"}, {"G001": "g001"}),
        ({"Event": "subscribe", "FromUserName": "somebody.else"}, {"G001": "g001"}),
        ({"Event": "unsubscribe", "FromUserName": "G001"}, {}),
        ({"Event": "change_contact", "ChangeType": "create_user", "UserID": "D001"}, {"D001": "d001"}),
        (
            {"Event": "change_contact", "ChangeType": "update_user", "UserID": "D001", "NewUserID": "li.si"},
            {"D001": "li.si"},
        ),
        ({"Event": "change_contact", "ChangeType": "delete_party"}, {"D001": "li.si"}),
        ({"Event": "change_contact", "ChangeType": "delete_user", "UserID": "li.si"}, {}),
    ]
    for payload, bound in happened:
        answer = push(company, {"FromUserName": "sys", **payload})
        assert (answer.status_code, answer.text) == (200, "success")
        company.work()
        assert members(company) == bound, payload


def test_a_manager_in_wecom_is_told_by_card(company: World) -> None:
    for number in ("G001", "G002"):
        company.desk.ask("POST", "members", {"member_id": number})
        assert bind(company, "--number", number, "--member", number)[0] == 0
    company.submitted(company.log_in("o_customer", "13800000001"))
    company.work()

    told = cards(company)
    assert [card["member_id"] for card in told if card["title"] == "您有新的报装客户"] in (["G001"], ["G002"])


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_people_are_bound_by_their_phones(company: World) -> None:
    with company.app.app_context():
        phone = db.session.scalars(select(Staff.phone).where(Staff.number == "G001")).one()
        db.session.remove()
    company.desk.ask("POST", "members", {"member_id": "zhang.san", "phone": phone.removeprefix("+86")})

    code, said = bind(company)
    assert code == 0, said
    assert "is zhang.san" in said
    assert "no member of WeCom has this phone" in said
    assert members(company) == {"G001": "zhang.san"}
    assert bind(company, "--number", "X999", "--member", "x")[0] == 1
    assert bind(company, "--member", "x")[0] == 2


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_server_check_and_forgeries(company: World) -> None:
    query = sealed_check(WORK, now=company.clock.now(), nonce="n", echostr="word")
    answer = company.client.get(ADDRESS, query_string=query)
    assert (answer.status_code, answer.text, answer.mimetype) == (200, "word", "text/plain")
    forged = {**query, "msg_signature": "0" * 40}
    assert company.client.get(ADDRESS, query_string=forged).status_code == 403

    thief = WeComAccount(WORK.appid, WORK.secret, "theirs", WORK.push_aes_key, WORK.agent_id)
    joined = {"FromUserName": "g001", "Event": "subscribe"}
    with nothing_changes(company.app):
        assert push(company, joined, thief).status_code == 403


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_an_installation_without_wecom_has_no_such_address(world: World) -> None:
    assert push(world, {"FromUserName": "g001", "Event": "subscribe"}).status_code == 404
    assert world.client.get(ADDRESS).status_code == 404
    code, said = bind(world)
    assert (code, "STEWARD_WECOM" in said) == (1, True)
