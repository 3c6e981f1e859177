"""Public progress look-up by case number and the phone's last four digits. Brief and rate limited."""

import hmac
from datetime import timedelta

from app.core.crypto import keyed_hash
from app.domain.errors import LookupFailedError, TooManyAttemptsError
from app.services.cases.submit import lookup_hash
from app.services.cases.views import progress, snapshot_query
from app.services.operations import attempts

WINDOW = timedelta(minutes=10)
ATTEMPTS_PER_WINDOW = 10


def look_up(number: str, last_digits: str, source: str) -> progress.Answer:
    """Returns the brief progress of a case.

    A wrong number and wrong digits get the same refusal after the same work. At most 10 tries in 10
    minutes for each `source` (the caller's address). Raises `LookupFailedError`, `TooManyAttemptsError`.
    """
    _count(keyed_hash("source", source))
    # Counted by case as well as by caller: many callers together must not be able to guess four digits.
    _count(keyed_hash("number", number))
    found = snapshot_query.record_of_number(number)
    known = found.head.lookup_hash if found else ""
    matches = hmac.compare_digest(lookup_hash(number, last_digits), known)
    if found is None or not matches:
        raise LookupFailedError("没有查到，请核对受理编号和手机号后四位。")
    return progress.brief_progress(found)


def _count(source: str) -> None:
    if attempts.count_attempt(source, WINDOW) > ATTEMPTS_PER_WINDOW:
        raise TooManyAttemptsError(f"查询次数过多，请{WINDOW.seconds // 60}分钟后再试。", WINDOW.seconds)
