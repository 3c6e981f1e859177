"""Idempotency keys: a repeated request gets the stored answer, which is written with the change."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError

from app.core import clock
from app.core.db import db
from app.domain.errors import IdempotencyError
from app.models import IdempotencyRecord

_EXACT = 2**53


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """A stored answer."""

    status: int
    body: str


class AnsweredMeanwhileError(Exception):
    """Another process answered the same key first; the caller must roll back."""


def fingerprint(method: str, path: str, content: Iterable[Any]) -> str:
    """What a key is bound to: reusing a key for another request is an error.

    `content` are JSON values. Two are the same whatever the order of their fields, and 1 is 1.0.
    """
    whole = orjson.dumps([method, path, *map(_canonical, content)], option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(whole).hexdigest()


def _canonical(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _canonical(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_canonical(inner) for inner in value]
    # Whole numbers that orjson can write: beyond 2**53 a float is no longer one particular number anyway.
    if isinstance(value, float) and value.is_integer() and abs(value) <= _EXACT:
        return int(value)
    return value


def earlier_answer(subject_id: str, key: str, print_: str) -> KeptAnswer | None:
    """The stored answer of this key. Raises `IdempotencyError` when it was for another request."""
    kept = db.session.get(IdempotencyRecord, (subject_id, key))
    if kept is None:
        return None
    if kept.fingerprint != print_:
        raise IdempotencyError("请求标识已用于其他操作，请返回上一页重试。")
    return KeptAnswer(kept.status, kept.body)


def store_answer(subject_id: str, key: str, print_: str, answer: KeptAnswer) -> None:
    """Stores an answer in the transaction of its change; refusals are not stored.

    Raises `AnsweredMeanwhileError` when another process has answered the same key meanwhile: its transaction
    won, and this one must be rolled back.
    """
    # Flush first, so that a fault of the change itself is not taken for a repetition.
    db.session.flush()
    db.session.add(
        IdempotencyRecord(
            subject_id=subject_id,
            key=key,
            fingerprint=print_,
            status=answer.status,
            body=answer.body,
            created_at=clock.now(),
        )
    )
    try:
        db.session.flush()
    except IntegrityError as fault:
        raise AnsweredMeanwhileError from fault


def delete_old_answers(before: datetime) -> int:
    """Deletes answers from before an instant. Returns how many."""
    outcome = db.session.execute(delete(IdempotencyRecord).where(IdempotencyRecord.created_at < before))
    return int(getattr(outcome, "rowcount", 0))
