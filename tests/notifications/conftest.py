"""The city's messages, a simulated WeChat with their templates, and the application's database under it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from flask import Flask

from app.core import clock
from app.core.accounts import WeChatAccount, WeComAccount
from app.core.settings import WECHAT
from app.wechat.client import WeChatMiniProgram, WeChatServiceAccount
from app.wechat.port import Accounts
from app.wechat.simulator.adapter import InProcessAdapter
from app.wechat.simulator.app import Simulator
from app.wechat.token_store import MemoryTokenStore
from app.wechat.wecom.client import WeComMessenger
from notifications.wording import catalog, catalogfile
from notifications.wording.catalog import Catalog
from tests.notifications.people import NOW, Registry

JINAN = Path(__file__).parents[2] / "cities" / "jinan"
MINI = WeChatAccount("wx00000000000000aa", "mini-app-secret-1f0e", "minipushtoken", "m" * 43)
SERVICE = WeChatAccount("wx00000000000000bb", "service-app-secret-9c2d", "servicepushtoken", "s" * 43)
WORK = WeComAccount("ww00000000000000cc", "wecom-app-secret-77ab", "wecompushtoken", "w" * 43, 1000002)
SUBSCRIBE = "cgi-bin/message/subscribe/send"
TEMPLATE = "cgi-bin/message/template/send"
FOLLOWER = "cgi-bin/user/info"
CARD = "cgi-bin/message/send"


class Halves:
    """Chance that always says one half."""

    def random(self) -> float:
        return 0.5


@dataclass
class Phones:
    """The simulated WeChat: who follows and consents, what arrived, which faults come."""

    adapter: InProcessAdapter
    accounts: Accounts
    session: requests.Session = field(default_factory=requests.Session)

    def ask(self, method: str, control: str, document: Any = None) -> Any:
        answer = self.session.request(method, f"{WECHAT}/_sim/{control}", json=document, timeout=1)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def consent(self, openid: str, template_id: str, count: int = 1) -> None:
        self.ask("POST", "consents", {"openid": openid, "template_id": template_id, "count": count})

    def follow(self, openid: str, unionid: str | None = None) -> None:
        self.ask("POST", "followers", {"openid": openid} | ({"unionid": unionid} if unionid else {}))

    def join(self, member_id: str, **member: object) -> None:
        """The company has this member, whom the application may write to."""
        self.ask("POST", "members", {"member_id": member_id, **member})

    def cards(self) -> tuple[list[dict[str, Any]], int]:
        """The cards that arrived, and how many WeCom dropped without a word."""
        shown = self.ask("GET", "cards")
        return shown["cards"], shown["dropped"]

    def fault(self, path: str, **fault: object) -> None:
        self.ask("POST", "faults", {"path": path, **fault})

    def arrived(self) -> list[dict[str, Any]]:
        messages: list[dict[str, Any]] = self.ask("GET", "messages")
        return messages


@pytest.fixture
def set_clock() -> Iterator[clock.FixedClock]:
    """A clock that stands at NOW until it is set."""
    before = clock.in_use()
    fixed = clock.FixedClock(NOW)
    clock.use(fixed)
    yield fixed
    clock.use(before)


@pytest.fixture
def jinan() -> Catalog:
    """The messages of the city, with the simulator's template ids."""
    return catalogfile.load(JINAN, None)


@pytest.fixture
def phones(set_clock: clock.FixedClock, jinan: Catalog) -> Phones:
    """A WeChat that knows the city's templates, and nobody yet."""
    adapter = InProcessAdapter(Simulator(MINI, SERVICE, WORK))
    tokens = MemoryTokenStore()
    found = Phones(
        adapter,
        Accounts(
            miniprogram=WeChatMiniProgram(MINI, tokens, adapter=adapter),
            service=WeChatServiceAccount(SERVICE, tokens, miniprogram_appid=MINI.appid, adapter=adapter),
            work=WeComMessenger(WORK, tokens, base_url=WECHAT, adapter=adapter),
        ),
    )
    found.session.mount(WECHAT, adapter)
    for template in jinan.declared():
        found.ask("POST", "templates", template)
    return found


@pytest.fixture
def house(app: Flask, set_clock: clock.FixedClock, jinan: Catalog) -> Iterator[Flask]:
    """The application with its context pushed, its clock standing, and the city's messages installed."""
    catalog.install(jinan)
    with app.app_context():
        yield app


@pytest.fixture
def known(house: Flask, monkeypatch: pytest.MonkeyPatch) -> Registry:
    """What the services tell of cases and tasks; change it to tell another story."""
    registry = Registry()
    registry.install(monkeypatch)
    return registry


def later(fixed: clock.FixedClock, **duration: float) -> None:
    """Let time pass."""
    fixed.set(fixed.now() + timedelta(**duration))
