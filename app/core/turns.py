"""One request at a time in a worker, while others wait for somebody outside.

A worker of the web server has many threads, so that a phone that sends its body byte by byte or reads slowly
holds up nobody. Python runs one of them at a time anyway: letting each finish before the next begins keeps
the short ones short and needs one connection to the database (docs/decisions/0031). Whoever waits for WeChat
or for the document store gives the turn to somebody else for that time.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

THREADS = 64
"""How many threads a worker has: what deploy/ and the README give granian as `--blocking-threads`."""


class _Held(threading.local):
    turn = False


_lock = threading.Lock()
_held = _Held()


@contextmanager
def taken() -> Iterator[None]:
    """Wait for this worker's turn and keep it for the block."""
    with _lock:
        _held.turn = True
        try:
            yield
        finally:
            _held.turn = False


@contextmanager
def given_up() -> Iterator[None]:
    """Let others have the turn during a block that waits for somebody outside; does nothing without a turn.

    No transaction may be open: whoever has the turn meanwhile could wait for its locks, and we for the turn.
    """
    if not _held.turn:
        yield
        return
    _held.turn = False
    _lock.release()
    try:
        yield
    finally:
        _lock.acquire()
        _held.turn = True
