"""Signatures between machines: HMAC-SHA256 over method, path, timestamp, nonce and body.

One scheme for both directions: a partner signs what it asks of us, we sign what a webhook tells it
(docs/decisions/0007).
"""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import timedelta

KEY_HEADER = "X-Partner-Key"
TIMESTAMP_HEADER = "X-Timestamp"
NONCE_HEADER = "X-Nonce"
SIGNATURE_HEADER = "X-Signature"

WINDOW = timedelta(minutes=5)
"""How far the timestamp of a request may be from our clock, either way."""


@dataclass(frozen=True, slots=True)
class Signable:
    """What a signature covers. `target` is the path with its query; `timestamp` is in seconds since 1970."""

    method: str
    target: str
    timestamp: str
    nonce: str
    body: bytes


def signature(secret: str, message: Signable) -> str:
    """The signature of `message` in lower-case hex.

    Signed are five lines: method in capitals, target, timestamp, nonce, and the body's own bytes. None of
    the first four can hold a line break, so that no two messages spell the same text.
    """
    head = "\n".join((message.method, message.target, message.timestamp, message.nonce, ""))
    return hmac.new(secret.encode(), head.encode() + message.body, hashlib.sha256).hexdigest()


def matches(secret: str, message: Signable, given: str) -> bool:
    """Whether `given` is the signature of `message`, compared in constant time."""
    return hmac.compare_digest(signature(secret, message).encode(), given.encode())
