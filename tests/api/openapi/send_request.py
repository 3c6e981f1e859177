"""Sends a request that schemathesis made, with a token or signed as a partner."""

from io import BytesIO
from typing import Any
from uuid import uuid4

from werkzeug.test import Client

from tests.api.partners.partner_platform import Platform
from tests.world import Phone

# None for nobody: without a token, without a signature.
Caller = Phone | Platform | None


class SigningClient(Client):
    """Signs the bytes that are sent: the same value may be written as another text.

    Werkzeug's client and not Flask's, which writes JSON as the product does and so can't send every number.
    """

    def __init__(self, platform: Platform) -> None:
        super().__init__(platform.app)
        self.platform = platform

    def run_wsgi_app(self, environ: Any, buffered: bool = False) -> Any:
        """Put the partner's headers on a request that is otherwise complete."""
        body = environ["wsgi.input"].read()
        environ["wsgi.input"] = BytesIO(body)
        target = environ["PATH_INFO"].encode("latin-1").decode("utf-8", "replace")
        if environ["QUERY_STRING"]:
            target += f"?{environ['QUERY_STRING']}"
        signed = self.platform.headers(environ["REQUEST_METHOD"], target, body)
        environ |= {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in signed.items()}
        return super().run_wsgi_app(environ, buffered)


def call(case: Any, who: Caller, *, once: bool = True) -> tuple[Any, dict[str, str]]:
    """The answer to a case that `who` sends, and the headers it was sent with.

    `once` gives it an Idempotency-Key of its own; without, the case has its own, a good or a bad one.
    """
    headers = {"Idempotency-Key": uuid4().hex} if once else {}
    if isinstance(who, Platform):
        return case.call(headers=headers, session=SigningClient(who)), headers
    if who is not None:
        headers["Authorization"] = f"Bearer {who.token}"
    return case.call(headers=headers), headers
