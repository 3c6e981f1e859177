"""An HTTP session whose every request ends by a total time, however slowly the other side sends.

The timeouts of requests and urllib3 are for the next byte: a partner that sends one every few seconds is
waited for without end. Here the socket is shut down when the time is over, in its handshake as in its answer.
"""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock, Timer
from typing import Any, cast

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection


class _Sockets:
    """The sockets of one request. Duplicates, because TLS takes the first one over."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._open: list[socket.socket] = []
        self.is_over = False

    def add(self, one: socket.socket) -> None:
        with self._lock:
            self._open.append(one.dup())
            if self.is_over:
                self._shut_down()

    def time_is_over(self) -> None:
        with self._lock:
            self.is_over = True
            self._shut_down()

    def close(self) -> None:
        with self._lock:
            for one in self._open:
                one.close()
            self._open.clear()

    def _shut_down(self) -> None:
        for one in self._open:
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                # The other side has closed it.
                continue


class _Adapter(HTTPAdapter):
    def __init__(self, sockets: _Sockets) -> None:
        self._sockets = sockets
        super().__init__()

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        super().init_poolmanager(*arguments, **options)
        sockets = self._sockets

        class Plain(HTTPConnection):
            def _new_conn(self) -> socket.socket:
                made = super()._new_conn()
                sockets.add(made)
                return made

        class Secure(HTTPSConnection):
            def _new_conn(self) -> socket.socket:
                made = super()._new_conn()
                sockets.add(made)
                return made

        class PlainPool(HTTPConnectionPool):
            ConnectionCls = cast("Any", Plain)

        class SecurePool(HTTPSConnectionPool):
            ConnectionCls = cast("Any", Secure)

        self.poolmanager.pool_classes_by_scheme = {"http": PlainPool, "https": SecurePool}


@contextmanager
def session(seconds: float) -> Iterator[requests.Session]:
    """A session for one request. Raises `requests.Timeout` where the time was over, whatever broke then."""
    sockets = _Sockets()
    timer = Timer(seconds, sockets.time_is_over)
    timer.daemon = True
    timer.start()
    try:
        with requests.Session() as made:
            # As `requests.post` mounts its own: one for each scheme.
            for scheme in ("http://", "https://"):
                made.mount(scheme, _Adapter(sockets))
            yield made
        if sockets.is_over:
            # Headers that are cut off look complete to Python's own parser.
            raise requests.Timeout(f"not over after {seconds:g} s")
    except requests.RequestException as fault:
        if sockets.is_over:
            raise requests.Timeout(f"not over after {seconds:g} s") from fault
        raise
    finally:
        timer.cancel()
        sockets.close()
