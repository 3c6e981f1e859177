"""An HTTP load over keep-alive connections, from a process of its own: `python -m benchmarks.load`.

It reads one JSON order from standard input for each stretch of load and answers each with one JSON line. A
closed loop: every connection has one request under way. Sockets and epoll only, since an HTTP library in
Python would cost as much as the server that it measures.
"""

import json
import selectors
import socket
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import cycle
from time import perf_counter

_END_OF_HEAD = b"\r\n\r\n"
_LENGTH = b"content-length: "
_AT_ONCE = 65536
_SUCCESS = (b"200", b"201", b"304")


@dataclass(frozen=True, slots=True)
class Order:
    """A stretch of load: raw requests sent in turn, for so many seconds after a warm-up.

    With `once`, each request is sent a single time and the stretch ends when the last is answered.
    """

    port: int
    requests: list[str]
    connections: int
    warm_up_seconds: float
    seconds: float
    once: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """How many answers came in the measured seconds, and how many of all were no success."""

    answers: int
    seconds: float
    failures: int

    @property
    def per_second(self) -> float:
        """The rate."""
        return self.answers / self.seconds


def get(path: str, token: str | None = None) -> str:
    """A raw GET."""
    return _request("GET", path, token)


def get_if_changed(path: str, token: str, etag: str) -> str:
    """A raw GET by somebody who knows the answer of this ETag."""
    return _request("GET", path, token, f"If-None-Match: {etag}\r\n")


def post(path: str, token: str, idempotency_key: str, body: str = "") -> str:
    """A raw POST, with a JSON body if there is one."""
    kind = "Content-Type: application/json\r\n" if body else ""
    headers = f"Idempotency-Key: {idempotency_key}\r\n{kind}Content-Length: {len(body.encode())}\r\n"
    return _request("POST", path, token, headers) + body


def _request(method: str, path: str, token: str | None, headers: str = "") -> str:
    authorization = f"Authorization: Bearer {token}\r\n" if token else ""
    return f"{method} {path} HTTP/1.1\r\nHost: bench\r\n{authorization}{headers}\r\n"


def run(order: Order) -> Outcome:
    """Load the server; every connection stays open throughout. Raises `ConnectionError` when one is cut."""
    connections = [Connection(order.port) for _ in range(order.connections)]
    try:
        return _once(order, connections) if order.once else _for_a_while(order, connections)
    finally:
        for connection in connections:
            connection.socket.close()


def _for_a_while(order: Order, connections: Sequence["Connection"]) -> Outcome:
    """Load for `order.seconds`, or until the first answer that counts, where a busy machine takes longer."""
    requests = cycle([request.encode() for request in order.requests])
    for connection in connections:
        connection.ask(next(requests))
    answers = failures = 0
    begun = perf_counter() + order.warm_up_seconds
    end = begun + order.seconds
    with _listening(connections) as selector:
        while (now := perf_counter()) < end or not answers:
            for key, _ in selector.select(1):
                status = key.data.hear()
                if status is None:
                    continue
                answers += now >= begun
                failures += status not in _SUCCESS
                key.data.ask(next(requests))
    return Outcome(answers, now - begun, failures)


def _once(order: Order, connections: Sequence["Connection"]) -> Outcome:
    requests = iter([request.encode() for request in order.requests])
    failures = answers = 0
    begun = perf_counter()
    for connection, request in zip(connections, requests, strict=False):
        connection.ask(request)
    with _listening(connections) as selector:
        while answers < len(order.requests):
            for key, _ in selector.select(1):
                status = key.data.hear()
                if status is None:
                    continue
                answers += 1
                failures += status not in _SUCCESS
                if (another := next(requests, None)) is not None:
                    key.data.ask(another)
    return Outcome(answers, perf_counter() - begun, failures)


def _listening(connections: Sequence["Connection"]) -> selectors.DefaultSelector:
    selector = selectors.DefaultSelector()
    for connection in connections:
        selector.register(connection.socket, selectors.EVENT_READ, connection)
    return selector


class Connection:
    """One keep-alive connection, with one request under way at a time."""

    def __init__(self, port: int) -> None:
        """Connect to loopback. Raises `OSError`."""
        self.body = b""
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._heard = b""

    def ask(self, request: bytes) -> None:
        """Send a raw request."""
        self.socket.sendall(request)

    def hear(self) -> bytes | None:
        """The status of an answer that is complete now, its `body` beside it; else None.

        Raises `ConnectionError` when the server closed the connection.
        """
        part = self.socket.recv(_AT_ONCE)
        if not part:
            raise ConnectionError("the server closed a connection")
        heard = self._heard + part
        head = heard.find(_END_OF_HEAD)
        if head >= 0:
            at = heard.lower().find(_LENGTH, 0, head)
            # An answer without a body (304) names no length.
            length = 0 if at < 0 else int(heard[at + len(_LENGTH) : heard.find(b"\r", at)])
            if len(heard) >= head + len(_END_OF_HEAD) + length:
                self._heard = b""
                self.body = heard[head + len(_END_OF_HEAD) :]
                return heard[9:12]
        self._heard = heard
        return None


def main() -> None:
    """Carry out orders until standard input ends."""
    for line in sys.stdin:
        print(json.dumps(asdict(run(Order(**json.loads(line))))), flush=True)


if __name__ == "__main__":
    main()
