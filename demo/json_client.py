"""HTTP with JSON, as a phone speaks it to the server."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import requests

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


class JsonClient:
    """Requests to one server on loopback."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._http = requests.Session()
        # A proxy that the machine uses for the world has no business here.
        self._http.trust_env = False

    def send(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Whatever the server answers. Raises `requests.RequestException` when it does not."""
        return self._exchange(method, path, headers, json=body)

    def send_bytes(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """The same for a body of JSON whose very bytes were signed."""
        typed = {"Content-Type": "application/json"} if body else {}
        return self._exchange(method, path, {**headers, **typed}, data=body)

    def send_file(
        self, path: str, form: Mapping[str, str], file: tuple[str, bytes], headers: Mapping[str, str]
    ) -> Answer:
        """Upload a file (name and content) with the fields of its form."""
        return self._exchange("POST", path, headers, data=dict(form), files={"file": file})

    def ask(self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None) -> Any:
        """The body of a successful answer. Raises `UnexpectedAnswerError` for any other."""
        answer = self.send(method, path, body, headers)
        if not answer.ok:
            raise UnexpectedAnswerError(f"{method} {path}: {answer.status} {answer.body}")
        return answer.body

    def _exchange(self, method: str, path: str, headers: Mapping[str, str] | None, **content: Any) -> Answer:
        response = self._http.request(
            method, self.url + path, headers=dict(headers or {}), timeout=LAST_RESORT_SECONDS, **content
        )
        return Answer(response.status_code, response.json() if response.content else None)
