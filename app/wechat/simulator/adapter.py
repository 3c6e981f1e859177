"""Carries the HTTP library's requests to a simulator inside the same process, without a socket."""

import io
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import BaseAdapter
from urllib3.exceptions import ProtocolError
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from app.wechat.simulator.app import Simulator
from app.wechat.simulator.faults import Dropped, Failure


class InProcessAdapter(BaseAdapter):
    """Mount it on a session (or give it to a client) for the base URL that stands for WeChat."""

    def __init__(self, simulator: Simulator) -> None:
        super().__init__()
        self._simulator = simulator

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: float | tuple[float | None, float | None] | None = None,
        verify: bool | str = True,
        cert: str | bytes | tuple[str | bytes, str | bytes] | None = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """Answer at once. An injected time-out or reset raises what a real connection would."""
        del stream, verify, cert, proxies
        if timeout is None:
            raise ValueError("a call without time-out would hang on the real WeChat")
        parts = urlsplit(str(request.url))
        builder = EnvironBuilder(
            path=parts.path,
            query_string=parts.query,
            method=str(request.method),
            headers=[(name, str(value)) for name, value in request.headers.items()],
            data=_bytes(request.body),
        )
        try:
            answer = self._simulator.answer(Request(builder.get_environ()))
        except Dropped as dropped:
            if dropped.failure is Failure.TIMEOUT:
                raise requests.ReadTimeout("injected time-out", request=request) from None
            cut = ProtocolError("Connection aborted.", ConnectionResetError(104, "injected reset"))
            raise requests.ConnectionError(cut, request=request) from None
        finally:
            builder.close()
        response = requests.Response()
        response.status_code = answer.status_code
        response.headers.update(answer.headers.items())
        response.raw = io.BytesIO(answer.get_data())
        response.url = str(request.url)
        response.request = request
        return response

    def close(self) -> None:
        """Nothing is held open."""


def _bytes(body: Any) -> bytes:
    if body is None:
        return b""
    return body.encode() if isinstance(body, str) else bytes(body)
