"""The edge of a web worker: what a client sends is here before its request gets a turn, in bounded time.

granian hands a request to a thread when its headers are there, and that thread waits for the body for as long
as the client likes; an answer in pieces waits for the reader likewise. Here a body has a total time and is
read before the request takes its turn; both sorts of waiting are bounded in number (docs/decisions/0031). It
stands around the application only where that is served: a test client is never slow.
"""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from tempfile import SpooledTemporaryFile
from time import monotonic
from typing import IO, Any

from app.core import turns
from miniprogram_api.flask_app import LARGEST_BODY, LARGEST_UPLOAD
from miniprogram_api.problems import standard_problem

StartResponse = Callable[..., Any]
Application = Callable[[dict[str, Any], StartResponse], Iterable[bytes]]

IN_MEMORY = LARGEST_BODY
_FIRST_PIECE = 1
_LARGEST_PIECE = 1024
_QUICK_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a worker waits for clients, and for how many at once: for fewer than `turns.THREADS`.

    So whoever sends no body and reads no file is answered, however many of the others are slow.
    """

    json_seconds: float = 10
    """For a whole body of at most 256 KB: 26 KB a second."""

    file_seconds: float = 120
    """For a form with a file of 20 MB: 1.4 Mbit/s, a phone at the edge of its network."""

    most_json: int = 32
    most_files: int = 12
    most_streams: int = 12


class TooSlowError(Exception):
    """A body was not complete in time."""


class TooManyError(Exception):
    """As many clients are waited for as may be."""


@dataclass(frozen=True, slots=True)
class _Kind:
    """A kind of body: the time for a whole one, and how many may be waited for."""

    seconds: float
    waiting: threading.BoundedSemaphore


class SlowClients:
    """A WSGI application around `application`, for a server with several threads."""

    def __init__(self, application: Application, patience: Patience | None = None) -> None:
        """Bounds start counting with this object: one for each worker."""
        self._application = application
        patience = patience or Patience()
        self._json = _Kind(patience.json_seconds, threading.BoundedSemaphore(patience.most_json))
        self._files = _Kind(patience.file_seconds, threading.BoundedSemaphore(patience.most_files))
        self._streams = threading.BoundedSemaphore(patience.most_streams)

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request: its body first, then one turn, then the answer's pieces without it."""
        if not _has_body(environ):
            return self._answer(environ, start_response)
        is_form = str(environ.get("CONTENT_TYPE", "")).startswith("multipart/form-data")
        try:
            body = self._body(environ["wsgi.input"], self._files if is_form else self._json)
        except TooManyError:
            return _refuse(HTTPStatus.SERVICE_UNAVAILABLE, environ, start_response)
        except TooSlowError:
            return _refuse(HTTPStatus.REQUEST_TIMEOUT, environ, start_response)
        with body:
            environ["wsgi.input"], environ["wsgi.input_terminated"] = body, True
            return self._answer(environ, start_response)

    def _body(self, source: IO[bytes], kind: "_Kind") -> IO[bytes]:
        """The whole body. Raises `TooManyError`, `TooSlowError`."""
        if not kind.waiting.acquire(blocking=False):
            raise TooManyError
        try:
            return _received(source, kind.seconds)
        finally:
            kind.waiting.release()

    def _answer(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        with turns.taken():
            answer = self._application(environ, start_response)
        if not environ.pop(STREAMED, False):
            return answer
        if not self._streams.acquire(blocking=False):
            _close(answer)
            return _refuse(HTTPStatus.SERVICE_UNAVAILABLE, environ, start_response)
        return _Pieces(answer, self._streams.release)


STREAMED = "steward.streamed"
"""A view whose answer is made in pieces sets this in the request's environment."""


def _received(source: IO[bytes], seconds: float) -> IO[bytes]:
    """The whole body, as far as any may go. Raises `TooSlowError` at the first piece that comes too late."""
    until = monotonic() + seconds
    body = SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - the request's from then on
    for piece in _pieces(source):
        body.write(piece)
        if monotonic() > until:
            body.close()
            raise TooSlowError
    body.seek(0)
    return body


def _pieces(source: IO[bytes]) -> Iterator[bytes]:
    """The body in pieces that grow while the client is quick, up to one byte more than anybody may send.

    granian's input gives a piece when all of it is there. With a slow client the pieces stay small, so that
    the time is looked at after every byte or two.
    """
    size, left = _FIRST_PIECE, LARGEST_UPLOAD + 1
    while left > 0:
        began = monotonic()
        piece = source.read(min(size, left))
        if not piece:
            return
        yield piece
        left -= len(piece)
        size = min(size * 8, _LARGEST_PIECE) if monotonic() - began < _QUICK_SECONDS else max(size // 8, 1)


class _Pieces:
    """An answer in pieces, which counts as one until it is closed."""

    def __init__(self, answer: Iterable[bytes], at_end: Callable[[], None]) -> None:
        self._answer = answer
        self._pieces = iter(answer)
        self._at_end: Callable[[], None] | None = at_end

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        return next(self._pieces)

    def close(self) -> None:
        """Close the answer; further calls do nothing."""
        at_end, self._at_end = self._at_end, None
        if at_end is not None:
            try:
                _close(self._answer)
            finally:
                at_end()


def _has_body(environ: Mapping[str, Any]) -> bool:
    return environ.get("CONTENT_LENGTH", "0") not in {"", "0"} or "HTTP_TRANSFER_ENCODING" in environ


def _close(answer: Iterable[bytes]) -> None:
    close = getattr(answer, "close", None)
    if close is not None:
        close()


def _refuse(status: HTTPStatus, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    answer = standard_problem(status)
    if status is HTTPStatus.SERVICE_UNAVAILABLE:
        answer.headers["Retry-After"] = "5"
    # What is left of the body would be taken for the next request.
    answer.headers["Connection"] = "close"
    return answer(environ, start_response)
