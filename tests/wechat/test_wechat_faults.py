import logging
import socket
from collections.abc import Iterator
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest
import requests
import responses
from werkzeug.serving import make_server

from app.core.accounts import WeChatAccount
from app.core.settings import WECHAT
from app.wechat.client import WeChatMiniProgram, WeChatServiceAccount
from app.wechat.errcodes import kind_of
from app.wechat.port import FaultKind, WeChatError
from app.wechat.secrecy import HTTP_LOGGER, scrub
from app.wechat.simulator.serve import QuietHandler
from app.wechat.token_store import MemoryTokenStore

if TYPE_CHECKING:
    from tests.wechat.conftest import Wechat

SEND = "cgi-bin/message/subscribe/send"
LOGIN = "sns/jscode2session"
SECRET = "mini-app-secret-1f0e"
MINI = WeChatAccount("wx00000000000000aa", SECRET, "t", "m" * 43)


@pytest.fixture
def openid(wechat: "Wechat") -> str:
    openid = wechat.person()["openid"]
    wechat.control(
        "POST",
        "templates",
        {"account": "miniprogram", "template_id": "T1", "title": "进度提醒", "fields": {"thing1": "项目"}},
    )
    wechat.control("POST", "consents", {"openid": openid, "template_id": "T1", "count": 5})
    return openid


def send(client: WeChatMiniProgram, openid: str) -> None:
    client.send_subscribe(openid=openid, template_id="T1", data={"thing1": "演示项目"})


def through_requests() -> WeChatMiniProgram:
    """The client as it goes where a proxy is set: through `requests`, which `responses` answers for."""
    return WeChatMiniProgram(MINI, MemoryTokenStore(), adapter=requests.adapters.HTTPAdapter())


def failure(client: WeChatMiniProgram, openid: str) -> WeChatError:
    with pytest.raises(WeChatError) as failed:
        send(client, openid)
    return failed.value


@pytest.mark.parametrize("how", ["timeout", "reset"])
def test_an_answer_that_never_came_leaves_the_outcome_unknown(
    wechat: "Wechat", openid: str, how: str
) -> None:
    wechat.fault(SEND, failure=how, after_delivery=True)
    error = failure(wechat.mini_program(), openid)
    assert (error.errcode, error.kind) == (None, FaultKind.UNKNOWN_OUTCOME)
    assert len(wechat.messages()) == 1


def test_nothing_is_repeated_by_itself(wechat: "Wechat", openid: str) -> None:
    wechat.fault(SEND, failure="timeout")
    failure(wechat.mini_program(), openid)
    assert (wechat.calls(SEND), wechat.messages()) == (1, [])


def test_a_lost_answer_to_a_mere_question_is_transient(wechat: "Wechat") -> None:
    wechat.fault("cgi-bin/user/info", failure="timeout")
    with pytest.raises(WeChatError) as failed:
        wechat.service_account().follower("oF")
    assert failed.value.kind is FaultKind.TRANSIENT


def test_a_refused_connection_is_transient() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        # Bound but not listening: every connection is refused.
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(WeChatError) as failed:
            WeChatMiniProgram(MINI, MemoryTokenStore(), base_url=url).login("a-login-code")
    assert failed.value.kind is FaultKind.TRANSIENT
    assert_nothing_leaks(failed.value, SECRET, "a-login-code")


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        # The server failed at some point, perhaps after it had done the work.
        (500, FaultKind.UNKNOWN_OUTCOME),
        (502, FaultKind.UNKNOWN_OUTCOME),
        (503, FaultKind.TRANSIENT),
        (429, FaultKind.TRANSIENT),
        (504, FaultKind.UNKNOWN_OUTCOME),
        (403, FaultKind.UNCLEAR),
        (404, FaultKind.UNCLEAR),
        (412, FaultKind.UNCLEAR),
        (302, FaultKind.UNKNOWN_OUTCOME),
    ],
)
@responses.activate
def test_http_statuses(status: int, kind: FaultKind) -> None:
    responses.get(f"{WECHAT}/{LOGIN}", status=status, headers={"Location": "https://elsewhere.invalid/"})
    with pytest.raises(WeChatError) as failed:
        through_requests().login("a-login-code")
    assert failed.value.kind is kind
    # A redirection would carry the AppSecret to whoever it names.
    assert len(responses.calls) == 1
    assert_nothing_leaks(failed.value, SECRET, "a-login-code")


@pytest.mark.parametrize(
    "body",
    [
        "",
        "<html>",
        "[]",
        "null",
        "{}",
        '{"errcode": "?"}',
        '{"errcode": null}',
        '{"unionid": "u"}',
        '{"message": "maintenance"}',
        "\ud800",
    ],
)
@responses.activate
def test_an_answer_that_makes_no_sense_leaves_the_outcome_unknown(body: str) -> None:
    responses.get(f"{WECHAT}/{LOGIN}", body=body.encode(errors="surrogatepass"))
    with pytest.raises(WeChatError) as failed:
        through_requests().login("a-login-code")
    assert failed.value.kind is FaultKind.UNKNOWN_OUTCOME


MAINTENANCE = {"message": "maintenance"}


@pytest.mark.parametrize(
    ("path", "call", "kind"),
    [
        (SEND, send, FaultKind.UNKNOWN_OUTCOME),
        (
            "cgi-bin/message/custom/send",
            lambda one, openid: one.send_text(openid=openid, text="您好"),
            FaultKind.UNKNOWN_OUTCOME,
        ),
        (
            "cgi-bin/media/upload",
            lambda one, openid: one.send_picture(openid=openid, content=b"x", media_type="image/png"),
            FaultKind.TRANSIENT,
        ),
        (
            "wxa/business/getuserphonenumber",
            lambda one, _: one.phone_number("c"),
            FaultKind.UNKNOWN_OUTCOME,
        ),
        (
            "wxa/msg_sec_check",
            lambda one, openid: one.check_text(openid=openid, text="您好", scene=1),
            FaultKind.TRANSIENT,
        ),
        (
            "wxa/media_check_async",
            lambda one, openid: one.check_picture(openid=openid, url="https://e.invalid/1", scene=1),
            FaultKind.TRANSIENT,
        ),
    ],
)
@responses.activate
def test_an_answer_that_does_not_confirm_is_no_success(path: str, call: Any, kind: FaultKind) -> None:
    responses.post(f"{WECHAT}/cgi-bin/stable_token", json={"access_token": "t", "expires_in": 7200})
    responses.post(f"{WECHAT}/{path}", json=MAINTENANCE)
    with pytest.raises(WeChatError) as failed:
        call(through_requests(), "oA")
    assert (failed.value.errcode, failed.value.kind) == (None, kind)


@responses.activate
def test_the_page_of_a_maintenance_is_no_file() -> None:
    responses.post(f"{WECHAT}/cgi-bin/stable_token", json={"access_token": "t", "expires_in": 7200})
    responses.get(f"{WECHAT}/cgi-bin/media/get", body="\n<!DOCTYPE html><title>系统维护中</title>")
    with pytest.raises(WeChatError) as failed:
        through_requests().fetch_media(media_id="m1")
    assert failed.value.kind is FaultKind.TRANSIENT


@pytest.mark.parametrize("status", [500, 502])
@pytest.mark.parametrize("path", [SEND, "cgi-bin/message/custom/send"])
@responses.activate
def test_a_server_error_after_a_send_leaves_its_outcome_unknown(path: str, status: int) -> None:
    responses.post(f"{WECHAT}/cgi-bin/stable_token", json={"access_token": "t", "expires_in": 7200})
    responses.post(f"{WECHAT}/{path}", status=status)
    client = through_requests()
    with pytest.raises(WeChatError) as failed:
        send(client, "oA") if path == SEND else client.send_text(openid="oA", text="您好")
    assert failed.value.kind is FaultKind.UNKNOWN_OUTCOME


def causes(error: BaseException) -> Iterator[BaseException]:
    waiting: list[BaseException | None] = [error]
    while waiting:
        found = waiting.pop()
        if found is not None:
            yield found
            waiting += [found.__cause__, found.__context__]


def assert_nothing_leaks(error: WeChatError, *secrets: str) -> None:
    for cause in causes(error):
        for text in (str(cause), repr(cause), repr(cause.args), repr(vars(cause))):
            assert not any(secret in text for secret in secrets), text


class _Unreachable(requests.adapters.BaseAdapter):
    """Fails with the whole URL in the text, as the HTTP library does."""

    def send(self, request: requests.PreparedRequest, *_: object, **__: object) -> requests.Response:
        raise requests.ConnectionError(f"Max retries exceeded with url: {request.url} {request.body!r}")

    def close(self) -> None:
        pass


def test_a_transport_error_carries_no_secret_even_in_its_causes() -> None:
    client = WeChatMiniProgram(MINI, MemoryTokenStore(), adapter=_Unreachable())
    for call in (client.login, client.phone_number):
        with pytest.raises(WeChatError) as failed:
            call("a-login-code")
        assert "Max retries" in str(failed.value)
        assert_nothing_leaks(failed.value, SECRET, "a-login-code")


@responses.activate
def test_a_refusal_that_quotes_secrets_is_scrubbed() -> None:
    responses.post(f"{WECHAT}/cgi-bin/stable_token", json={"access_token": "tok-3141", "expires_in": 7200})
    responses.post(f"{WECHAT}/{SEND}", json={"errcode": 47003, "errmsg": f"tok-3141 of {SECRET} is no thing"})
    error = failure(through_requests(), "oA")
    assert error.errcode == 47003
    assert_nothing_leaks(error, SECRET, "tok-3141")


def test_no_secret_reaches_the_http_log(caplog: pytest.LogCaptureFixture) -> None:
    WeChatMiniProgram(MINI, MemoryTokenStore())
    with caplog.at_level(logging.DEBUG, logger=HTTP_LOGGER):
        logging.getLogger(HTTP_LOGGER).debug(
            '%s "GET %s" %s', WECHAT, f"/{LOGIN}?appid=wx1&secret={SECRET}&js_code=c0de", 200
        )
    assert "appid=wx1" in caplog.text
    assert SECRET not in caplog.text
    assert "c0de" not in caplog.text


def test_scrubbing_keeps_error_codes_readable() -> None:
    assert scrub("Error code: 40029, access_token=abc&openid=o1") == (
        "Error code: 40029, access_token=***&openid=o1"
    )


@pytest.mark.parametrize(
    ("errcode", "kind"),
    [
        (-1, FaultKind.TRANSIENT),
        (45011, FaultKind.TRANSIENT),
        (43108, FaultKind.TRANSIENT),
        (45009, FaultKind.QUOTA),
        (42001, FaultKind.TOKEN),
        (43101, FaultKind.RECIPIENT),
        (43004, FaultKind.RECIPIENT),
        (40029, FaultKind.LOGIN),
        (40226, FaultKind.BLOCKED),
        (40037, FaultKind.TEMPLATE),
        (40165, FaultKind.TEMPLATE),
        (40166, FaultKind.TEMPLATE),
        (43104, FaultKind.TEMPLATE),
        (45103, FaultKind.TEMPLATE),
        (61007, FaultKind.TEMPLATE),
        (47003, FaultKind.CONTENT),
        (45168, FaultKind.WORDING),
        (87014, FaultKind.WORDING),
        (50002, FaultKind.UNCLEAR),
        (48001, FaultKind.UNCLEAR),
        (40164, FaultKind.CONFIGURATION),
        (99999999, FaultKind.UNLISTED),
    ],
)
def test_errcodes_have_the_treatment_of_the_table(errcode: int, kind: FaultKind) -> None:
    assert kind_of(errcode) is kind


@pytest.mark.parametrize("errcode", [-1, 45009, 43108, 45168])
def test_a_refusal_is_told_with_code_and_kind(wechat: "Wechat", openid: str, errcode: int) -> None:
    wechat.fault(SEND, errcode=errcode)
    error = failure(wechat.mini_program(), openid)
    assert (error.errcode, error.kind) == (errcode, kind_of(errcode))
    assert str(errcode) in str(error)


def test_half_a_character_never_leaves(wechat: "Wechat", openid: str) -> None:
    with pytest.raises(WeChatError) as failed:
        wechat.mini_program().send_subscribe(openid=openid, template_id="T1", data={"thing1": "\ud83d"})
    assert failed.value.kind is FaultKind.CONTENT
    assert wechat.calls(SEND) == 0


@pytest.fixture
def address(wechat: "Wechat") -> Iterator[str]:
    """The simulator behind a real socket."""
    server = make_server("127.0.0.1", 0, wechat.simulator, threaded=True, request_handler=QuietHandler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("how", ["timeout", "reset"])
def test_a_real_connection_that_breaks_leaves_the_outcome_unknown(
    wechat: "Wechat", openid: str, address: str, how: str
) -> None:
    client = WeChatMiniProgram(MINI, MemoryTokenStore(), base_url=address)
    wechat.fault(SEND, failure=how, after_delivery=True)
    error = failure(client, openid)
    assert error.kind is FaultKind.UNKNOWN_OUTCOME
    assert_nothing_leaks(error, SECRET)
    send(client, openid)
    assert len(wechat.messages()) == 2


def test_the_machines_proxy_is_not_asked_for_loopback(
    wechat: "Wechat", address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    client = WeChatMiniProgram(MINI, MemoryTokenStore(), base_url=address)
    codes = wechat.person(openid="oP")
    assert client.login(codes["login_code"]).openid == "oP"


def test_the_account_shows_no_secret() -> None:
    service = WeChatServiceAccount(MINI, MemoryTokenStore(), miniprogram_appid="wx1")
    assert SECRET not in repr(service._gateway)
    assert SECRET not in repr(MINI)
