"""The port `WorkMessenger`, spoken to WeCom (or to the simulator) through wechatpy's enterprise client.

Sources in WeCom's documentation: 获取 access_token (gettoken), 发送应用消息 (message/send), 手机号获取 userid
(user/getuserid).
"""

from datetime import timedelta
from pathlib import Path
from typing import ClassVar

from requests.adapters import BaseAdapter
from wechatpy.enterprise import WeChatClient

from app.core import clock
from app.core.accounts import WeComAccount
from app.core.settings import WECOM
from app.wechat import errcodes, wecom_limits
from app.wechat.account_calls import AccountCalls
from app.wechat.client import POOL_SIZE, TIMEOUT
from app.wechat.port import FaultKind, SendReceipt, WeChatError
from app.wechat.token_store import AccessToken, TokenStore

_NOT_VISIBLE = 81013
_UNKNOWN_PHONE = frozenset({46004, 60103})


class WeComGateway(AccountCalls, WeChatClient):  # type: ignore[misc]
    """The connection of one application of a company."""

    codes: ClassVar[Path] = errcodes.WECOM_TABLE

    def fetch_access_token(self, *, force: bool = False) -> AccessToken:
        """Ask `gettoken`, the same for every asker while it is valid. Raises WeChatError."""
        del force  # WeCom replaces a token only when it is over or void.
        asked_at = clock.now()
        answer = self.call(
            "get",
            "cgi-bin/gettoken",
            query={"corpid": self.appid, "corpsecret": self.secret},
            authorised=False,
            repeatable=True,
            proof="access_token",
        )
        try:
            lifetime = timedelta(seconds=int(answer["expires_in"]))
            return AccessToken(str(answer["access_token"]), asked_at + lifetime)
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            message = "gettoken's answer holds no usable token"
            raise WeChatError(None, message, FaultKind.TRANSIENT) from error


class WeComMessenger:
    """The utility's application in WeCom (port: `WorkMessenger`). Thread-safe; one for each process."""

    def __init__(
        self,
        account: WeComAccount,
        tokens: TokenStore,
        *,
        base_url: str = WECOM,
        timeout: tuple[float, float] = TIMEOUT,
        pool_size: int = POOL_SIZE,
        adapter: BaseAdapter | None = None,
    ) -> None:
        self._agent_id = account.agent_id
        self._gateway = WeComGateway(
            account, tokens, base_url=base_url, timeout=timeout, pool_size=pool_size, adapter=adapter
        )

    def keep_token_fresh(self) -> None:
        """Have a token at hand that is good for some minutes; see the port."""
        self._gateway.keep_token_fresh()

    def send_card(self, *, member_id: str, title: str, description: str, url: str) -> SendReceipt:
        """Send a text card to one member; see the port."""
        answer = self._gateway.call(
            "post",
            "cgi-bin/message/send",
            body={
                "touser": member_id,
                "msgtype": "textcard",
                "agentid": self._agent_id,
                "textcard": {
                    "title": _cut(title, wecom_limits.current().title_bytes),
                    "description": _cut(description, wecom_limits.current().description_bytes),
                    "url": url,
                    "btntxt": "查看",
                },
                "enable_duplicate_check": 1,
                "duplicate_check_interval": wecom_limits.current().recognised_seconds,
            },
        )
        # With an errcode of 0, WeCom names those whom the application may not write to.
        if answer.get("invaliduser") or answer.get("unlicenseduser"):
            raise WeChatError(
                _NOT_VISIBLE, "the member is out of the application's reach", FaultKind.RECIPIENT
            )
        msgid = answer.get("msgid")
        return SendReceipt(msgid=str(msgid) if msgid else None)

    def member_of_phone(self, phone: str) -> str | None:
        """The member with a mainland mobile number; see the port."""
        body = {"mobile": phone.removeprefix("+86")}
        try:
            answer = self._gateway.call(
                "post", "cgi-bin/user/getuserid", body=body, repeatable=True, proof="userid", hide=phone
            )
        except WeChatError as error:
            if error.errcode in _UNKNOWN_PHONE:
                return None
            raise
        found = answer.get("userid")
        return found if isinstance(found, str) and found else None


def _cut(text: str, most: int) -> str:
    """`text` in at most `most` bytes of UTF-8; what was cut ends with an ellipsis."""
    encoded = text.encode(errors="ignore")
    if len(encoded) <= most:
        return encoded.decode()
    ellipsis = "…"
    return encoded[: most - len(ellipsis.encode())].decode(errors="ignore") + ellipsis
