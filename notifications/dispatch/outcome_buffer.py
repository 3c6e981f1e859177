"""What came of sends while the database was away: known to this worker alone, until it can be written down.

A restart of the database takes some seconds, and what was under way comes back meanwhile. Without this, every
subscribe message among it would be `unknown` although WeChat has answered.
"""

import logging
from collections.abc import Callable
from threading import Event
from time import monotonic

from sqlalchemy.exc import DBAPIError

from app.core.atomic import atomic
from app.core.away import database_is_away

PATIENCE_SECONDS = 300.0
"""How long, in real time, a worker waits for the database with what it knows. Then the leases decide."""

AGAIN_SECONDS = 1.0

_log = logging.getLogger(__name__)
# Nothing sets it: waiting on it is a pause.
_never = Event()


def write(record: Callable[[], None]) -> None:
    """Do `record` in a transaction of its own, again and again as long as the database is away.

    Raises what `record` raises, and the database's error when it stays away.
    """
    until = monotonic() + PATIENCE_SECONDS
    _log.warning("the database does not answer: what came of messages is kept until it does")
    while True:
        try:
            with atomic():
                record()
        except DBAPIError as fault:
            if not database_is_away(fault) or monotonic() > until:
                raise
        else:
            return
        _never.wait(AGAIN_SECONDS)
