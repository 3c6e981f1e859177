"""A simulated WeChat inside the process, and the shipped clients in front of it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from app.core import clock
from app.core.accounts import WeChatAccount
from app.core.settings import WECHAT
from app.wechat.client import WeChatMiniProgram, WeChatServiceAccount
from app.wechat.push import SealedPush
from app.wechat.simulator.adapter import InProcessAdapter
from app.wechat.simulator.app import Simulator
from app.wechat.token_store import MemoryTokenStore

MINI = WeChatAccount("wx00000000000000aa", "mini-app-secret-1f0e", "minipushtoken", "m" * 43)
SERVICE = WeChatAccount("wx00000000000000bb", "service-app-secret-9c2d", "servicepushtoken", "s" * 43)


@dataclass
class Wechat:
    """Everything a test speaks to."""

    simulator: Simulator
    adapter: InProcessAdapter
    tokens: MemoryTokenStore = field(default_factory=MemoryTokenStore)
    pushed: list[tuple[str, str, SealedPush]] = field(default_factory=list)

    def mini_program(self, account: WeChatAccount = MINI) -> WeChatMiniProgram:
        return WeChatMiniProgram(account, self.tokens, adapter=self.adapter)

    def service_account(self) -> WeChatServiceAccount:
        return WeChatServiceAccount(SERVICE, self.tokens, miniprogram_appid=MINI.appid, adapter=self.adapter)

    def control(self, method: str, path: str, document: Any = None, status: int = 200) -> Any:
        """Ask the control interface."""
        with requests.Session() as session:
            session.mount(WECHAT, self.adapter)
            answer = session.request(method, f"{WECHAT}/_sim/{path}", json=document, timeout=1)
        assert answer.status_code == status, answer.text
        return answer.json()

    def person(self, **user: str) -> dict[str, str]:
        """Codes of a user, as the phone holds them."""
        codes: dict[str, str] = self.control("POST", "codes", {"user": user})
        return codes

    def fault(self, path: str, **fault: object) -> None:
        """Inject a fault."""
        self.control("POST", "faults", {"path": path, **fault})

    def calls(self, path: str) -> int:
        """How often a path was called."""
        return int(self.control("GET", "state")["calls"].get(path, 0))

    def messages(self) -> list[dict[str, Any]]:
        """What reached a phone."""
        messages: list[dict[str, Any]] = self.control("GET", "messages")
        return messages


@pytest.fixture
def set_clock() -> Iterator[Callable[[datetime], None]]:
    """Sets the clock; it stands still at a working morning until then."""
    before = clock.in_use()
    fixed = clock.FixedClock(datetime(2026, 3, 10, 1, 0, tzinfo=UTC))
    clock.use(fixed)
    yield fixed.set
    clock.use(before)


@pytest.fixture
def wechat(set_clock: Callable[[datetime], None]) -> Wechat:
    """A fresh simulated WeChat."""
    pushed: list[tuple[str, str, SealedPush]] = []

    def post(method: str, url: str, push: SealedPush) -> tuple[int, str]:
        pushed.append((method, url, push))
        return 200, "success"

    simulator = Simulator(MINI, SERVICE, post=post, hold_seconds=0)
    return Wechat(simulator, InProcessAdapter(simulator), pushed=pushed)
