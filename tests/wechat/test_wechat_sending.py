from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from app.core import clock
from app.wechat.port import FaultKind, Follower, SendReceipt, WeChatError

if TYPE_CHECKING:
    from tests.wechat.conftest import Wechat

FIELDS = {"thing1": "项目名称", "phone_number2": "联系电话", "time3": "时间"}
DATA = {"thing1": "演示小区一期接水", "phone_number2": "0531-00000000", "time3": "2026年3月10日 09:00"}


@pytest.fixture
def openid(wechat: "Wechat") -> str:
    openid = wechat.person()["openid"]
    for account in ("miniprogram", "service"):
        wechat.control(
            "POST",
            "templates",
            {"account": account, "template_id": "T1", "title": "进度提醒", "fields": FIELDS},
        )
    wechat.control("POST", "consents", {"openid": openid, "template_id": "T1"})
    return openid


@pytest.fixture
def follower(wechat: "Wechat", openid: str) -> str:
    follower: str = wechat.control("POST", "followers", {"openid": "oF", "unionid": "uF"})["openid"]
    return follower


def subscribe(wechat: "Wechat", openid: str, **changes: str) -> SendReceipt:
    return wechat.mini_program().send_subscribe(
        openid=openid, template_id="T1", data=DATA | changes, page="pages/case?id=1"
    )


def template(wechat: "Wechat", openid: str, client_msg_id: str) -> SendReceipt:
    return wechat.service_account().send_template(
        openid=openid,
        template_id="T1",
        data=DATA,
        client_msg_id=client_msg_id,
        miniprogram_page="staff/task?id=1",
    )


def errcode(call: Callable[[], object]) -> int | None:
    with pytest.raises(WeChatError) as refused:
        call()
    return refused.value.errcode


def test_a_subscribe_message_arrives_as_the_phone_shows_it(wechat: "Wechat", openid: str) -> None:
    receipt = subscribe(wechat, openid)
    [message] = wechat.messages()
    assert receipt.msgid == str(message["msgid"])
    assert message["channel"] == "subscribe"
    assert message["at"] == clock.now().isoformat()
    assert message["title"] == "进度提醒"
    assert message["page"] == "pages/case?id=1"
    assert message["fields"][0] == {"key": "thing1", "label": "项目名称", "value": "演示小区一期接水"}


def test_one_consent_is_one_message(wechat: "Wechat", openid: str) -> None:
    subscribe(wechat, openid)
    assert errcode(lambda: subscribe(wechat, openid)) == 43101
    wechat.control("POST", "consents", {"openid": openid, "template_id": "T1"})
    subscribe(wechat, openid)
    assert [message["seq"] for message in wechat.messages()] == [1, 2]


def test_a_refused_message_costs_no_consent(wechat: "Wechat", openid: str) -> None:
    assert errcode(lambda: subscribe(wechat, openid, thing1="一" * 21)) == 47003
    subscribe(wechat, openid)


@pytest.mark.parametrize("data", [{"thing1": "x"}, DATA | {"thing9": "x"}, DATA | {"thing1": ""}])
def test_missing_empty_and_surplus_fields_are_refused(
    wechat: "Wechat", openid: str, data: dict[str, str]
) -> None:
    mini = wechat.mini_program()
    assert errcode(lambda: mini.send_subscribe(openid=openid, template_id="T1", data=data)) == 47003


def test_unknown_template_person_and_page(wechat: "Wechat", openid: str) -> None:
    mini = wechat.mini_program()
    assert errcode(lambda: mini.send_subscribe(openid=openid, template_id="T2", data=DATA)) == 40037
    assert errcode(lambda: mini.send_subscribe(openid="o?", template_id="T1", data=DATA)) == 40003
    assert (
        errcode(lambda: mini.send_subscribe(openid=openid, template_id="T1", data=DATA, page="/a")) == 41030
    )


def test_a_template_message_opens_the_staff_page(wechat: "Wechat", follower: str) -> None:
    receipt = template(wechat, follower, "c1")
    [message] = wechat.messages()
    assert receipt.msgid == str(message["msgid"])
    assert (message["channel"], message["page"], message["client_msg_id"]) == (
        "template",
        "staff/task?id=1",
        "c1",
    )


def test_the_same_client_msg_id_is_delivered_once_within_ten_minutes(
    wechat: "Wechat", follower: str, set_clock: Callable[[datetime], None]
) -> None:
    first = template(wechat, follower, "c1")
    set_clock(clock.now() + timedelta(minutes=9, seconds=59))
    assert template(wechat, follower, "c1") == first
    assert template(wechat, follower, "c2") != first
    assert len(wechat.messages()) == 2
    set_clock(clock.now() + timedelta(minutes=1))
    assert template(wechat, follower, "c1") != first
    assert len(wechat.messages()) == 3


def test_a_repetition_after_a_lost_answer_is_safe_with_client_msg_id(wechat: "Wechat", follower: str) -> None:
    wechat.fault("cgi-bin/message/template/send", failure="timeout", after_delivery=True)
    with pytest.raises(WeChatError) as failed:
        template(wechat, follower, "c1")
    assert failed.value.kind is FaultKind.UNKNOWN_OUTCOME
    receipt = template(wechat, follower, "c1")
    [message] = wechat.messages()
    assert receipt.msgid == str(message["msgid"])


def test_who_stopped_following_is_not_reached(wechat: "Wechat", follower: str) -> None:
    wechat.control("POST", "followers", {"openid": follower, "subscribed": False})
    assert errcode(lambda: template(wechat, follower, "c1")) == 43004
    assert wechat.service_account().follower(follower) == Follower(follower, None, subscribed=False)


def test_a_follower_is_joined_by_unionid(wechat: "Wechat", follower: str) -> None:
    assert wechat.service_account().follower(follower) == Follower(follower, "uF", subscribed=True)
    assert errcode(lambda: wechat.service_account().follower("o-nobody")) == 40003
