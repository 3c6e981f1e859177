"""HTTP/1.1 to one host over a pool of kept connections; wechatpy uses it instead of `requests`.

`requests` uses more processor time for a call than the rest of a send together, and does not say whether the
request had left when it failed. Here the error is `NotSentError` until the first byte was given to a
connection; after that the outcome is unknown. `http.client` opens connections and reads answers. A request is
written here, since `http.client` would send its head and its body by two system calls (decision 0020).
"""

import select
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from io import BufferedReader, RawIOBase
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

import requests
from requests.utils import DEFAULT_CA_BUNDLE_PATH

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

LONGEST_IDLE_SECONDS = 30.0
"""A connection that was idle for longer is not used again: the server may be about to close it."""

LARGEST_ANSWER = 16 * 1024 * 1024
"""Bytes of a body."""
LARGEST_HEAD = 1024 * 1024
"""Bytes of everything around a body: status, headers, sizes of chunks, trailers."""
_CLOSE_ENOUGH_SECONDS = 0.05
"""A time-out is not set anew for less: that is a system call."""
_FIRST_FINAL = 200
_FIRST_ERROR = 400


class NotSentError(requests.ConnectionError):
    """No byte of the request was given to a connection, so repeating it is safe."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer with the attributes that wechatpy uses of a `requests.Response`."""

    status_code: int
    content: bytes
    request: None = None

    def raise_for_status(self) -> None:
        """Raise `requests.HTTPError` for a status from 400."""
        if self.status_code >= _FIRST_ERROR:
            raise requests.HTTPError(response=self)  # type: ignore[arg-type]


class KeepAliveSession:
    """Calls one host; thread-safe. At most `pool_size` idle connections are kept.

    Its one method is that of `requests.Session`, as far as wechatpy uses it.
    """

    def __init__(self, base_url: str, pool_size: int) -> None:
        parts = urlsplit(base_url)
        host = parts.hostname or ""
        self._authority = parts.netloc.rpartition("@")[2]
        self._new_connection: partial[HTTPConnection]
        if parts.scheme == "https":
            trusted = ssl.create_default_context(cafile=DEFAULT_CA_BUNDLE_PATH)
            self._new_connection = partial(HTTPSConnection, host, parts.port or 443, context=trusted)
        else:
            self._new_connection = partial(HTTPConnection, host, parts.port or 80)
        self._pool_size = pool_size
        self._idle: list[tuple[HTTPConnection, float]] = []
        """Connections, each with the moment of its last use."""
        self._lock = Lock()

    def request(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, str | None],
        data: bytes | None,
        headers: Mapping[str, str],
        timeout: tuple[float, float],
        allow_redirects: bool = False,
    ) -> Answer:
        """Send one request and return the answer, whatever its status. Redirects are not followed.

        `timeout` is in seconds: for connecting, and for the rest (sending and the whole answer). Raises
        `NotSentError`; and `requests.ReadTimeout` or another `requests.ConnectionError` when the request left
        and no complete answer came.
        """
        del allow_redirects
        message = self._message(method.upper(), url, params, data, headers)
        connection = self._idle_connection() or self._connected(timeout[0])
        try:
            answer, reusable = _exchange(connection, method.upper(), message, timeout[1])
        except TimeoutError as error:
            connection.close()
            raise requests.ReadTimeout("no answer in time") from error
        except (OSError, HTTPException, ValueError) as error:
            connection.close()
            raise requests.ConnectionError(f"the connection broke: {error!r}") from error
        except BaseException:
            connection.close()
            raise
        self._release(connection, reusable=reusable)
        return answer

    def _message(
        self,
        method: str,
        url: str,
        params: Mapping[str, str | None],
        data: bytes | None,
        headers: Mapping[str, str],
    ) -> bytes:
        """The whole request, to be sent by one system call. Raises `NotSentError`."""
        target = urlsplit(url).path or "/"
        query = urlencode({name: value for name, value in params.items() if value is not None})
        lines = [
            f"{method} {target}?{query} HTTP/1.1" if query else f"{method} {target} HTTP/1.1",
            f"Host: {self._authority}",
            "Accept: */*",
            *(f"{name}: {value}" for name, value in headers.items()),
        ]
        if data is not None or method == "POST":
            lines.append(f"Content-Length: {len(data or b'')}")
        head = "\r\n".join(lines)
        if len(head.splitlines()) != len(lines) or not head.isascii():
            raise NotSentError("a header or the address holds what can't be sent")
        return head.encode() + b"\r\n\r\n" + (data or b"")

    def _idle_connection(self) -> HTTPConnection | None:
        while True:
            with self._lock:
                if not self._idle:
                    return None
                # The one used last is the likeliest to be alive. The others get too old and are closed.
                connection, used_at = self._idle.pop()
            if monotonic() - used_at <= LONGEST_IDLE_SECONDS and _is_quiet(connection):
                return connection
            connection.close()

    def _connected(self, timeout: float) -> HTTPConnection:
        connection = self._new_connection(timeout=timeout)
        try:
            connection.connect()
        except OSError as error:
            connection.close()
            raise NotSentError(f"no connection: {error}") from error
        return connection

    def _release(self, connection: HTTPConnection, *, reusable: bool) -> None:
        with self._lock:
            if reusable and len(self._idle) < self._pool_size:
                self._idle.append((connection, monotonic()))
                return
        connection.close()


def _is_quiet(connection: HTTPConnection) -> bool:
    """Whether the server has neither closed the connection nor sent anything that was not asked for."""
    waiting = select.poll()
    waiting.register(connection.sock, select.POLLIN | select.POLLHUP | select.POLLERR)
    return not waiting.poll(0)


def _exchange(connection: HTTPConnection, method: str, message: bytes, timeout: float) -> tuple[Answer, bool]:
    """Send a request and read the answer; and whether the connection may be used again.

    Raises OSError, HTTPException and ValueError.
    """
    deadline = monotonic() + timeout
    wire = connection.sock
    if wire.gettimeout() != timeout:
        wire.settimeout(timeout)
    wire.sendall(message)
    received = _AnswerBytes(wire, deadline)
    with HTTPResponse(received, method=method) as response:  # type: ignore[arg-type]
        response.begin()
        if received.ended or response.headers.defects or response.status < _FIRST_FINAL:
            raise ConnectionError("the answer's head is not complete")
        unclear = response.length is None and not response.chunked and "Content-Length" in response.headers
        if unclear or (response.length or 0) > LARGEST_ANSWER:
            raise ValueError("the answer's length is no number, or too large")
        content = response.read(LARGEST_ANSWER + 1)
        if response.length or len(content) > LARGEST_ANSWER:
            raise ConnectionError("the answer's body is not complete, or too large")
        return Answer(response.status, content), not response.will_close


class _AnswerBytes(RawIOBase):
    """The bytes of one answer: until a deadline, and no more than an answer may have.

    A socket's own time-out would begin anew with every piece that comes.
    """

    def __init__(self, wire: socket.socket, deadline: float) -> None:
        self._wire = wire
        self._deadline = deadline
        self._left = LARGEST_ANSWER + LARGEST_HEAD
        self.ended = False
        """Whether the server has closed the connection."""

    def makefile(self, _mode: str) -> BufferedReader:
        """What `HTTPResponse` asks of a socket."""
        return BufferedReader(self)

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        """Wait for some bytes; 0 at the end. Raises OSError, and ValueError when they are too many."""
        remaining = self._deadline - monotonic()
        if remaining <= 0:
            raise TimeoutError
        if remaining < (self._wire.gettimeout() or 0) - _CLOSE_ENOUGH_SECONDS:
            self._wire.settimeout(remaining)
        received = self._wire.recv_into(buffer)
        self._left -= received
        if self._left < 0:
            raise ValueError("the answer is too large")
        self.ended = received == 0
        return received
