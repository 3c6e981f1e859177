"""Outcomes of sends while the database is unavailable: kept in this worker until they can be written.

A restart of the database takes seconds, and answers arrive meanwhile. Without this, every subscribe message
among them would be of unknown outcome although WeChat has answered.
"""

import logging
from collections.abc import Callable
from threading import Event
from time import monotonic

from sqlalchemy.exc import DBAPIError

from app.core.atomic import atomic
from app.core.connection_failure import is_connection_failure

PATIENCE_SECONDS = 300.0
"""How long, in seconds of real time, a worker waits for the database with its outcomes. Then leases
decide.
"""

AGAIN_SECONDS = 1.0

_log = logging.getLogger(__name__)
# Never set: waiting on it is a pause.
_never = Event()


def write_when_available(record: Callable[[], None]) -> None:
    """Runs `record` in a transaction of its own, again and again while the database is unavailable.

    Raises what `record` raises, and the database's error when it stays unavailable.
    """
    until = monotonic() + PATIENCE_SECONDS
    _log.warning("the database does not answer: what came of messages is kept until it does")
    while True:
        try:
            with atomic():
                record()
        except DBAPIError as fault:
            if not is_connection_failure(fault) or monotonic() > until:
                raise
        else:
            return
        _never.wait(AGAIN_SECONDS)
