"""HTTP with JSON, as a phone speaks it to the server."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import urllib3

LAST_RESORT_SECONDS = 600.0
"""Far longer than a very busy machine takes to answer: silence for so long is a fault."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer: HTTP status and JSON body (None without one)."""

    status: int
    body: Any

    @property
    def ok(self) -> bool:
        """Whether it was a success."""
        return self.status < 400


class UnexpectedAnswerError(Exception):
    """A request that should have succeeded was refused."""


class NoAnswerError(Exception):
    """The server did not answer, or its answer broke off."""


class JsonClient:
    """Requests to one server on loopback, on kept connections. Nothing is sent twice."""

    def __init__(self, url: str) -> None:
        self.url = url
        # `requests` takes half as much processor time again (1.8 and 1.15 ms here for a small answer).
        self._http = urllib3.PoolManager(retries=False, timeout=LAST_RESORT_SECONDS, maxsize=4)

    def send(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Whatever the server answers. Raises `NoAnswerError` when it does not."""
        if body is None:
            return self._exchange(method, path, headers)
        return self.send_bytes(method, path, json.dumps(body, ensure_ascii=False).encode(), headers or {})

    def send_bytes(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """The same for a body of JSON whose very bytes were signed."""
        typed = {"Content-Type": "application/json"} if body else {}
        return self._exchange(method, path, {**headers, **typed}, body=body)

    def send_file(
        self, path: str, form: Mapping[str, str], file: tuple[str, bytes], headers: Mapping[str, str]
    ) -> Answer:
        """Upload a file (name and content) with the fields of its form."""
        return self._exchange("POST", path, headers, fields={**form, "file": file})

    def ask(self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None) -> Any:
        """The body of a successful answer. Raises `UnexpectedAnswerError` for any other."""
        answer = self.send(method, path, body, headers)
        if not answer.ok:
            raise UnexpectedAnswerError(f"{method} {path}: {answer.status} {answer.body}")
        return answer.body

    def _exchange(self, method: str, path: str, headers: Mapping[str, str] | None, **content: Any) -> Answer:
        try:
            response = self._http.request(method, self.url + path, headers=dict(headers or {}), **content)
        except urllib3.exceptions.HTTPError as fault:
            raise NoAnswerError(f"{method} {self.url}{path}: {fault}") from fault
        return Answer(response.status, response.json() if response.data else None)
