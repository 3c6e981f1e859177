"""WeCom's callbacks: opened like WeChat's, except for the check of the server, which is encrypted as well.

Sources in WeCom's documentation: 接收消息与事件 (加解密方案), 成员关注及取消关注事件, 通讯录变更事件.
"""

import struct
from collections.abc import Mapping
from datetime import datetime

from wechatpy.enterprise.crypto import WeChatCrypto
from wechatpy.enterprise.exceptions import InvalidCorpIdException

from app.core.accounts import WeComAccount
from app.wechat.port import AccountKind
from app.wechat.push import PushReceiver, PushRefused, RefusalReason, needed


class WeComPushReceiver(PushReceiver):
    """Opens the callbacks of the application; see `PushReceiver`."""

    def __init__(self, account: WeComAccount) -> None:
        super().__init__(AccountKind.WECOM, account)
        self._crypto = WeChatCrypto(account.push_token, account.push_aes_key, account.appid)

    def echo(self, query: Mapping[str, str], now: datetime) -> str:
        """What to answer the GET check with: the decrypted word. Raises PushRefused."""
        timestamp, nonce = needed(query, "timestamp"), needed(query, "nonce")
        signature, sealed = needed(query, "msg_signature"), needed(query, "echostr")
        self._check(signature, timestamp, nonce, sealed)
        self._check_fresh(timestamp, now)
        return self._decrypted(sealed, signature, timestamp, nonce).decode()

    def _decrypted(self, sealed: str, signature: str, timestamp: str, nonce: str) -> bytes:
        try:
            text: str = self._crypto.decrypt_message({"Encrypt": sealed}, signature, timestamp, nonce)
            return text.encode()
        except InvalidCorpIdException as error:
            raise PushRefused(RefusalReason.FOREIGN_ACCOUNT) from error
        except (ValueError, IndexError, struct.error) as error:
            raise PushRefused(RefusalReason.DECRYPTION) from error
