"""A partner platform (合作平台) as its own developers would write it, from the description of the API alone.

It signs what it asks, and checks the signature of what it is told (docs/decisions/0007); nothing of the
product's own signing is used here.
"""

import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Condition, Thread
from typing import Any, Self
from uuid import uuid4

from demo.environment.json_client import Answer, JsonClient, UnexpectedAnswerError

API = "/api/v1/partner"
HOOK = "/hooks/water"
# A delivery is sent at the next tick of the jobs. On the busiest machine it takes far less than this.
LAST_RESORT_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class Delivery:
    """One delivery to the platform's webhook."""

    body: bytes
    timestamp: str
    nonce: str
    signature: str

    @property
    def content(self) -> dict[str, Any]:
        """What it says."""
        said: dict[str, Any] = json.loads(self.body)
        return said


class WebhookReceiver(ThreadingHTTPServer):
    """The platform's own little server, to which the product's webhooks are sent."""

    daemon_threads = True

    def __init__(self) -> None:
        """Listen on any free port of loopback."""
        super().__init__(("127.0.0.1", 0), _Hook)
        self._deliveries: list[Delivery] = []
        self._more = Condition()
        self._thread = Thread(target=self.serve_forever, daemon=True)

    def __enter__(self) -> Self:
        """Answer from now on."""
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        """Answer no more."""
        self.shutdown()
        self._thread.join()
        self.server_close()

    @property
    def url(self) -> str:
        """The address to be told at."""
        return f"http://127.0.0.1:{self.server_port}{HOOK}"

    def keep(self, delivery: Delivery) -> None:
        """Remember a delivery."""
        with self._more:
            self._deliveries.append(delivery)
            self._more.notify_all()

    def deliveries_until(self, number: str, event: str) -> list[Delivery]:
        """Every delivery about the case of that number, in its order, once `event` is among them.

        Without it, if it never comes.
        """
        with self._more:
            self._more.wait_for(
                lambda: any(said.content["event"] == event for said in self._about(number)),
                LAST_RESORT_SECONDS,
            )
            # At least once, in any order: the same id is the same delivery, `sequence` is the order.
            once = {said.content["id"]: said for said in self._about(number)}
        return sorted(once.values(), key=lambda said: said.content["sequence"])

    def _about(self, number: str) -> list[Delivery]:
        return [said for said in self._deliveries if said.content["number"] == number]


class _Hook(BaseHTTPRequestHandler):
    server: WebhookReceiver

    def do_POST(self) -> None:
        """Take a delivery."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        signed = (self.headers["X-Timestamp"], self.headers["X-Nonce"], self.headers["X-Signature"])
        self.server.keep(Delivery(body, *signed))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_arguments: object) -> None:
        """The story is told elsewhere."""


class Platform:
    """A platform with its key. `now` gives the instant that its clock shows."""

    def __init__(self, server: JsonClient, printed: str, now: Callable[[], datetime]) -> None:
        """`printed` is what `flask partners add` gave to the utility's IT, who handed it over."""
        words = [line.split() for line in printed.splitlines()]
        self._key_id = next(line[2] for line in words if line[:2] == ["key", "id"])
        self._secret = next(line[1] for line in words if line[:1] == ["secret"])
        self._server = server
        self._now = now

    def send(self, method: str, path: str, document: object = None) -> Answer:
        """A signed request."""
        return self.send_signed(method, path, document, self.sign(method, path, document))

    def ask(self, method: str, path: str, document: object = None) -> Any:
        """The body of a successful answer. Raises `UnexpectedAnswerError` for any other."""
        answer = self.send(method, path, document)
        if not answer.ok:
            raise UnexpectedAnswerError(f"platform: {method} {path}: {answer.status} {answer.body}")
        return answer.body

    def sign(self, method: str, path: str, document: object = None) -> dict[str, str]:
        """The headers of a request, signed now."""
        timestamp, nonce = str(int(self._now().timestamp())), uuid4().hex
        signature = self._signature(method, API + path, timestamp, nonce, self._body(document))
        return {
            "X-Partner-Key": self._key_id,
            "X-Timestamp": timestamp,
            "X-Nonce": nonce,
            "X-Signature": signature,
        }

    def send_signed(self, method: str, path: str, document: object, headers: dict[str, str]) -> Answer:
        """A request with headers of any origin, such as a replayed one."""
        return self._server.send_bytes(method, API + path, self._body(document), headers)

    def verifies(self, delivery: Delivery) -> bool:
        """Whether a delivery to the webhook is signed with this platform's own key."""
        expected = self._signature("POST", HOOK, delivery.timestamp, delivery.nonce, delivery.body)
        return hmac.compare_digest(expected, delivery.signature)

    def _body(self, document: object) -> bytes:
        return b"" if document is None else json.dumps(document, ensure_ascii=False).encode()

    def _signature(self, method: str, target: str, timestamp: str, nonce: str, body: bytes) -> str:
        text = f"{method}\n{target}\n{timestamp}\n{nonce}\n".encode() + body
        return hmac.new(self._secret.encode(), text, hashlib.sha256).hexdigest()
