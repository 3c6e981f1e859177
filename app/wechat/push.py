"""WeChat's message push: check that it is from WeChat and recent, decrypt it, and read it.

Only the secure mode (安全模式) is supported: signed, and encrypted with AES-256-CBC. Source: WeChat's
documentation, 消息推送 (miniprogram/dev/framework/server-ability/message-push) and 消息加解密说明.
"""

import base64
import hashlib
import hmac
import json
import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from wechatpy.crypto import BaseWeChatCrypto, PrpCrypto, WeChatCrypto
from wechatpy.exceptions import InvalidAppIdException

from app.core.accounts import WeChatAccount
from app.wechat import pushxml
from app.wechat.port import AccountKind
from app.wechat.pushevent import PushEvent, event_of

LARGEST_BODY = 64 * 1024
FRESHNESS = timedelta(minutes=5)
_INSTANT = re.compile(r"[0-9]{1,11}")
_KEY = re.compile(r"[A-Za-z0-9+/]{43}")


class RefusalReason(StrEnum):
    """Why a callback was refused; stable, for logs and for the answer's code."""

    MALFORMED = "malformed"
    TOO_LARGE = "too_large"
    NOT_ENCRYPTED = "not_encrypted"
    SIGNATURE = "signature"
    STALE = "stale"
    DECRYPTION = "decryption"
    FOREIGN_ACCOUNT = "foreign_account"
    """Encrypted with our key for another appid: the keys of the two accounts are mixed up."""


class PushRefused(Exception):
    """A callback that is refused; its text holds nothing of the content."""

    def __init__(self, reason_code: RefusalReason) -> None:
        super().__init__(f"WeChat callback refused: {reason_code}")
        self.reason_code = reason_code


@dataclass(frozen=True, slots=True)
class SealedPush:
    """A callback as WeChat posts it: query parameters, body and content type."""

    query: Mapping[str, str]
    body: bytes
    content_type: str


class PushReceiver:
    """Opens the callbacks of one account.

    `freshness` is how far the signed timestamp may be from the present, either way. A copied callback
    is useless after that; a repeated one within it is recognised by `PushEvent.dedupe_key`. Raises
    ValueError for an AES key that is not WeChat's 43 characters.
    """

    def __init__(
        self, kind: AccountKind, account: WeChatAccount, *, freshness: timedelta = FRESHNESS
    ) -> None:
        if _KEY.fullmatch(account.push_aes_key) is None:
            raise ValueError("a push AES key (EncodingAESKey) has 43 letters and digits")
        self._kind = kind
        self._token = account.push_token
        self._crypto: BaseWeChatCrypto = WeChatCrypto(account.push_token, account.push_aes_key, account.appid)
        self._freshness = freshness

    def echo(self, query: Mapping[str, str], now: datetime) -> str:
        """The answer to the GET check, if its signature is right. Raises PushRefused."""
        timestamp, nonce = needed(query, "timestamp"), needed(query, "nonce")
        self._check(needed(query, "signature"), timestamp, nonce)
        self._check_fresh(timestamp, now)
        return needed(query, "echostr")

    def open(self, query: Mapping[str, str], body: bytes, now: datetime) -> PushEvent:
        """The event in a POST. `now` is the present instant (aware). Raises PushRefused, and nothing else."""
        if len(body) > LARGEST_BODY:
            raise PushRefused(RefusalReason.TOO_LARGE)
        timestamp, nonce = needed(query, "timestamp"), needed(query, "nonce")
        signature = query.get("msg_signature")
        sealed = _values(body).get("Encrypt")
        if not signature or not isinstance(sealed, str):
            # In plain mode the signature does not cover the body: anybody who saw one could write another.
            raise PushRefused(RefusalReason.NOT_ENCRYPTED)
        self._check(signature, timestamp, nonce, sealed)
        self._check_fresh(timestamp, now)
        values = _values(self._decrypted(sealed, signature, timestamp, nonce))
        try:
            return event_of(self._kind, values)
        except (ValueError, RecursionError) as error:
            raise PushRefused(RefusalReason.MALFORMED) from error

    def _check(self, signature: str, *signed: str) -> None:
        try:
            expected = _signature(self._token, *signed)
        except UnicodeEncodeError as error:
            raise PushRefused(RefusalReason.MALFORMED) from error
        if not hmac.compare_digest(expected.encode(), signature.encode(errors="replace")):
            raise PushRefused(RefusalReason.SIGNATURE)

    def _check_fresh(self, timestamp: str, now: datetime) -> None:
        if _INSTANT.fullmatch(timestamp) is None:
            raise PushRefused(RefusalReason.MALFORMED)
        if abs(now.timestamp() - int(timestamp)) > self._freshness.total_seconds():
            raise PushRefused(RefusalReason.STALE)

    def _decrypted(self, sealed: str, signature: str, timestamp: str, nonce: str) -> bytes:
        try:
            text: str = self._crypto.decrypt_message({"Encrypt": sealed}, signature, timestamp, nonce)
            return text.encode()
        except InvalidAppIdException as error:
            raise PushRefused(RefusalReason.FOREIGN_ACCOUNT) from error
        except (ValueError, IndexError, struct.error) as error:
            # wechatpy checks neither base64 nor padding, and reports whatever breaks first.
            raise PushRefused(RefusalReason.DECRYPTION) from error


def seal(
    account: WeChatAccount, payload: Mapping[str, object], *, as_json: bool, now: datetime, nonce: str
) -> SealedPush:
    """`payload` as the callback that WeChat would post to `account`'s server at `now`."""
    plain = json.dumps(payload, ensure_ascii=False) if as_json else pushxml.write(payload)
    key = base64.b64decode(account.push_aes_key + "=")
    sealed = PrpCrypto(key).encrypt(plain, account.appid).decode()
    timestamp = str(int(now.astimezone(UTC).timestamp()))
    envelope = {"ToUserName": str(payload.get("ToUserName", "")), "Encrypt": sealed}
    body = json.dumps(envelope) if as_json else pushxml.write(envelope)
    return SealedPush(
        query={
            "signature": _signature(account.push_token, timestamp, nonce),
            "timestamp": timestamp,
            "nonce": nonce,
            "encrypt_type": "aes",
            "msg_signature": _signature(account.push_token, timestamp, nonce, sealed),
        },
        body=body.encode(),
        content_type="application/json" if as_json else "text/xml",
    )


def check_query(account: WeChatAccount, *, now: datetime, nonce: str, echostr: str) -> dict[str, str]:
    """The query of the GET by which WeChat checks `account`'s server; what the simulator sends."""
    timestamp = str(int(now.astimezone(UTC).timestamp()))
    signature = _signature(account.push_token, timestamp, nonce)
    return {"signature": signature, "timestamp": timestamp, "nonce": nonce, "echostr": echostr}


def sealed_check(account: WeChatAccount, *, now: datetime, nonce: str, echostr: str) -> dict[str, str]:
    """The same as WeCom sends it: the word is encrypted, and signed like a message."""
    sealed = PrpCrypto(base64.b64decode(account.push_aes_key + "=")).encrypt(echostr, account.appid).decode()
    timestamp = str(int(now.astimezone(UTC).timestamp()))
    signature = _signature(account.push_token, timestamp, nonce, sealed)
    return {"msg_signature": signature, "timestamp": timestamp, "nonce": nonce, "echostr": sealed}


def _signature(*parts: str) -> str:
    # SHA-1 over the sorted parts is WeChat's choice, not ours.
    return hashlib.sha1("".join(sorted(parts)).encode()).hexdigest()  # noqa: S324


def needed(query: Mapping[str, str], name: str) -> str:
    """A parameter of a callback's address. Raises PushRefused when it is missing."""
    value = query.get(name)
    if not value:
        raise PushRefused(RefusalReason.MALFORMED)
    return value


def _values(document: bytes) -> dict[str, object]:
    """The values of an XML or JSON document. Raises PushRefused."""
    try:
        if document.lstrip()[:1] == b"<":
            return pushxml.read(document)
        values = json.loads(document)
    except (ValueError, RecursionError) as error:
        raise PushRefused(RefusalReason.MALFORMED) from error
    if not isinstance(values, dict):
        raise PushRefused(RefusalReason.MALFORMED)
    return values
