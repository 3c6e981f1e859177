"""`make serve` on a folder whose sample was loaded before."""

from datetime import datetime
from pathlib import Path

import pytest
import requests
from click.testing import CliRunner

from app.core.clock import FileClock
from demo.environment.json_client import JsonClient, NoAnswerError
from demo.environment.stack import Stack
from demo.people.phone import CustomerPhone, StaffPhone
from demo.serve import LOADED, serve, served
from demo.site.accounts import Audience, audiences

AT = datetime.fromisoformat("2026-09-30T08:30+08:00")


def test_serve_shows_its_first_page_and_continues_the_clock_it_stopped(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Whatever the shell says of another installation must not reach the demo.
    monkeypatch.setenv("STEWARD_PROFILE", "production")
    with Stack(tmp_path, start=AT) as stack:
        stack.migrate()
        stack.load_sample("staff")
    (tmp_path / LOADED).touch()
    with served(tmp_path, 0, fresh=False) as stack:
        server = JsonClient(stack.url)
        said = capsys.readouterr().out
        assert f"  {stack.url}/  " in said
        assert "2026-09-30 08:30; the clock stands" in said
        page = _page(stack.url)
        for audience in audiences():
            assert audience.title in page
            assert all(account.person.openid in page for account in audience.accounts)
        _log_in_as_everybody(stack, server)
        assert server.send("GET", "/openapi.json").body["openapi"].startswith("3.1")
        assert server.send("GET", "/dev/messages").body["items"] == []
        moved = "2026-09-30T09:40:00+08:00"
        assert server.send("PUT", "/dev/clock", {"now": moved}).status == 200
        assert FileClock(tmp_path / "clock").now() == datetime.fromisoformat(moved)
        url = stack.url
    with pytest.raises(NoAnswerError, match="refused"):
        JsonClient(url).send("GET", "/healthz")


def _page(url: str) -> str:
    with requests.Session() as session:
        # A proxy that the machine uses for the world has no business here.
        session.trust_env = False
        answer = session.get(f"{url}/", timeout=600)
    assert answer.status_code == 200
    return answer.text


def _log_in_as_everybody(stack: Stack, server: JsonClient) -> None:
    """Log in as the first account of each audience, and try every request that needs no case."""
    for audience in audiences():
        for account in audience.accounts[:1]:
            phone = CustomerPhone if audience.key == "customer" else StaffPhone
            person = phone(account.person, server, stack.wechat)
            person.log_in()
            answered = {path: person.send("GET", path).status for path in _without_case(audience)}
            assert set(answered.values()) == {200}, answered


def _without_case(audience: Audience) -> list[str]:
    return [link.path for link in audience.links if "{" not in link.path]


def test_an_instant_that_is_none_is_refused_before_anything_starts() -> None:
    refused = CliRunner().invoke(serve, ["--at", "tomorrow"])
    assert refused.exit_code == 2
    assert "write it like 2026-09-30T08:30" in refused.output
