"""The simulator's control interface from the other side: what the console and the demo ask of it."""

from typing import Any

import requests
from requests.adapters import BaseAdapter

from app.wechat.simulator.control import PREFIX

TIMEOUT = (3.0, 10.0)


class Desk:
    """Asks a simulator, on loopback or inside this process (`adapter`)."""

    def __init__(self, base_url: str, adapter: BaseAdapter | None = None) -> None:
        self._base_url = base_url.rstrip("/")
        self._http = requests.Session()
        # A proxy that the machine uses for the world has no business here.
        self._http.trust_env = False
        if adapter is not None:
            self._http.mount(self._base_url, adapter)

    def ask(self, method: str, control: str, document: dict[str, Any] | None = None) -> Any:
        """The JSON answer of one control. Raises `requests.RequestException`, ValueError for a refusal."""
        response = self._http.request(
            method, f"{self._base_url}/{PREFIX}{control}", json=document, timeout=TIMEOUT
        )
        answer = response.json()
        if not response.ok:
            raise ValueError(str(answer.get("error", response.status_code)))
        return answer
