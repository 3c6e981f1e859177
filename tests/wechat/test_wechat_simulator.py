import os
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import requests

from app.core import clock
from app.core.settings import WECHAT, Profile, Settings
from app.wechat.client import WeChatServiceAccount
from app.wechat.port import AccountKind, FaultKind, WeChatError
from app.wechat.push import PushReceiver
from app.wechat.pushevent import PushEvent
from app.wechat.simulator import serve
from app.wechat.simulator.chats import RISKY_WORD
from tests.wechat.conftest import MINI, SERVICE

if TYPE_CHECKING:
    from tests.wechat.conftest import Wechat


@pytest.mark.parametrize(
    "fault",
    [
        {},
        {"path": ""},
        {"path": "x", "failure": "fire"},
        {"path": "x", "failure": 1},
        {"path": "x", "errcode": "1"},
        {"path": "x", "errcode": 1, "failure": "reset"},
        {"path": "x", "times": 0},
        {"path": "x", "latency_ms": -1},
        {"path": "x", "typo": 1},
        {"path": "x", "openid": 1},
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(wechat: "Wechat", fault: dict[str, object]) -> None:
    assert wechat.control("POST", "faults", fault, status=400)["error"]
    assert wechat.control("GET", "faults") == []


def test_faults_count_down_and_can_be_taken_away(wechat: "Wechat") -> None:
    wechat.fault("*", errcode=-1, times=2)
    wechat.fault("/cgi-bin/user/info", latency_ms=1, times=None)
    assert [fault["times"] for fault in wechat.control("GET", "faults")] == [2, None]
    assert wechat.control("DELETE", "faults") == []
    assert wechat.control("GET", "faults") == []


@pytest.mark.parametrize(
    ("path", "document"),
    [
        ("codes", {"user": {"openid": "not an openid"}}),
        ("codes", {"user": {"name": "x"}}),
        ("codes", []),
        (
            "templates",
            {"account": "miniprogram", "template_id": "T", "title": "t", "fields": {"title1": "x"}},
        ),
        ("templates", {"account": "other", "template_id": "T", "title": "t", "fields": {}}),
        (
            "templates",
            {"account": "service", "template_id": "T", "title": "t", "fields": {}, "listed": {"a": 1}},
        ),
        ("consents", {"openid": "o", "template_id": "T", "count": -1}),
        ("followers", {"openid": 5}),
        ("push", {"account": "service", "url": "http://127.0.0.1/x", "payload": {}, "form": "json"}),
        ("push", {"account": "service", "url": "https://example.org/x", "payload": {}}),
    ],
)
def test_the_control_interface_says_what_is_wrong(wechat: "Wechat", path: str, document: object) -> None:
    assert wechat.control("POST", path, document, status=400)["error"]


def test_messages_can_be_followed_from_a_number(wechat: "Wechat") -> None:
    openid = wechat.person()["openid"]
    wechat.control(
        "POST",
        "templates",
        {"account": "miniprogram", "template_id": "T", "title": "t", "fields": {"thing1": "x"}},
    )
    wechat.control("POST", "consents", {"openid": openid, "template_id": "T", "count": 3})
    for number in "123":
        wechat.mini_program().send_subscribe(openid=openid, template_id="T", data={"thing1": number})
    assert [m["data"]["thing1"] for m in wechat.control("GET", "messages?after=1")] == ["2", "3"]


def test_reset_forgets_everything(wechat: "Wechat") -> None:
    code = wechat.person()["login_code"]
    wechat.fault("x")
    wechat.control("POST", "reset")
    state = wechat.control("GET", "state")
    assert (state["users"], state["tokens"], state["calls"]) == (0, 0, {})
    assert wechat.control("GET", "faults") == []
    with pytest.raises(WeChatError, match="40029"):
        wechat.mini_program().login(code)


@pytest.mark.parametrize(
    ("account", "form"), [("miniprogram", "xml"), ("miniprogram", "json"), ("service", "xml")]
)
def test_a_pushed_callback_is_one_that_our_side_opens(wechat: "Wechat", account: str, form: str) -> None:
    kind = AccountKind(account)
    document = {
        "account": account,
        "form": form,
        "url": f"http://127.0.0.1:5000/wechat/callback/{account}",
        "payload": {"FromUserName": "oF", "MsgType": "event", "Event": "subscribe"},
    }
    assert wechat.control("POST", "push", document) == {"status": 200, "body": "success"}
    [(method, url, push)] = wechat.pushed
    assert (method, url) == ("POST", document["url"])
    receiver = PushReceiver(kind, wechat.simulator._control.accounts[kind])
    event = receiver.open(push.query, push.body, clock.now())
    assert isinstance(event, PushEvent)
    assert (event.account, event.event, event.openid) == (kind, "subscribe", "oF")
    assert event.created_at == clock.now()


def test_a_check_is_one_that_our_side_answers(wechat: "Wechat") -> None:
    answer = wechat.control("POST", "check", {"account": "service", "url": "http://127.0.0.1/x"})
    [(method, _, push)] = wechat.pushed
    receiver = PushReceiver(AccountKind.SERVICE, wechat.simulator._control.accounts[AccountKind.SERVICE])
    assert method == "GET"
    assert receiver.echo(push.query, clock.now()) == answer["echostr"]


def test_production_settings_refuse_the_simulator(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("STEWARD_")]:
        monkeypatch.delenv(name)
    with pytest.raises(SystemExit):
        serve.main(["--port", "0"])


def test_complete_production_settings_refuse_the_simulator(monkeypatch: pytest.MonkeyPatch) -> None:
    production = replace(Settings.for_tests("sqlite:///unused.db"), profile=Profile.PRODUCTION)
    monkeypatch.setattr(Settings, "from_environment", lambda _environ: production)
    with pytest.raises(SystemExit):
        serve.main(["--port", "0"])


def token(wechat: "Wechat", **asked: object) -> int:
    """The errcode of stable_token for these parameters; 0 when it gives a token."""
    with requests.Session() as session:
        session.mount(WECHAT, wechat.adapter)
        body = {"grant_type": "client_credential", "appid": MINI.appid, "secret": MINI.secret, **asked}
        errcode: int = session.post(f"{WECHAT}/cgi-bin/stable_token", json=body, timeout=1).json()["errcode"]
        return errcode


def test_the_token_is_refused_as_documented(wechat: "Wechat") -> None:
    assert token(wechat) == 0
    assert token(wechat, grant_type="x") == 40002
    assert token(wechat, appid=None) == 41002
    assert token(wechat, secret="") == 41004
    assert token(wechat, appid="wx0") == 40013
    assert token(wechat, secret="wrong") == 40125


def test_a_used_code_is_told_apart_at_the_log_in_alone(wechat: "Wechat") -> None:
    codes, client = wechat.person(openid="oP", phone="13900000001"), wechat.mini_program()
    for code, call, errcode in (
        (codes["login_code"], client.login, 40163),
        (codes["phone_code"], client.phone_number, 40029),
    ):
        call(code)
        with pytest.raises(WeChatError) as refused:
            call(code)
        assert (refused.value.errcode, refused.value.kind) == (errcode, FaultKind.LOGIN)


@pytest.mark.parametrize(
    ("appid", "page", "errcode"),
    [(MINI.appid, "/staff/task", 40165), (MINI.appid, "https://e.invalid/", 40165), ("wx0", "staff", 40166)],
)
def test_a_template_message_opens_no_page_that_does_not_exist(
    wechat: "Wechat", appid: str, page: str, errcode: int
) -> None:
    wechat.control("POST", "followers", {"openid": "oF"})
    service = WeChatServiceAccount(SERVICE, wechat.tokens, miniprogram_appid=appid, adapter=wechat.adapter)
    with pytest.raises(WeChatError) as refused:
        service.send_template(openid="oF", template_id="T", data={}, client_msg_id="1", miniprogram_page=page)
    assert (refused.value.errcode, refused.value.kind) == (errcode, FaultKind.TEMPLATE)


def test_sensitive_words_are_refused(wechat: "Wechat") -> None:
    openid = wechat.person()["openid"]
    template = {"account": "miniprogram", "template_id": "T1", "title": "进度", "fields": {"thing1": "项目"}}
    wechat.control("POST", "templates", template)
    wechat.control("POST", "consents", {"openid": openid, "template_id": "T1"})
    with pytest.raises(WeChatError) as refused:
        wechat.mini_program().send_subscribe(openid=openid, template_id="T1", data={"thing1": RISKY_WORD})
    assert (refused.value.errcode, refused.value.kind) == (45168, FaultKind.WORDING)


@pytest.mark.parametrize("failure", ["http403", "http412", "http500", "http502", "foreign"])
def test_a_fault_may_be_one_persons(wechat: "Wechat", failure: str) -> None:
    for openid in ("oF", "oG"):
        wechat.control("POST", "followers", {"openid": openid})
    wechat.fault("cgi-bin/user/info", failure=failure, openid="oF", times=None)
    service = wechat.service_account()
    assert service.follower("oG").subscribed
    with pytest.raises(WeChatError):
        service.follower("oF")


def test_followers_are_listed_and_named_as_documented(wechat: "Wechat") -> None:
    service = wechat.service_account()
    assert service.follower_page(None) == ([], 0)
    for openid in ("oA", "oB", "oC"):
        wechat.control("POST", "followers", {"openid": openid, "unionid": f"u{openid}"})
    assert service.follower_page(None) == (["oA", "oB", "oC"], 3)
    assert service.follower_page("oB") == (["oC"], 3)
    assert service.follower_page("oC") == ([], 3)
    assert [each.unionid for each in service.followers(["oC", "oA"])] == ["uoC", "uoA"]
    for wrong in ([], ["oA"] * 101):
        with pytest.raises(WeChatError, match="47001"):
            service.followers(wrong)
