import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from threading import Barrier
from typing import TYPE_CHECKING

import pytest
import responses
from requests.adapters import HTTPAdapter

from app.core import clock
from app.core.accounts import WeChatAccount
from app.core.settings import WECHAT
from app.wechat.client import WeChatMiniProgram
from app.wechat.port import AccountKind, FaultKind, WeChatError
from app.wechat.simulator.people import Refused
from app.wechat.token_store import AccessToken, MemoryTokenStore

if TYPE_CHECKING:
    from tests.wechat.conftest import Wechat

FETCH = "cgi-bin/stable_token"
INFO = "cgi-bin/user/info"
MINI_APPID = "wx00000000000000aa"
SERVICE_APPID = "wx00000000000000bb"


@pytest.fixture
def follower(wechat: "Wechat") -> str:
    openid: str = wechat.control("POST", "followers", {"openid": "oF", "unionid": "uF"})["openid"]
    return openid


def test_one_token_serves_many_calls(wechat: "Wechat", follower: str) -> None:
    service = wechat.service_account()
    for _ in range(3):
        service.follower(follower)
    assert (wechat.calls(FETCH), wechat.calls(INFO)) == (1, 3)


def test_eight_cold_threads_fetch_once(wechat: "Wechat", follower: str) -> None:
    service = wechat.service_account()
    barrier = Barrier(8)

    def look_up(_: int) -> bool:
        barrier.wait()
        return service.follower(follower).subscribed

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(look_up, range(8)))
    assert (wechat.calls(FETCH), wechat.calls(INFO)) == (1, 8)


def test_the_two_accounts_have_their_own_tokens(wechat: "Wechat", follower: str) -> None:
    wechat.service_account().follower(follower)
    wechat.mini_program().phone_number(wechat.person(phone="13900000001")["phone_code"])
    mini, service = wechat.tokens.get(MINI_APPID), wechat.tokens.get(SERVICE_APPID)
    assert mini is not None
    assert service is not None
    assert mini.value != service.value


@pytest.mark.parametrize("errcode", [40001, 40014, 42001])
def test_a_refused_token_is_renewed_once_and_the_call_goes_through(
    wechat: "Wechat", follower: str, errcode: int
) -> None:
    service = wechat.service_account()
    service.follower(follower)
    first = wechat.tokens.get(SERVICE_APPID)
    wechat.fault(INFO, errcode=errcode)
    assert service.follower(follower).subscribed
    assert wechat.calls(INFO) == 3
    assert wechat.tokens.get(SERVICE_APPID) != first


def test_a_token_that_wechat_forgot_is_replaced_without_force(wechat: "Wechat", follower: str) -> None:
    service = wechat.service_account()
    service.follower(follower)
    wechat.control("DELETE", "tokens")
    assert service.follower(follower).subscribed
    assert wechat.calls(FETCH) == 2


def test_a_token_refused_for_ever_ends_after_one_retry(wechat: "Wechat", follower: str) -> None:
    service = wechat.service_account()
    wechat.fault(INFO, errcode=40001, times=None)
    for attempt in (1, 2):
        with pytest.raises(WeChatError) as refused:
            service.follower(follower)
        assert refused.value.kind is FaultKind.TOKEN
        assert wechat.calls(INFO) == 2 * attempt
    # One cold fetch, one renewal of which the second half was forced; then ordinary ones only, since
    # WeChat allows twenty forced renewals a day.
    assert wechat.calls(FETCH) == 4


def test_threads_whose_token_is_refused_share_one_renewal(wechat: "Wechat", follower: str) -> None:
    service = wechat.service_account()
    service.follower(follower)
    wechat.control("DELETE", "tokens")
    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(lambda _: service.follower(follower).subscribed, range(8)))
    assert wechat.calls(FETCH) == 2


def test_a_token_is_renewed_ahead_of_its_end(
    wechat: "Wechat", follower: str, set_clock: Callable[[datetime], None]
) -> None:
    service = wechat.service_account()
    service.follower(follower)
    first = wechat.tokens.get(SERVICE_APPID)
    assert first is not None
    set_clock(first.expires_at - timedelta(minutes=4))
    service.follower(follower)
    second = wechat.tokens.get(SERVICE_APPID)
    assert second is not None
    assert second.value != first.value
    assert second.expires_at == clock.now() + timedelta(hours=2)


def test_a_failed_renewal_ahead_leaves_the_old_token_at_work(
    wechat: "Wechat", follower: str, set_clock: Callable[[datetime], None], caplog: pytest.LogCaptureFixture
) -> None:
    service = wechat.service_account()
    service.follower(follower)
    first = wechat.tokens.get(SERVICE_APPID)
    assert first is not None
    set_clock(first.expires_at - timedelta(minutes=1))
    wechat.fault(FETCH, failure="http500")
    assert service.follower(follower).subscribed
    assert wechat.tokens.get(SERVICE_APPID) == first
    assert "not renewed ahead" in caplog.text


def test_who_finds_a_renewal_ahead_under_way_uses_the_old_token(
    wechat: "Wechat", follower: str, set_clock: Callable[[datetime], None]
) -> None:
    service = wechat.service_account()
    service.follower(follower)
    first = wechat.tokens.get(SERVICE_APPID)
    assert first is not None
    set_clock(first.expires_at - timedelta(minutes=1))
    with wechat.tokens.refreshing(SERVICE_APPID, wait=False) as mine:
        assert mine
        assert service.follower(follower).subscribed
    assert wechat.calls(FETCH) == 1


class RenewedMeanwhile(MemoryTokenStore):
    """Another refresher is done between the look at the token and the guard."""

    newer: AccessToken | None = None

    @contextmanager
    def refreshing(self, appid: str, *, wait: bool) -> Iterator[bool]:
        if self.newer is not None:
            self.set(appid, self.newer)
        with super().refreshing(appid, wait=wait) as mine:
            yield mine


def test_a_renewal_that_somebody_just_did_is_not_repeated(
    wechat: "Wechat", follower: str, set_clock: Callable[[datetime], None]
) -> None:
    wechat.tokens = store = RenewedMeanwhile()
    service = wechat.service_account()
    service.follower(follower)
    first = store.get(SERVICE_APPID)
    assert first is not None
    set_clock(first.expires_at - timedelta(minutes=1))
    value, lifetime = wechat.simulator.state.stable_token(AccountKind.SERVICE, force=False)
    store.newer = AccessToken(value, clock.now() + timedelta(seconds=lifetime))
    assert service.follower(follower).subscribed
    assert (store.get(SERVICE_APPID), wechat.calls(FETCH)) == (store.newer, 1)


def test_an_expired_token_is_not_used(
    wechat: "Wechat", follower: str, set_clock: Callable[[datetime], None]
) -> None:
    service = wechat.service_account()
    service.follower(follower)
    set_clock(clock.now() + timedelta(days=3))
    assert service.follower(follower).subscribed
    assert (wechat.calls(FETCH), wechat.calls(INFO)) == (2, 2)


def test_a_guard_is_released_when_the_fetch_fails(wechat: "Wechat", follower: str) -> None:
    service = wechat.service_account()
    wechat.fault(FETCH, failure="timeout")
    with pytest.raises(WeChatError) as failed:
        service.follower(follower)
    # No message had left: the sender may repeat.
    assert failed.value.kind is FaultKind.TRANSIENT
    assert service.follower(follower).subscribed


def test_40001_at_the_token_itself_speaks_of_the_secret(wechat: "Wechat") -> None:
    wechat.fault(FETCH, errcode=40001)
    with pytest.raises(WeChatError) as refused:
        wechat.service_account().follower("oF")
    assert (refused.value.errcode, refused.value.kind) == (40001, FaultKind.CONFIGURATION)
    assert wechat.calls(FETCH) == 1


def test_stable_token_renews_in_the_last_five_minutes_and_both_work(
    wechat: "Wechat", follower: str, set_clock: Callable[[datetime], None]
) -> None:
    wechat.service_account().follower(follower)
    old = wechat.tokens.get(SERVICE_APPID)
    assert old is not None
    set_clock(old.expires_at - timedelta(minutes=4, seconds=59))
    other_process = MemoryTokenStore()
    wechat.tokens, kept = other_process, wechat.tokens
    wechat.service_account().follower(follower)
    new = other_process.get(SERVICE_APPID)
    assert new is not None
    assert new.value != old.value
    wechat.tokens = kept
    wechat.service_account().follower(follower)
    assert wechat.calls(FETCH) == 2


def test_no_token_stands_in_a_repr(wechat: "Wechat", follower: str) -> None:
    wechat.service_account().follower(follower)
    token = wechat.tokens.get(SERVICE_APPID)
    assert token is not None
    assert token.value not in repr(token)


@pytest.mark.parametrize("answer", [{}, {"access_token": "t"}, {"access_token": "t", "expires_in": "soon"}])
def test_an_unusable_token_answer_is_transient(
    wechat: "Wechat", monkeypatch: pytest.MonkeyPatch, answer: dict[str, object]
) -> None:
    monkeypatch.setitem(
        wechat.simulator._calls, ("POST", FETCH), lambda _request: json.loads(json.dumps(answer))
    )
    with pytest.raises(WeChatError) as failed:
        wechat.mini_program(WeChatAccount(MINI_APPID, "x", "t", "m" * 43)).phone_number("code")
    assert failed.value.kind is FaultKind.TRANSIENT


@pytest.mark.parametrize("failure", [{"errcode": 50004}, {"errcode": 99999999}])
def test_a_refusal_at_the_token_is_the_configuration_whatever_is_called(
    wechat: "Wechat", failure: dict[str, object]
) -> None:
    wechat.fault(FETCH, times=None, **failure)
    mini, service = wechat.mini_program(), wechat.service_account()
    calls = (
        lambda: service.follower("oF"),
        lambda: service.send_template(openid="oF", template_id="T", data={}, client_msg_id="1"),
        lambda: mini.send_subscribe(openid="oF", template_id="T", data={}),
        lambda: mini.send_text(openid="oF", text="您好"),
        lambda: mini.phone_number("code"),
    )
    for call in calls:
        with pytest.raises(WeChatError) as refused:
            call()
        assert refused.value.kind is FaultKind.CONFIGURATION


@pytest.mark.parametrize("status", [403, 404, 412])
@responses.activate
def test_an_http_refusal_at_the_token_is_the_configuration(status: int) -> None:
    responses.post(f"{WECHAT}/{FETCH}", status=status)
    account = WeChatAccount(MINI_APPID, "x", "t", "m" * 43)
    client = WeChatMiniProgram(account, MemoryTokenStore(), adapter=HTTPAdapter())
    with pytest.raises(WeChatError) as refused:
        client.keep_token_fresh()
    assert refused.value.kind is FaultKind.CONFIGURATION


def test_a_day_of_refused_tokens_forces_twenty_renewals_at_most(
    wechat: "Wechat", set_clock: Callable[[datetime], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    forced: list[datetime] = []
    ask = wechat.simulator.state.stable_token

    def counted(kind: AccountKind, *, force: bool) -> tuple[str, int]:
        forced.extend([clock.now()] * force)
        return ask(kind, force=force)

    monkeypatch.setattr(wechat.simulator.state, "stable_token", counted)
    wechat.fault(INFO, errcode=40001, times=None)
    processes = [wechat.service_account() for _ in range(4)]
    for _ in range(2 * 24 * 12):
        for process in processes:
            with pytest.raises(WeChatError):
                process.follower("oF")
        set_clock(clock.now() + timedelta(minutes=5))
    assert len(forced) > 20
    for last in forced:
        assert sum(last - timedelta(days=1) < at <= last for at in forced) <= 20


def test_a_forced_renewal_that_wechat_refuses_leaves_the_ordinary_one(
    wechat: "Wechat", follower: str, set_clock: Callable[[datetime], None]
) -> None:
    """Somebody else of the company has used up the day's forced renewals."""
    for _ in range(20):
        wechat.simulator.state.stable_token(AccountKind.SERVICE, force=True)
        set_clock(clock.now() + timedelta(seconds=30))
    with pytest.raises(Refused, match="45009"):
        wechat.simulator.state.stable_token(AccountKind.SERVICE, force=True)
    service = wechat.service_account()
    wechat.fault(INFO, errcode=40001)
    assert service.follower(follower).subscribed


def test_within_half_a_minute_the_simulator_forces_nothing(wechat: "Wechat") -> None:
    state = wechat.simulator.state
    first, _ = state.stable_token(AccountKind.SERVICE, force=True)
    assert state.stable_token(AccountKind.SERVICE, force=True)[0] == first
