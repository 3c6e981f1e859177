"""HTTP/1.1 to one host over kept connections, and nothing more: what wechatpy needs in place of `requests`.

`requests` spends more processor time on a call than everything else here together, and says little about
the one thing that matters when a message is sent: had the request left when it failed? Here a fault is
`NeverLeft` until the first byte is given to the connection, and leaves the outcome open from then on. What
WeChat answers are small JSON documents or pictures, without redirects, cookies or unasked-for compression.
"""

import select
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock
from time import monotonic
from typing import BinaryIO
from urllib.parse import urlencode, urlsplit

import requests
from requests.utils import DEFAULT_CA_BUNDLE_PATH

LONGEST_IDLE_SECONDS = 30.0
"""A connection unused for longer is not used again: the other side may be about to close it."""

LARGEST_ANSWER = 16 * 1024 * 1024
_LONGEST_LINE = 16 * 1024
_MOST_HEADERS = 100
_NO_BODY = (204, 304)
_FIRST_BAD = 400


class NeverLeft(requests.ConnectionError):
    """No byte of the request was given to the connection."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, with what wechatpy asks of one of `requests`."""

    status_code: int
    content: bytes
    request: None = None

    def raise_for_status(self) -> None:
        """Raise `requests.HTTPError` for a status from 400."""
        if self.status_code >= _FIRST_BAD:
            raise requests.HTTPError(response=self)  # type: ignore[arg-type]


class _Connection:
    """One connection, used by one thread at a time."""

    def __init__(self, wire: socket.socket) -> None:
        self.wire = wire
        self.answers: BinaryIO = wire.makefile("rb")
        self.used_at = monotonic()

    def alive(self) -> bool:
        """Whether the other side has neither closed it nor said something unasked."""
        if monotonic() - self.used_at > LONGEST_IDLE_SECONDS:
            return False
        waiting = select.poll()
        waiting.register(self.wire, select.POLLIN | select.POLLHUP | select.POLLERR)
        return not waiting.poll(0)

    def close(self) -> None:
        """Close it; nothing is expected of it any more."""
        self.answers.close()
        self.wire.close()


class KeepAliveSession:
    """Calls one host; thread-safe. At most `pool_size` idle connections are kept.

    Its one method is that of `requests.Session`, as far as wechatpy uses it.
    """

    def __init__(self, base_url: str, pool_size: int) -> None:
        parts = urlsplit(base_url)
        self._host = parts.hostname or ""
        self._port = parts.port or (443 if parts.scheme == "https" else 80)
        self._authority = parts.netloc.rpartition("@")[2]
        self._tls = (
            ssl.create_default_context(cafile=DEFAULT_CA_BUNDLE_PATH) if parts.scheme == "https" else None
        )
        self._pool_size = pool_size
        self._idle: list[_Connection] = []
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
        """The answer to one request, whatever its status; `timeout` is (connect, read) in seconds.

        Raises `NeverLeft`, and `requests.ReadTimeout` or another `requests.ConnectionError` when the request
        left and no whole answer came. Redirections are answers like any other.
        """
        del allow_redirects
        message = self._written(method.upper(), url, params, data, headers)
        connection = self._kept() or self._connected(timeout[0])
        try:
            connection.wire.settimeout(timeout[1])
            connection.wire.sendall(message)
            answer, keep = _read(connection.answers, method.upper())
        except TimeoutError as error:
            connection.close()
            raise requests.ReadTimeout("no answer in time") from error
        except (OSError, ValueError) as error:
            connection.close()
            raise requests.ConnectionError(f"the connection broke: {error}") from error
        except BaseException:
            connection.close()
            raise
        self._give_back(connection, keep=keep)
        return answer

    def _written(
        self,
        method: str,
        url: str,
        params: Mapping[str, str | None],
        data: bytes | None,
        headers: Mapping[str, str],
    ) -> bytes:
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
            raise NeverLeft("a header or the address holds what can't be sent")
        return head.encode() + b"\r\n\r\n" + (data or b"")

    def _kept(self) -> _Connection | None:
        while True:
            with self._lock:
                if not self._idle:
                    return None
                # The one used last is the likeliest to be alive; those at the bottom grow old and go.
                connection = self._idle.pop()
            if connection.alive():
                return connection
            connection.close()

    def _connected(self, timeout: float) -> _Connection:
        try:
            wire = socket.create_connection((self._host, self._port), timeout=timeout)
        except OSError as error:
            raise NeverLeft(f"no connection: {error}") from error
        try:
            wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._tls is not None:
                wire = self._tls.wrap_socket(wire, server_hostname=self._host)
        except OSError as error:
            wire.close()
            raise NeverLeft(f"no secure connection: {error}") from error
        return _Connection(wire)

    def _give_back(self, connection: _Connection, *, keep: bool) -> None:
        connection.used_at = monotonic()
        with self._lock:
            if keep and len(self._idle) < self._pool_size:
                self._idle.append(connection)
                return
        connection.close()


def _read(answers: BinaryIO, method: str) -> tuple[Answer, bool]:
    """One answer, and whether the connection may be used again. Raises OSError and ValueError."""
    status, persistent = _status(answers)
    headers = _headers(answers)
    while status // 100 == 1:
        status, persistent = _status(answers)
        headers = _headers(answers)
    said = headers.get("connection", "").lower()
    keep = "close" not in said and (persistent or "keep-alive" in said)
    if method == "HEAD" or status in _NO_BODY:
        return Answer(status, b""), keep
    if "chunked" in headers.get("transfer-encoding", "").lower():
        return Answer(status, _chunks(answers)), keep
    if "content-length" in headers:
        return Answer(status, _exactly(answers, int(headers["content-length"]))), keep
    body = answers.read(LARGEST_ANSWER + 1)
    if len(body) > LARGEST_ANSWER:
        raise ValueError("the answer is too large")
    return Answer(status, body), False


def _status(answers: BinaryIO) -> tuple[int, bool]:
    version, _, rest = _line(answers).partition(b" ")
    code = rest[:3]
    if version not in (b"HTTP/1.1", b"HTTP/1.0") or not code.isdigit():
        raise ValueError("not an answer of HTTP/1.1")
    return int(code), version == b"HTTP/1.1"


def _headers(answers: BinaryIO) -> dict[str, str]:
    headers: dict[str, str] = {}
    for _ in range(_MOST_HEADERS):
        line = _line(answers)
        if not line:
            return headers
        name, colon, value = line.partition(b":")
        if not colon:
            raise ValueError("a header without a name")
        headers[name.decode("latin-1").strip().lower()] = value.decode("latin-1").strip()
    raise ValueError("too many headers")


def _line(answers: BinaryIO) -> bytes:
    line = answers.readline(_LONGEST_LINE)
    if not line.endswith(b"\n"):
        raise ConnectionError("closed in the middle of an answer" if line else "closed without an answer")
    return line.rstrip(b"\r\n")


def _exactly(answers: BinaryIO, size: int) -> bytes:
    if not 0 <= size <= LARGEST_ANSWER:
        raise ValueError("the answer is too large")
    body = answers.read(size)
    if len(body) != size:
        raise ConnectionError("closed in the middle of an answer")
    return body


def _chunks(answers: BinaryIO) -> bytes:
    parts: list[bytes] = []
    left = LARGEST_ANSWER
    while True:
        size = int(_line(answers).partition(b";")[0], 16)
        if size == 0:
            _headers(answers)
            return b"".join(parts)
        left -= size
        parts.append(_exactly(answers, size if left >= 0 else -1))
        if _line(answers):
            raise ValueError("a chunk is longer than it says")
