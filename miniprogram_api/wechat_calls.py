"""Calls of WeChat from a view: outside any transaction, with faults as refusals for the customer."""

from collections.abc import Callable
from typing import TypeVar

from flask import current_app

from app.core.atomic import release_connection
from app.domain.errors import LoginRefusedError, WeChatUnavailableError
from app.wechat.port import Accounts, FaultKind, WeChatError

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
        return question()
    except WeChatError as fault:
        if fault.kind is FaultKind.LOGIN:
            raise LoginRefusedError("微信登录已过期，请重新点击登录。") from fault
        if fault.kind is FaultKind.BLOCKED:
            raise LoginRefusedError("微信暂不允许该账号登录，请联系微信客服。") from fault
        raise WeChatUnavailableError("微信服务暂时不可用，请稍后重试。") from fault
