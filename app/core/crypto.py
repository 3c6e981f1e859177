"""Personal data: encrypted in the database, found again by keyed hash, shown masked.

Encryption is Fernet (AES-128-CBC with HMAC-SHA256) from the `cryptography` package with a list of
keys: the first writes, all of them read, so that a key can be rotated without stopping. The hash
for look-ups is HMAC-SHA256 under a key of its own, which is never rotated together with the others.
"""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from sqlalchemy import LargeBinary
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator


class KeysMissingError(RuntimeError):
    """Personal data was touched before `install` gave the keys."""


class UnreadableError(RuntimeError):
    """A stored value could not be read with any key at hand: a key is missing or the row was altered."""


class _Keys:
    def __init__(self) -> None:
        self.fernet: MultiFernet | None = None
        self.hash_key: bytes | None = None


_keys = _Keys()


def install(data_keys: Sequence[str], hash_key: str) -> None:
    """Set the keys of this installation: the first data key encrypts, all of them decrypt.

    Raises `ValueError` when a data key is not 32 url-safe base64 bytes.
    """
    _keys.fernet = MultiFernet([Fernet(key) for key in data_keys])
    _keys.hash_key = hash_key.encode()


def encrypt(text: str) -> bytes:
    """Encrypt `text` with the newest key."""
    return _fernet().encrypt(text.encode())


class Sealed(bytes):
    """A value that was encrypted already, once for several rows; encrypted columns store it unchanged."""


def seal_text(text: str) -> Sealed:
    """Encrypt a text once for several columns of `EncryptedText`."""
    return Sealed(encrypt(text))


def seal_json(document: Mapping[str, Any]) -> Sealed:
    """Encrypt a document once for several columns of `EncryptedJson`."""
    return Sealed(encrypt(orjson.dumps(document).decode()))


def decrypt(token: bytes) -> str:
    """Decrypt with whichever key encrypted it. Raises `UnreadableError`."""
    return _decrypted(token).decode()


def _decrypted(token: bytes) -> bytes:
    try:
        return _fernet().decrypt(bytes(token))
    except InvalidToken as fault:
        message = "stored personal data can't be read with the keys given"
        raise UnreadableError(message) from fault


def rotate(token: bytes) -> bytes:
    """Encrypt the same text anew with the newest key. Raises `UnreadableError`."""
    try:
        return _fernet().rotate(bytes(token))
    except InvalidToken as fault:
        message = "stored personal data can't be read with the keys given"
        raise UnreadableError(message) from fault


def keyed_hash(kind: str, value: str) -> str:
    """The hash by which personal data is looked up; `kind` keeps a phone and a credit code apart."""
    if _keys.hash_key is None:
        raise KeysMissingError
    return hmac.new(_keys.hash_key, f"{kind}\0{value}".encode(), hashlib.sha256).hexdigest()


def _fernet() -> MultiFernet:
    if _keys.fernet is None:
        raise KeysMissingError
    return _keys.fernet


class EncryptedText(TypeDecorator[str]):
    """A column of personal text."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: str | Sealed | None, dialect: Dialect) -> bytes | None:  # noqa: ARG002
        """Encrypt on the way in."""
        if value is None or isinstance(value, Sealed):
            return value
        return encrypt(value)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Decrypt on the way out."""
        return None if value is None else decrypt(value)


class EncryptedJson(TypeDecorator[dict[str, Any]]):
    """A column of personal data with inner structure, such as a filled-in form."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(
        self,
        value: dict[str, Any] | Sealed | None,
        dialect: Dialect,  # noqa: ARG002
    ) -> bytes | None:
        """Encrypt on the way in."""
        if value is None or isinstance(value, Sealed):
            return value
        return seal_json(value)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> dict[str, Any] | None:  # noqa: ARG002
        """Decrypt on the way out."""
        if value is None:
            return None
        document: dict[str, Any] = orjson.loads(decrypt(value))
        return document


class EncryptedBytes(TypeDecorator[bytes]):
    """A column of a whole file that holds personal data, such as a contract."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: bytes | None, dialect: Dialect) -> bytes | None:  # noqa: ARG002
        """Encrypt on the way in."""
        return None if value is None else _fernet().encrypt(value)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> bytes | None:  # noqa: ARG002
        """Decrypt on the way out. Raises `UnreadableError`, also when the row was altered."""
        return None if value is None else _decrypted(value)


def mask_phone(phone: str) -> str:
    """A phone as lists and logs show it: first 3 and last 2 of the national number.

    Of other countries' numbers, which may be short, the calling code (1 to 3 digits) and the last 2.
    """
    digits = phone.removeprefix("+86")
    first, last = (4, 2) if digits.startswith("+") else (3, 2)
    return f"{digits[:first]}{'*' * max(len(digits) - first - last, 3)}{digits[-last:]}"


def mask_name(name: str) -> str:
    """A name as lists and logs show it: two characters hide the first, longer ones keep both ends."""
    if len(name) <= 2:
        return "*" + name[-1:]
    return name[0] + "*" * (len(name) - 2) + name[-1]


def mask_number(number: str) -> str:
    """The number of a paper as lists show it: its last 4 characters, of short ones the last."""
    kept = 4 if len(number) > 8 else 1
    return "*" * max(len(number) - kept, 3) + number[-kept:]


def mask_address(address: str) -> str:
    """An address as lists show it: the street can be recognised, the house number can't."""
    kept = max(len(address) // 2, 1)
    return address[:kept] + "***"
