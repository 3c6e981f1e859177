"""Calls of WeChat from a view: outside any transaction, with faults as refusals for the customer."""

from collections.abc import Callable
from typing import TypeVar

from flask import current_app

from app.core import turns
from app.core.atomic import release_connection
from app.domain.errors import FieldsError, LoginRefusedError, WeChatUnavailableError
from app.wechat.port import Accounts, FaultKind, PhoneNumber, WeChatError

T = TypeVar("T")


def wechat() -> Accounts:
    """The WeChat accounts of this installation."""
    found: Accounts = current_app.extensions["steward.wechat"]
    return found


def ask_wechat(question: Callable[[], T]) -> T:
    """The result of `question`, called with no transaction open.

    Raises `LoginRefusedError` when WeChat does not accept the code or the user, and
    `WeChatUnavailableError` for everything that is not the user's fault.
    """
    release_connection()
    try:
        with turns.given_up():
            return question()
    except WeChatError as fault:
        if fault.kind is FaultKind.LOGIN:
            raise LoginRefusedError("微信登录已过期，请重新点击登录。") from fault
        if fault.kind is FaultKind.BLOCKED:
            raise LoginRefusedError("微信暂不允许该账号登录，请联系微信客服。") from fault
        raise WeChatUnavailableError("微信服务暂时不可用，请稍后重试。") from fault


def ask_phone_number(code: str, field: str) -> PhoneNumber:
    """The phone number that WeChat has verified, for the code of the phone-number button.

    Called with no transaction open. The person is logged in or is just logging in, and a used or expired code
    ends neither. Raises `FieldsError` on `field` for such a code, and `WeChatUnavailableError`.
    """
    release_connection()
    try:
        with turns.given_up():
            return wechat().miniprogram.phone_number(code)
    except WeChatError as fault:
        if fault.kind in {FaultKind.LOGIN, FaultKind.BLOCKED}:
            said = "手机号授权已失效，请再次点击授权手机号按钮。"
            raise FieldsError([{"field": field, "code": "phone_code", "message": said}], said) from fault
        raise WeChatUnavailableError("微信服务暂时不可用，请稍后重试。") from fault
