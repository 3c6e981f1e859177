"""One token for all processes: who fetches it, who waits, and what a crashed refresher leaves."""

import json
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier, Thread
from typing import TYPE_CHECKING

import pytest
from flask import Flask
from sqlalchemy import text
from werkzeug.serving import make_server

from app.core import clock
from app.core.db import db
from app.wechat import shared_tokens
from app.wechat.client import WeChatServiceAccount
from app.wechat.port import WeChatError
from app.wechat.shared_tokens import LEASE, SharedTokenStore
from app.wechat.simulator.serve import QuietHandler
from app.wechat.token_store import AccessToken
from tests.databases import PROJECT
from tests.wechat.conftest import MINI, SERVICE

if TYPE_CHECKING:
    from tests.wechat.conftest import Wechat

FETCH = "cgi-bin/stable_token"
APPID = SERVICE.appid

# What each process runs: eight cold threads that all want a token at the same moment.
COLD = """
import json, sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from app.core.settings import Settings, WeChatAccount
from app.factory import create_app
from app.core.db import db
from app.wechat.client import WeChatServiceAccount
from app.wechat.shared_tokens import SharedTokenStore

given = json.loads(sys.stdin.readline())
app = create_app(Settings.for_tests(given["database"]))
with app.app_context():
    store = SharedTokenStore(db.engine)
account = WeChatAccount(given["appid"], given["secret"], "t", "s" * 43)
service = WeChatServiceAccount(account, store, miniprogram_appid="wx", base_url=given["url"])
barrier = Barrier(8)
print("ready", flush=True)
sys.stdin.readline()

def ask(_):
    barrier.wait()
    return service.follower("oF").subscribed

with ThreadPoolExecutor(8) as pool:
    print(json.dumps(list(pool.map(ask, range(8)))), flush=True)
"""


@pytest.fixture
def store(app: Flask, wechat: "Wechat") -> Iterator[SharedTokenStore]:
    with app.app_context():
        yield SharedTokenStore(db.engine)


@pytest.fixture
def another(app: Flask, store: SharedTokenStore) -> SharedTokenStore:
    """The store of another process."""
    return SharedTokenStore(db.engine)


def token(value: str) -> AccessToken:
    return AccessToken(value, clock.now() + timedelta(hours=2))


def test_sixteen_cold_threads_in_two_processes_make_one_fetch(
    app: Flask, wechat: "Wechat", database_url: str
) -> None:
    wechat.control("POST", "followers", {"openid": "oF", "unionid": "uF"})
    server = make_server("127.0.0.1", 0, wechat.simulator, threaded=True, request_handler=QuietHandler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    given = {
        "database": database_url,
        "appid": SERVICE.appid,
        "secret": SERVICE.secret,
        "url": f"http://127.0.0.1:{server.server_port}",
    }
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", COLD],
            cwd=PROJECT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    try:
        for process in processes:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(json.dumps(given) + "\n")
            process.stdin.flush()
            assert process.stdout.readline() == "ready\n"
        answers = [process.communicate("go\n")[0] for process in processes]
    finally:
        for process in processes:
            process.kill()
            process.wait()
        server.shutdown()
        thread.join()
        server.server_close()

    assert [json.loads(answer) for answer in answers] == [[True] * 8, [True] * 8]
    assert wechat.calls(FETCH) == 1


def test_what_one_process_fetched_another_uses(
    wechat: "Wechat", store: SharedTokenStore, another: SharedTokenStore
) -> None:
    wechat.control("POST", "followers", {"openid": "oF", "unionid": "uF"})
    for each in (store, another):
        client = WeChatServiceAccount(SERVICE, each, miniprogram_appid=MINI.appid, adapter=wechat.adapter)
        client.follower("oF")
    assert wechat.calls(FETCH) == 1


def test_a_refused_token_that_another_process_has_renewed_is_not_renewed_again(
    wechat: "Wechat", store: SharedTokenStore, another: SharedTokenStore
) -> None:
    wechat.control("POST", "followers", {"openid": "oF", "unionid": "uF"})
    clients = [
        WeChatServiceAccount(SERVICE, each, miniprogram_appid=MINI.appid, adapter=wechat.adapter)
        for each in (store, another)
    ]
    for client in clients:
        client.follower("oF")
    wechat.control("DELETE", "tokens")
    for client in clients:
        client.follower("oF")
    assert wechat.calls(FETCH) == 2


def test_no_transaction_is_open_while_wechat_is_asked(app: Flask, store: SharedTokenStore) -> None:
    with store.refreshing(APPID, wait=True) as mine:
        assert mine
        assert "Checked out connections: 0" in db.engine.pool.status()


def test_who_does_not_want_to_wait_goes_on(store: SharedTokenStore, another: SharedTokenStore) -> None:
    with store.refreshing(APPID, wait=False) as mine, another.refreshing(APPID, wait=False) as too:
        assert (mine, too) == (True, False)
    with another.refreshing(APPID, wait=False) as free:
        assert free


def test_the_lease_of_a_refresher_that_died_runs_out(
    store: SharedTokenStore, another: SharedTokenStore, set_clock: object
) -> None:
    entered = store.refreshing(APPID, wait=True)
    entered.__enter__()
    assert callable(set_clock)
    set_clock(clock.now() + LEASE + timedelta(seconds=1))
    with another.refreshing(APPID, wait=True) as mine:
        assert mine
        another.set(APPID, token("second"))
    # The first comes back to life, and must not give away a lease that is no longer its own.
    with another.refreshing(APPID, wait=True):
        entered.__exit__(None, None, None)
        with store.refreshing(APPID, wait=False) as again:
            assert not again


def test_a_refresher_that_never_ends_hangs_nobody(
    store: SharedTokenStore, another: SharedTokenStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared_tokens, "PATIENCE_SECONDS", 0.0)
    with (
        store.refreshing(APPID, wait=True),
        pytest.raises(WeChatError, match="does not come to an end"),
        another.refreshing(APPID, wait=True),
    ):
        pass


def test_a_token_is_not_readable_in_the_database(store: SharedTokenStore, another: SharedTokenStore) -> None:
    store.set(APPID, token("a-token-value"))
    assert another.get(APPID) == store.get(APPID)
    with db.engine.connect() as connection:
        assert "a-token-value" not in str(connection.execute(text("SELECT * FROM access_tokens")).all())


def test_forced_renewals_are_counted_over_all_processes(
    wechat: "Wechat", store: SharedTokenStore, another: SharedTokenStore, set_clock: object
) -> None:
    assert callable(set_clock)
    claims = []
    for _ in range(24 * 6):
        claims += [each.claim_forced_renewal(APPID) for each in (store, another)]
        set_clock(clock.now() + timedelta(minutes=10))
    assert 15 < sum(claims) <= 20
    assert another.claim_forced_renewal("another-appid")


def test_of_two_processes_at_once_one_may_force(store: SharedTokenStore, another: SharedTokenStore) -> None:
    barrier = Barrier(2)

    def claim(each: SharedTokenStore) -> bool:
        barrier.wait()
        return each.claim_forced_renewal(APPID)

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(claim, (store, another))) == [False, True]
