"""A client that sends or reads slowly is waited for in bounded time and number, and holds up nobody else."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import Any

import orjson
import pytest
from werkzeug.test import Client, EnvironBuilder, run_wsgi_app
from werkzeug.wrappers import Response

from app.core import turns
from miniprogram_api import slow_clients
from miniprogram_api.flask_app import LARGEST_UPLOAD
from miniprogram_api.slow_clients import STREAMED, Patience, SlowClients

LAST_RESORT_SECONDS = 600
FORM = "multipart/form-data; boundary=x"


class Dripping:
    """The input of a client that sends `first`, nothing until it is told to go on, and then the end."""

    def __init__(self, first: bytes = b"") -> None:
        self._first = BytesIO(first)
        self.waited_for = threading.Event()
        self.go_on = threading.Event()

    def read(self, size: int = -1) -> bytes:
        piece = self._first.read(size)
        if piece:
            return piece
        self.waited_for.set()
        assert self.go_on.wait(LAST_RESORT_SECONDS)
        return b""


def echo(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
    """Answers with the body it got."""
    body = environ["wsgi.input"].read()
    return Response(body)(environ, start_response)


def posted(app: Any, source: Any, content_type: str = "application/json") -> tuple[int, bytes, Any]:
    environ = EnvironBuilder("/x", method="POST", content_type=content_type).get_environ()
    environ |= {"wsgi.input": source, "CONTENT_LENGTH": "1000"}
    pieces, status, headers = run_wsgi_app(app, environ)
    return int(status.split()[0]), b"".join(pieces), headers


def got(app: Any) -> int:
    return Client(app).get("/x").status_code


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(8) as threads:
        yield threads


@pytest.mark.parametrize("size", [1, 2, 70_000, 3_000_000])
def test_a_body_arrives_as_it_was_sent(size: int) -> None:
    body = bytes(range(256)) * (size // 256 + 1)
    assert posted(SlowClients(echo), BytesIO(body[:size]))[:2] == (200, body[:size])


def test_an_endless_body_is_read_one_byte_too_far_and_no_further() -> None:
    status, body, _ = posted(SlowClients(echo), BytesIO(b"x" * (LARGEST_UPLOAD + 100_000)), FORM)
    assert (status, len(body)) == (200, LARGEST_UPLOAD + 1)


@pytest.mark.parametrize("content_type", ["application/json", FORM])
def test_a_body_that_is_not_complete_in_time_is_refused(
    content_type: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each byte takes a second, of which the longest body has ten or a hundred and twenty."""
    seconds = iter(range(10**6))
    monkeypatch.setattr(slow_clients, "monotonic", lambda: next(seconds))
    source = BytesIO(b"x" * 1000)
    status, body, headers = posted(SlowClients(echo), source, content_type)
    problem = orjson.loads(body)
    assert (status, problem["code"], headers["Content-Type"]) == (
        408,
        "request_timeout",
        "application/problem+json",
    )
    assert source.tell() <= (10 if content_type == "application/json" else 120)
    # Nobody reads what is left of it.
    assert headers["Connection"] == "close"


def test_others_are_answered_while_a_body_is_waited_for(pool: ThreadPoolExecutor) -> None:
    app = SlowClients(echo, Patience(json_seconds=LAST_RESORT_SECONDS))
    drips = [Dripping(b"1") for _ in range(4)]
    slow = [pool.submit(posted, app, drip) for drip in drips]
    for drip in drips:
        assert drip.waited_for.wait(LAST_RESORT_SECONDS)
    assert got(app) == 200
    assert posted(app, BytesIO(b"quick"))[:2] == (200, b"quick")
    assert not any(one.done() for one in slow)
    for drip in drips:
        drip.go_on.set()
    assert [one.result()[:2] for one in slow] == [(200, b"1")] * 4


def test_more_slow_bodies_than_may_be_are_refused_and_the_rest_is_answered(pool: ThreadPoolExecutor) -> None:
    app = SlowClients(echo, Patience(file_seconds=LAST_RESORT_SECONDS, most_files=1))
    drip = Dripping()
    slow = pool.submit(posted, app, drip, FORM)
    assert drip.waited_for.wait(LAST_RESORT_SECONDS)
    status, body, headers = posted(app, BytesIO(b"1"), FORM)
    assert (status, orjson.loads(body)["code"], headers["Retry-After"]) == (503, "unavailable", "5")
    assert got(app) == 200
    assert posted(app, BytesIO(b"json"))[0] == 200
    drip.go_on.set()
    assert slow.result()[0] == 200
    assert posted(app, BytesIO(b"1"), FORM)[0] == 200


def test_answers_in_pieces_are_bounded_in_number_until_they_are_closed() -> None:
    def streamed(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        environ[STREAMED] = True
        return Response(iter([b"a", b"b"]))(environ, start_response)

    app = SlowClients(streamed, Patience(most_streams=1))
    first, status, _ = run_wsgi_app(app, EnvironBuilder("/x").get_environ())
    assert status.startswith("200")
    assert got(app) == 503
    assert b"".join(first) == b"ab"
    first.close()  # type: ignore[attr-defined]
    assert got(app) == 200


def test_who_waits_for_somebody_outside_lets_others_have_the_turn(pool: ThreadPoolExecutor) -> None:
    inside, outside = threading.Event(), threading.Event()

    def waits(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        if environ["PATH_INFO"] == "/outside":
            with turns.given_up():
                inside.set()
                assert outside.wait(LAST_RESORT_SECONDS)
        return Response(b"")(environ, start_response)

    app = SlowClients(waits)
    first = pool.submit(lambda: Client(app).get("/outside").status_code)
    assert inside.wait(LAST_RESORT_SECONDS)
    assert got(app) == 200
    outside.set()
    assert first.result() == 200


def test_one_request_at_a_time_has_the_turn(pool: ThreadPoolExecutor) -> None:
    busy = threading.Lock()

    def alone(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        assert busy.acquire(blocking=False)
        try:
            return Response(b"")(environ, start_response)
        finally:
            busy.release()

    app = SlowClients(alone)
    assert set(pool.map(lambda _: got(app), range(200))) == {200}


def test_a_worker_waits_for_fewer_clients_than_it_has_threads() -> None:
    patience = Patience()
    assert patience.most_json + patience.most_files + patience.most_streams < turns.THREADS
