"""WeChat's message push: check that it is from WeChat and recent, decrypt it, and read it.

Only the secure mode (安全模式) is supported: signed, and encrypted with AES-256-CBC. Source: WeChat's
documentation, 消息推送 (miniprogram/dev/framework/server-ability/message-push) and 消息加解密说明.

A push whose signature, age, encryption or account is wrong is refused. Any other is from WeChat, and WeChat
gives it up after three tries: it is read as far as possible, and what can't be read is handed on to be kept.
"""

import base64
import hashlib
import hmac
import json
import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from wechatpy.crypto import PrpCrypto, WeChatCipher

from app.core.accounts import WeChatAccount
from app.domain.texts import storable
from app.wechat import pushxml
from app.wechat.port import AccountKind
from app.wechat.pushevent import PushEvent, event_of

LARGEST_BODY = 64 * 1024
FRESHNESS = timedelta(minutes=5)
_INSTANT = re.compile(r"[0-9]{1,11}")
_KEY = re.compile(r"[A-Za-z0-9+/]{43}")
# The layout of the encrypted text: 16 random bytes, the length in 4, the message, the appid, padding to 32.
_RANDOM, _LENGTH, _BLOCK = 16, 4, 32


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


@dataclass(frozen=True, slots=True)
class UnreadablePush:
    """A callback that WeChat sent and that can't be read: to be kept for somebody to look at."""

    account: AccountKind
    content: str = field(repr=False)
    """What was inside, without the characters that a database can't hold."""
    dedupe_key: str
    """The same for every repetition; 64 characters."""


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
        self._key = base64.b64decode(account.push_aes_key + "=")
        self._appid = account.appid.encode()
        self._freshness = freshness

    def echo(self, query: Mapping[str, str], now: datetime) -> str:
        """The answer to the GET check, if its signature is right. Raises PushRefused."""
        timestamp, nonce = needed(query, "timestamp"), needed(query, "nonce")
        self._check(needed(query, "signature"), timestamp, nonce)
        self._check_fresh(timestamp, now)
        return needed(query, "echostr")

    def open(self, query: Mapping[str, str], body: bytes, now: datetime) -> PushEvent | UnreadablePush:
        """The event in a POST. `now` is the present instant (aware). Raises PushRefused, and nothing else."""
        if len(body) > LARGEST_BODY:
            raise PushRefused(RefusalReason.TOO_LARGE)
        timestamp, nonce = needed(query, "timestamp"), needed(query, "nonce")
        signature = query.get("msg_signature")
        sealed = _envelope(body).get("Encrypt")
        if not signature or not isinstance(sealed, str):
            # In plain mode the signature does not cover the body: anybody who saw one could write another.
            raise PushRefused(RefusalReason.NOT_ENCRYPTED)
        self._check(signature, timestamp, nonce, sealed)
        self._check_fresh(timestamp, now)
        # From here on it is WeChat that speaks: nothing is refused any more.
        plain = self._decrypted(sealed)
        try:
            return event_of(self._kind, _values(plain), pushed_at=datetime.fromtimestamp(int(timestamp), UTC))
        except (ValueError, RecursionError):
            digest = hashlib.sha256(f"{self._kind.value}\x1f".encode() + plain)
            return UnreadablePush(self._kind, storable(_text(plain)), digest.hexdigest())

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

    def _decrypted(self, sealed: str) -> bytes:
        # wechatpy's own function checks neither base64 nor padding, and refuses what is not valid UTF-8.
        try:
            padded: bytes = WeChatCipher(self._key).decrypt(base64.b64decode(sealed, validate=True))
            (length,) = struct.unpack(">I", padded[_RANDOM : _RANDOM + _LENGTH])
        except (ValueError, struct.error) as error:
            raise PushRefused(RefusalReason.DECRYPTION) from error
        padding = padded[-1]
        content = padded[_RANDOM + _LENGTH : -padding]
        if not 0 < padding <= _BLOCK or length > len(content):
            raise PushRefused(RefusalReason.DECRYPTION)
        if content[length:] != self._appid:
            raise PushRefused(RefusalReason.FOREIGN_ACCOUNT)
        return content[:length]


def seal(
    account: WeChatAccount, payload: Mapping[str, object] | str, *, as_json: bool, now: datetime, nonce: str
) -> SealedPush:
    """`payload` as the callback that WeChat would post to `account`'s server at `now`.

    A text is the document inside, word for word.
    """
    if isinstance(payload, str):
        plain, receiver = payload, ""
    else:
        plain = json.dumps(payload, ensure_ascii=False) if as_json else pushxml.write(payload)
        receiver = str(payload.get("ToUserName", ""))
    key = base64.b64decode(account.push_aes_key + "=")
    sealed = PrpCrypto(key).encrypt(plain, account.appid).decode()
    timestamp = str(int(now.astimezone(UTC).timestamp()))
    envelope = {"ToUserName": receiver, "Encrypt": sealed}
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


def _envelope(body: bytes) -> dict[str, object]:
    """The values of the document around the encrypted one. Raises PushRefused."""
    try:
        return _values(body)
    except (ValueError, RecursionError) as error:
        raise PushRefused(RefusalReason.MALFORMED) from error


def _values(document: bytes) -> dict[str, object]:
    """The values of an XML or JSON document, numbers as text. Raises ValueError or RecursionError."""
    text = _text(document)
    if text[:1] == "<":
        return pushxml.read_tolerant(text)
    # Not strict: a control character within a text is somebody's word, and is dropped later.
    values = json.loads(text, strict=False, parse_int=str, parse_float=str, parse_constant=str)
    if not isinstance(values, dict):
        raise ValueError("no object")
    return values


def _text(document: bytes) -> str:
    """A document as text; bytes that are no UTF-8, such as half a character at a cut, are left out."""
    return document.decode("utf-8", "ignore").lstrip("\ufeff \t\r\n")
