"""The port, spoken to WeChat (or to the simulator) through wechatpy."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from requests.adapters import BaseAdapter

from app.core.accounts import WeChatAccount
from app.core.settings import WECHAT
from app.wechat import templates
from app.wechat.chat import ChatCalls, CheckCalls
from app.wechat.gateway import Gateway
from app.wechat.port import (
    FaultKind,
    Follower,
    Login,
    MiniProgramState,
    PhoneNumber,
    SendReceipt,
    WeChatError,
)
from app.wechat.templates import AccountTemplate
from app.wechat.token_store import TokenStore

# Seconds to connect and to wait for an answer. Five seconds is also how long WeChat waits for us.
TIMEOUT = (3.0, 5.0)
POOL_SIZE = 32
LONGEST_CODE = 256
# The year 3000; Python's own instants end in 9999.
_LATEST_INSTANT = 32_503_680_000


class WeChatMiniProgram(ChatCalls, CheckCalls):
    """The mini-program's account (port: `MiniProgram`). Thread-safe; keep one for each process."""

    typing_path = "cgi-bin/message/custom/business/typing"

    def templates(self) -> list[AccountTemplate]:
        """The subscription-message templates of the account; see the port."""
        return templates.of_miniprogram(
            self._gateway.call("get", "wxaapi/newtmpl/gettemplate", repeatable=True)
        )

    def __init__(
        self,
        account: WeChatAccount,
        tokens: TokenStore,
        *,
        base_url: str = WECHAT,
        timeout: tuple[float, float] = TIMEOUT,
        pool_size: int = POOL_SIZE,
        adapter: BaseAdapter | None = None,
    ) -> None:
        self._account = account
        super().__init__(
            Gateway(account, tokens, base_url=base_url, timeout=timeout, pool_size=pool_size, adapter=adapter)
        )

    def keep_token_fresh(self) -> None:
        """Have a token at hand that is good for some minutes; see the port."""
        self._gateway.keep_token_fresh()

    def login(self, code: str) -> Login:
        """Exchange the code of `wx.login`; see the port."""
        _check_code(code)
        answer = self._gateway.call(
            "get",
            "sns/jscode2session",
            query={
                "appid": self._account.appid,
                "secret": self._account.secret,
                "js_code": code,
                "grant_type": "authorization_code",
            },
            authorised=False,
            proof="openid",
            hide=code,
        )
        return Login(openid=_text(answer, "openid"), unionid=_optional(answer, "unionid"))

    def phone_number(self, code: str) -> PhoneNumber:
        """Exchange the code of the phone-number button; see the port."""
        _check_code(code)
        answer = self._gateway.call("post", "wxa/business/getuserphonenumber", body={"code": code}, hide=code)
        phone = answer.get("phone_info")
        if not isinstance(phone, dict):
            raise _incomplete("phone_info")
        return PhoneNumber(
            country_code=_text(phone, "countryCode").lstrip("+"),
            national=_text(phone, "purePhoneNumber"),
            proved_at=_marked_at(phone.get("watermark")),
        )

    def send_subscribe(
        self,
        *,
        openid: str,
        template_id: str,
        data: Mapping[str, str],
        page: str | None = None,
        state: MiniProgramState = MiniProgramState.FORMAL,
    ) -> SendReceipt:
        """Send a subscribe message; see the port."""
        body: dict[str, object] = {
            "touser": openid,
            "template_id": template_id,
            "data": {key: {"value": value} for key, value in data.items()},
            "miniprogram_state": state.value,
            "lang": "zh_CN",
        }
        if page is not None:
            body["page"] = page
        answer = self._gateway.call("post", "cgi-bin/message/subscribe/send", body=body)
        return SendReceipt(msgid=_optional(answer, "msgid"))


class WeChatServiceAccount(ChatCalls):
    """The service account (port: `ServiceAccount`). Thread-safe; keep one for each process."""

    typing_path = "cgi-bin/message/custom/typing"

    def templates(self) -> list[AccountTemplate]:
        """The message templates of the account; see the port."""
        return templates.of_service_account(
            self._gateway.call("get", "cgi-bin/template/get_all_private_template", repeatable=True)
        )

    def __init__(
        self,
        account: WeChatAccount,
        tokens: TokenStore,
        *,
        miniprogram_appid: str,
        base_url: str = WECHAT,
        timeout: tuple[float, float] = TIMEOUT,
        pool_size: int = POOL_SIZE,
        adapter: BaseAdapter | None = None,
    ) -> None:
        self._miniprogram_appid = miniprogram_appid
        super().__init__(
            Gateway(account, tokens, base_url=base_url, timeout=timeout, pool_size=pool_size, adapter=adapter)
        )

    def keep_token_fresh(self) -> None:
        """Have a token at hand that is good for some minutes; see the port."""
        self._gateway.keep_token_fresh()

    def send_template(
        self,
        *,
        openid: str,
        template_id: str,
        data: Mapping[str, str],
        client_msg_id: str,
        url: str | None = None,
        miniprogram_page: str | None = None,
    ) -> SendReceipt:
        """Send a template message to a follower; see the port."""
        body: dict[str, object] = {
            "touser": openid,
            "template_id": template_id,
            "data": {key: {"value": value} for key, value in data.items()},
            "client_msg_id": client_msg_id,
        }
        if url is not None:
            body["url"] = url
        if miniprogram_page is not None:
            body["miniprogram"] = {"appid": self._miniprogram_appid, "pagepath": miniprogram_page}
        answer = self._gateway.call("post", "cgi-bin/message/template/send", body=body)
        return SendReceipt(msgid=_optional(answer, "msgid"))

    def follower(self, openid: str) -> Follower:
        """Look up who an openid of the service account is; see the port."""
        answer = self._gateway.call(
            "get",
            "cgi-bin/user/info",
            query={"openid": openid, "lang": "zh_CN"},
            repeatable=True,
            proof="openid",
        )
        return _follower(answer)

    def follower_page(self, after: str | None) -> tuple[Sequence[str], int]:
        """A page of the openids of followers; see the port."""
        answer = self._gateway.call(
            "get",
            "cgi-bin/user/get",
            query={} if after is None else {"next_openid": after},
            repeatable=True,
            proof="total",
        )
        data = answer.get("data")
        openids = data.get("openid") if isinstance(data, dict) else []
        if not isinstance(openids, list) or not isinstance(answer.get("total"), int):
            raise _incomplete("openid")
        return list(map(str, openids)), answer["total"]

    def followers(self, openids: Sequence[str]) -> Sequence[Follower]:
        """Look up several openids of the service account; see the port."""
        answer = self._gateway.call(
            "post",
            "cgi-bin/user/info/batchget",
            body={"user_list": [{"openid": openid, "lang": "zh_CN"} for openid in openids]},
            repeatable=True,
            proof="user_info_list",
        )
        found = answer.get("user_info_list")
        if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
            raise _incomplete("user_info_list")
        return [_follower(each) for each in found]


def _check_code(code: str) -> None:
    # What a forger sends need not reach WeChat, and half a character could not even be put into a URL.
    if not 0 < len(code) <= LONGEST_CODE or not code.isascii() or not code.isprintable():
        raise WeChatError(None, "not a code that WeChat makes", FaultKind.LOGIN)


def _follower(answer: Mapping[str, Any]) -> Follower:
    return Follower(
        openid=_text(answer, "openid"),
        unionid=_optional(answer, "unionid"),
        subscribed=answer.get("subscribe") == 1,
    )


def _marked_at(watermark: object) -> datetime | None:
    """The instant in WeChat's watermark, in seconds since 1970; None for what can't be one."""
    seconds = watermark.get("timestamp") if isinstance(watermark, Mapping) else None
    if not isinstance(seconds, int) or isinstance(seconds, bool) or not 0 < seconds < _LATEST_INSTANT:
        return None
    return datetime.fromtimestamp(seconds, UTC)


def _text(answer: Mapping[str, Any], key: str) -> str:
    value = _optional(answer, key)
    if value is None:
        raise _incomplete(key)
    return value


def _optional(answer: Mapping[str, Any], key: str) -> str | None:
    value = answer.get(key)
    return None if value is None or value == "" else str(value)


def _incomplete(key: str) -> WeChatError:
    return WeChatError(None, f"the answer lacks {key}", FaultKind.UNKNOWN_OUTCOME)
