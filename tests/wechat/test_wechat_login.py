from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from app.core import clock
from app.core.accounts import WeChatAccount
from app.wechat.port import FaultKind, Login, PhoneNumber, WeChatError

if TYPE_CHECKING:
    from tests.wechat.conftest import Wechat


def test_a_code_says_who_logs_in(wechat: "Wechat") -> None:
    codes = wechat.person(openid="oA", unionid="uA")
    assert wechat.mini_program().login(codes["login_code"]) == Login("oA", "uA")


def test_login_fetches_no_access_token(wechat: "Wechat") -> None:
    wechat.mini_program().login(wechat.person()["login_code"])
    assert wechat.calls("cgi-bin/stable_token") == 0


def test_a_code_works_once(wechat: "Wechat") -> None:
    code = wechat.person()["login_code"]
    wechat.mini_program().login(code)
    with pytest.raises(WeChatError) as refused:
        wechat.mini_program().login(code)
    assert (refused.value.errcode, refused.value.kind) == (40163, FaultKind.LOGIN)


def test_a_code_dies_after_five_minutes(wechat: "Wechat", set_clock: Callable[..., None]) -> None:
    code = wechat.person()["login_code"]
    set_clock(clock.now() + timedelta(minutes=5, seconds=1))
    with pytest.raises(WeChatError) as refused:
        wechat.mini_program().login(code)
    assert refused.value.kind is FaultKind.LOGIN


@pytest.mark.parametrize("code", ["forged", "", " \x00", "码", "\ud800", "x" * 5000, "a\r\nb"])
def test_a_forged_code_is_a_login_fault(wechat: "Wechat", code: str) -> None:
    with pytest.raises(WeChatError) as refused:
        wechat.mini_program().login(code)
    assert refused.value.kind is FaultKind.LOGIN


def test_a_phone_code_is_no_login_code(wechat: "Wechat") -> None:
    codes = wechat.person(phone="13900000001")
    with pytest.raises(WeChatError) as refused:
        wechat.mini_program().login(codes["phone_code"])
    assert refused.value.kind is FaultKind.LOGIN


def test_a_phone_code_gives_the_number_once(wechat: "Wechat") -> None:
    codes = wechat.person(phone="13900000001")
    number = wechat.mini_program().phone_number(codes["phone_code"])
    assert number == PhoneNumber("86", "13900000001", clock.now())
    assert number.e164 == "+8613900000001"
    assert "139" not in repr(number)
    with pytest.raises(WeChatError) as refused:
        wechat.mini_program().phone_number(codes["phone_code"])
    assert refused.value.kind is FaultKind.LOGIN


def test_a_foreign_number_keeps_its_country(wechat: "Wechat") -> None:
    codes = wechat.person(phone="2025550123", country_code="1")
    assert wechat.mini_program().phone_number(codes["phone_code"]).e164 == "+12025550123"


def test_a_high_risk_user_is_blocked(wechat: "Wechat") -> None:
    wechat.fault("sns/jscode2session", errcode=40226)
    with pytest.raises(WeChatError) as refused:
        wechat.mini_program().login(wechat.person()["login_code"])
    assert refused.value.kind is FaultKind.BLOCKED


def test_a_wrong_secret_is_a_configuration_fault(wechat: "Wechat") -> None:
    mistyped = WeChatAccount("wx00000000000000aa", "another-secret-777", "t", "m" * 43)
    with pytest.raises(WeChatError) as refused:
        wechat.mini_program(mistyped).login(wechat.person()["login_code"])
    assert (refused.value.errcode, refused.value.kind) == (40125, FaultKind.CONFIGURATION)
