"""WeCom's callbacks: opened like WeChat's, except for the check of the server, which is encrypted as well.

Sources in WeCom's documentation: 接收消息与事件 (加解密方案), 成员关注及取消关注事件, 通讯录变更事件.
"""

from collections.abc import Mapping
from datetime import datetime

from app.core.accounts import WeComAccount
from app.wechat.port import AccountKind
from app.wechat.push import PushReceiver, PushRefused, RefusalReason, needed


class WeComPushReceiver(PushReceiver):
    """Opens the callbacks of the application; see `PushReceiver`."""

    def __init__(self, account: WeComAccount) -> None:
        super().__init__(AccountKind.WECOM, account)

    def echo(self, query: Mapping[str, str], now: datetime) -> str:
        """What to answer the GET check with: the decrypted word. Raises PushRefused."""
        timestamp, nonce = needed(query, "timestamp"), needed(query, "nonce")
        signature, sealed = needed(query, "msg_signature"), needed(query, "echostr")
        self._check(signature, timestamp, nonce, sealed)
        self._check_fresh(timestamp, now)
        try:
            return self._decrypted(sealed).decode()
        except UnicodeDecodeError as error:
            raise PushRefused(RefusalReason.MALFORMED) from error
