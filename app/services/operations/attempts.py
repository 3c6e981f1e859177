"""Limited tries: how often one source, known by a keyed hash, has tried something in one window of time."""

from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError

from app.core import clock
from app.core.db import db
from app.models import LookupCount

LONGEST_WINDOW = timedelta(days=1)


def count_attempt(source: str, window: timedelta) -> int:
    """Counts one try of `source` (a hash of its own for each purpose); how many it made in this window."""
    start = _window_start(clock.now(), window)
    counted = update(LookupCount).where(LookupCount.source == source, LookupCount.window_start == start)
    again = counted.values(attempts=LookupCount.attempts + 1).returning(LookupCount.attempts)
    attempts = db.session.scalar(again)
    if attempts is None:
        try:
            with db.session.begin_nested():
                db.session.add(LookupCount(source=source, window_start=start, attempts=1))
        except IntegrityError:
            # Another request from the same source has just opened the window.
            db.session.execute(counted.values(attempts=LookupCount.attempts + 1))
        attempts = db.session.scalar(
            select(LookupCount.attempts).where(
                LookupCount.source == source, LookupCount.window_start == start
            )
        )
    return attempts or 0


def attempts_so_far(source: str, window: timedelta) -> int:
    """How many tries `source` has made in this window."""
    found = db.session.get(LookupCount, (source, _window_start(clock.now(), window)))
    return 0 if found is None else found.attempts


def seconds_left(window: timedelta) -> int:
    """How many seconds, at least one, until this window is over."""
    return max(int(window.total_seconds() - clock.now().timestamp() % window.total_seconds()), 1)


def forget_old_attempts() -> int:
    """Deletes counts of past windows. Returns how many."""
    outcome = db.session.execute(
        delete(LookupCount).where(LookupCount.window_start < clock.now() - 2 * LONGEST_WINDOW)
    )
    return int(getattr(outcome, "rowcount", 0))


def _window_start(now: datetime, window: timedelta) -> datetime:
    seconds = int(window.total_seconds())
    return now - timedelta(seconds=now.timestamp() % seconds)
