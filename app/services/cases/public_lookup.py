"""Public progress look-up by case number and the phone's last four digits. Brief and rate limited."""

import hmac

from app.domain.errors import LookupFailedError
from app.domain.limits import Limited
from app.services.cases.submit import lookup_hash
from app.services.cases.views import progress, snapshot_query
from app.services.operations import limits


def look_up(number: str, last_digits: str, source: str) -> progress.Answer:
    """Returns the brief progress of a case.

    A wrong number and wrong digits get the same refusal after the same work. Every try of `source` (the
    caller's address) counts. Raises `LookupFailedError`, `TooManyAttemptsError`.
    """
    network = limits.network_of(source)
    limits.count(Limited.LOOKUP_BY_ADDRESS, network)
    # Wrong digits count by case as well: many callers together must not be able to guess four of them.
    # Whoever knew them is not held back, so that a stranger can't lock the owner out.
    known_caller = limits.has_succeeded(network, number)
    if not known_caller and limits.is_used_up(Limited.LOOKUP_FAILURES_OF_CASE, number):
        raise limits.too_many(Limited.LOOKUP_FAILURES_OF_CASE)
    found = snapshot_query.record_of_number(number)
    known = found.head.lookup_hash if found else ""
    matches = hmac.compare_digest(lookup_hash(number, last_digits), known)
    if found is None or not matches:
        limits.add(Limited.LOOKUP_FAILURES_OF_CASE, number)
        raise LookupFailedError("没有查到，请核对受理编号和手机号后四位。")
    if not known_caller:
        limits.note_success(network, number)
    return progress.brief_progress(found)
