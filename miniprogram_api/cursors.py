"""Cursors: where the next page of a list begins."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TypeVar

from app.domain.errors import FieldsError

T = TypeVar("T")
# Row numbers are 64 bit; a larger cursor was made up.
LARGEST_NUMBER = 2**63 - 1
_FAULT = [{"field": "cursor", "code": "invalid", "message": "翻页标识有误，请返回列表重新打开。"}]


def number_cursor(text: str | None) -> int | None:
    """A cursor that is a row number. Raises `FieldsError` for anything else."""
    if text is None:
        return None
    if not (text.isascii() and text.isdigit()) or int(text) > LARGEST_NUMBER:
        raise FieldsError(_FAULT)
    return int(text)


def instant_cursor(text: str | None) -> datetime | None:
    """A cursor that is an instant in microseconds since 1970. Raises `FieldsError` for anything else."""
    number = number_cursor(text)
    if number is None:
        return None
    try:
        return datetime.fromtimestamp(number // 1_000_000, UTC).replace(microsecond=number % 1_000_000)
    except (OverflowError, ValueError, OSError) as fault:
        raise FieldsError(_FAULT) from fault


def instant_key(instant: datetime) -> int:
    """The cursor of an instant, exact to the microsecond."""
    return int(instant.replace(microsecond=0).timestamp()) * 1_000_000 + instant.microsecond


def next_cursor(items: Sequence[T], limit: int, key: Callable[[T], object]) -> str | None:
    """The cursor after these items, or None when the page was not full."""
    return str(key(items[-1])) if len(items) == limit else None
