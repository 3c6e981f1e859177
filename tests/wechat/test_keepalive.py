"""The thin transport against a server that says exactly what the test wants, byte by byte."""

import socket
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from itertools import count
from threading import Thread

import pytest
import requests

from app.core.accounts import WeChatAccount
from app.wechat import keepalive
from app.wechat.client import WeChatMiniProgram
from app.wechat.keepalive import Answer, KeepAliveSession, NotSentError
from app.wechat.port import FaultKind, WeChatError
from app.wechat.token_store import MemoryTokenStore

SECRET = "mini-app-secret-1f0e"
MINI = WeChatAccount("wx00000000000000aa", SECRET, "t", "m" * 43)
LAST_RESORT_SECONDS = 600.0
OK = b'HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n{"errcode":0}'
CUT = b""
"""Closes the connection instead of an answer."""


class Scripted:
    """Answers each request with the next of its lines; every connection is served in its own thread."""

    def __init__(self, answers: Sequence[bytes]) -> None:
        self.answers = list(answers)
        self.requests: list[bytes] = []
        self.connections = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._open: list[socket.socket] = []
        Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                wire, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(wire)
            Thread(target=self._serve, args=(wire,), daemon=True).start()

    def _serve(self, wire: socket.socket) -> None:
        # A client that gives up resets its connection.
        with suppress(ConnectionError), wire, wire.makefile("rb") as file:
            while line := file.readline():
                head = line
                # Until the empty line; or until the end, where what came is no request.
                while (line := file.readline()) not in {b"\r\n", b""}:
                    head += line
                length = next(
                    (
                        int(each[15:])
                        for each in head.splitlines()
                        if each.lower().startswith(b"content-length:")
                    ),
                    0,
                )
                self.requests.append(head + b"\r\n" + file.read(length))
                answer = self.answers.pop(0)
                if answer == CUT:
                    return
                with suppress(ConnectionError):
                    wire.sendall(answer)
                if b"Connection: close" in answer:
                    return

    def hang_up(self) -> None:
        """Close every connection, as a server does with idle ones."""
        for wire in self._open:
            wire.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._listener.close()


@contextmanager
def scripted(*answers: bytes) -> Iterator[tuple[Scripted, KeepAliveSession]]:
    server = Scripted(answers)
    try:
        yield server, KeepAliveSession(server.url, 4)
    finally:
        server.close()


def ask(
    session: KeepAliveSession,
    url: str,
    data: bytes | None = b"{}",
    timeout: float = LAST_RESORT_SECONDS,
    connect_timeout: float = LAST_RESORT_SECONDS,
) -> Answer:
    return session.request(
        "post",
        url,
        params={"a": "b c", "none": None},
        data=data,
        headers={},
        timeout=(connect_timeout, timeout),
    )


def test_many_calls_share_a_connection() -> None:
    with scripted(OK, OK, OK) as (server, session):
        for _ in range(3):
            assert ask(session, server.url + "/cgi-bin/x").content == b'{"errcode":0}'
        assert server.connections == 1
        assert server.requests[0].startswith(b"POST /cgi-bin/x?a=b+c HTTP/1.1\r\nHost: 127.0.0.1:")


@pytest.mark.parametrize(
    ("answer", "status", "body"),
    [
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
            200,
            b"abcde",
        ),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", 200, b"x"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", 204, b""),
        (b"HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n", 500, b""),
        (b"HTTP/1.0 200 OK\r\nConnection: close\r\n\r\nto the end", 200, b"to the end"),
    ],
)
def test_what_servers_may_answer_is_understood(answer: bytes, status: int, body: bytes) -> None:
    with scripted(answer, OK) as (server, session):
        assert ask(session, server.url) == Answer(status, body)
        assert ask(session, server.url).status_code == 200


@pytest.mark.parametrize(
    "answer",
    [
        CUT,
        b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\nConnection: close\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nX: Connection: close",
        b"SMTP ready Connection: close\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\nConnection: close\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\nConnection: close\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno name Connection\r\nConnection: close\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\nxyz\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 200 + b"Connection: close\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: many\r\nConnection: close\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\nfffffffffff\r\nx",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n5\r\nabc",
        b"HTTP/1.1 103 Early Hints\r\nConnection: close\r\n\r\n",
    ],
)
def test_after_the_request_left_a_broken_answer_says_nothing_of_what_was_done(answer: bytes) -> None:
    with scripted(answer, OK) as (server, session):
        with pytest.raises(requests.ConnectionError) as failed:
            ask(session, server.url)
        assert not isinstance(failed.value, NotSentError)
        assert ask(session, server.url).status_code == 200
        assert len(server.requests) == 2


def test_no_answer_in_time_is_told_apart() -> None:
    with scripted(b"HTTP/1.1 200 OK\r\n", OK) as (server, session):
        with pytest.raises(requests.ReadTimeout):
            ask(session, server.url, timeout=0.05)
        assert ask(session, server.url).status_code == 200
        assert server.connections == 2


def test_the_time_for_an_answer_is_counted_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that sends a little now and then must not hold a sender for ever."""
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + b"x" * 100_000
    with scripted(answer) as (server, session):
        ticks = count(step=10)
        monkeypatch.setattr(keepalive, "monotonic", lambda: next(ticks))
        # The deadline is set at 0, the first piece is asked for at 10, the second one would be at 20.
        with pytest.raises(requests.ReadTimeout):
            ask(session, server.url, timeout=15)
        assert len(server.requests) == 1


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 200\r\n\r\n" + b"x" * 200,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nc8\r\n" + b"x" * 200 + b"\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n" + b"x" * 200,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + b"A: b\r\n" * 40,
        b"HTTP/1.0 200 OK\r\n\r\n" + b"x" * 200,
        b"HTTP/1.1 100 Continue\r\n\r\n" * 20,
    ],
)
def test_an_answer_without_end_is_given_up(answer: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keepalive, "LARGEST_ANSWER", 100)
    monkeypatch.setattr(keepalive, "LARGEST_HEAD", 100)
    with scripted(answer) as (server, session):
        with pytest.raises(requests.ConnectionError, match="large"):
            ask(session, server.url)
        assert len(server.requests) == 1


def test_what_comes_after_an_answer_is_never_taken_for_the_next_one() -> None:
    with scripted(OK + b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", OK) as (server, session):
        assert ask(session, server.url).content == b'{"errcode":0}'
        assert ask(session, server.url).content == b'{"errcode":0}'
        assert len(server.requests) == 2


def test_a_refused_connection_never_left() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(NotSentError):
            ask(KeepAliveSession(url, 1), url)


def test_a_server_that_speaks_no_tls_never_got_the_request() -> None:
    with scripted(OK) as (server, _):
        url = server.url.replace("http://", "https://")
        with pytest.raises(NotSentError):
            # It waits for a request and says nothing: the handshake ends with the time for connecting.
            ask(KeepAliveSession(url, 1), url, connect_timeout=0.5)


def test_a_connection_that_the_other_side_closed_is_not_used_again() -> None:
    with scripted(OK, OK) as (server, session):
        ask(session, server.url)
        server.hang_up()
        assert ask(session, server.url).status_code == 200
        assert server.connections == 2


def test_an_old_connection_is_not_used_again(monkeypatch: pytest.MonkeyPatch) -> None:
    with scripted(OK, OK) as (server, session):
        ask(session, server.url)
        monkeypatch.setattr(keepalive, "LONGEST_IDLE_SECONDS", -1.0)
        ask(session, server.url)
        assert server.connections == 2


def test_what_would_split_the_request_never_leaves() -> None:
    with scripted(OK) as (server, session):
        with pytest.raises(NotSentError):
            session.request(
                "get", server.url, params={}, data=None, headers={"X": "a\r\nY: b"}, timeout=(1, 1)
            )
        assert server.requests == []


def test_threads_do_not_mix_up_their_answers() -> None:
    answers = [b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n%03d" % number for number in range(200)]
    with scripted(*answers) as (server, session), ThreadPoolExecutor(8) as pool:
        bodies = list(pool.map(lambda _: ask(session, server.url).content, range(200)))
    assert sorted(bodies) == [b"%03d" % number for number in range(200)]


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n", FaultKind.TRANSIENT),
        (b"HTTP/1.1 504 Late\r\nContent-Length: 0\r\n\r\n", FaultKind.UNKNOWN_OUTCOME),
        (
            b"HTTP/1.1 302 Found\r\nLocation: https://elsewhere.invalid/\r\nContent-Length: 0\r\n\r\n",
            FaultKind.UNKNOWN_OUTCOME,
        ),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>", FaultKind.UNKNOWN_OUTCOME),
        (CUT, FaultKind.UNKNOWN_OUTCOME),
    ],
)
def test_the_client_says_the_same_as_through_requests(answer: bytes, kind: FaultKind) -> None:
    with scripted(answer) as (server, _):
        with pytest.raises(WeChatError) as failed:
            WeChatMiniProgram(MINI, MemoryTokenStore(), base_url=server.url).login("a-login-code")
        assert failed.value.kind is kind
        assert len(server.requests) == 1
        assert SECRET not in str(failed.value)
