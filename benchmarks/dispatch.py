"""Sending what waits in the outbox through the shipped client, against Celery and Redis doing the same send.

Needs the extra `bench` (Celery) and a `redis-server` on the machine; without them only we are measured.
"""

import importlib.util
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from threading import Event
from time import perf_counter

from app.core.db import db
from benchmarks import ground, table
from benchmarks.ground import Ground
from benchmarks.table import Figure, Ratio, Table
from notifications.dispatch.sender_pool import POOL_SIZE
from notifications.wording.kinds import Channel
from tests.notifications.outgoing import put, rows

LATENCY_MS = 50
OF_THE_POSSIBLE = 0.95
AGAINST_CELERY_WAITING = 1.4
AGAINST_CELERY = 6.0
AGAINST_CELERY_BY_TWO = 10.0
LAST_RESORT_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class Size:
    """How many messages are sent in a turn, where each takes a while and where it takes no time."""

    waiting: int = 3000
    at_once: int = 4000
    rounds: int = 3
    databases: Sequence[str] = ground.DATABASES
    celery: bool = True


def run(grounds: Ground, size: Size) -> list[Table]:
    """With a latency and without, in one process on each database, and in two on PostgreSQL."""
    with_celery = size.celery and importlib.util.find_spec("celery") is not None
    if size.celery and not (with_celery and shutil.which("redis-server")):
        table.say("")
        print("Celery or redis-server is not installed: only the product is measured")
        with_celery = False
    return [
        _measure(grounds, size, LATENCY_MS, size.waiting, with_celery),
        _measure(grounds, size, 0, size.at_once, with_celery),
    ]


def _measure(grounds: Ground, size: Size, latency_ms: int, number: int, with_celery: bool) -> Table:
    with _stub(latency_ms) as wechat:
        contestants: dict[str, Callable[[], float]] = {
            kind: partial(_fresh, grounds, kind, wechat, number, 1) for kind in size.databases
        }
        if not latency_ms and "postgresql" in size.databases:
            contestants["two"] = partial(_fresh, grounds, "postgresql", wechat, number, 2)
        if with_celery:
            contestants["celery"] = partial(_celery, wechat, number)
        rounds = table.in_turns(f"dispatch at {latency_ms} ms", contestants, size.rounds)
    names = {
        "sqlite": "outbox on SQLite, one process",
        "postgresql": "outbox on PostgreSQL, one process",
        "two": "outbox on PostgreSQL, two processes",
        "celery": "Celery and Redis, 32 threads, stock wechatpy",
    }
    figures = [Figure(names[name], table.middle(rounds, name), "messages/s") for name in contestants]
    ratios = []
    for name in (name for name in contestants if name != "celery"):
        if latency_ms:
            possible = POOL_SIZE / (latency_ms / 1000)
            share = table.middle(rounds, name) / possible
            ratios.append(Ratio(f"{names[name]} / {POOL_SIZE} in flight", share, OF_THE_POSSIBLE))
        if with_celery:
            aim = AGAINST_CELERY_WAITING if latency_ms else AGAINST_CELERY
            aim = AGAINST_CELERY_BY_TWO if name == "two" else aim
            ratios.append(Ratio(f"{names[name]} / Celery", table.ratio(rounds, name, "celery"), aim))
    return Table(f"dispatch, WeChat answers after {latency_ms} ms", figures, ratios)


def _fresh(grounds: Ground, kind: str, wechat: str, number: int, processes: int) -> float:
    """Messages a second, from the order to begin until everything is recorded, on a database of its own."""
    url = grounds.database(kind)
    with ground.application(url) as app, app.app_context():
        # Sent at any hour: the benchmark runs on the machine's clock, and at night most others wait.
        put(rows(number, Channel.TEMPLATE, kind="staff_visit_soon"))
        db.session.remove()
    command = [sys.executable, "-m", "benchmarks.drainer", url, wechat]
    drainers = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(processes)
    ]
    for drainer in drainers:
        assert drainer.stdout is not None
        assert drainer.stdout.readline() == "ready\n"
    _seen(wechat)
    begun = perf_counter()
    for drainer in drainers:
        assert drainer.stdin is not None
        drainer.stdin.write("go\n")
        drainer.stdin.flush()
    # The line comes when everything is recorded; how long an interpreter takes to end counts for nobody.
    accepted = [int(drainer.stdout.readline()) for drainer in drainers if drainer.stdout is not None]
    seconds = perf_counter() - begun
    for drainer in drainers:
        drainer.communicate()
    sends = _seen(wechat)["sends"]
    if sum(accepted) != number or sends != number:
        raise RuntimeError(f"{number} messages, {accepted} accepted, {sends} arrived")
    return number / seconds


def _celery(wechat: str, number: int) -> float:
    """Messages a second from the first to the last that arrived: the worker's start does not count."""
    with _redis() as broker:
        environ = os.environ | {"BENCH_BROKER": broker, "BENCH_WECHAT": wechat}
        order = (
            "from benchmarks.celery_app import send\n"
            f"for n in range({number}): send.delay(f'template-{{n}}', f'number-{{n}}')"
        )
        subprocess.run([sys.executable, "-c", order], env=environ, check=True)
        _seen(wechat)
        worker = subprocess.Popen(
            [
                *(sys.executable, "-m", "celery", "-A", "benchmarks.celery_app", "worker"),
                *("--pool", "threads", "--concurrency", str(POOL_SIZE), "--loglevel", "ERROR"),
                *("--without-gossip", "--without-mingle", "--without-heartbeat"),
            ],
            env=environ,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            seen = _until(wechat, number, worker)
        finally:
            worker.terminate()
            worker.wait()
    return (number - 1) / (seen["last"] - seen["first"])


def _until(wechat: str, number: int, worker: subprocess.Popen[bytes]) -> dict[str, float]:
    pause = Event()
    give_up = perf_counter() + LAST_RESORT_SECONDS
    while perf_counter() < give_up and worker.poll() is None:
        pause.wait(0.5)
        seen = _seen(wechat, peek=True)
        if seen["sends"] >= number:
            return seen
    raise RuntimeError("Celery did not send everything")


@contextmanager
def _stub(latency_ms: int) -> Iterator[str]:
    command = [sys.executable, "-m", "benchmarks.wechat_stub", "--latency-ms", str(latency_ms)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
    finally:
        process.kill()
        process.wait()


def _seen(wechat: str, *, peek: bool = False) -> dict[str, float]:
    """What the stub has seen since this was asked last; a `peek` lets it count on."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"{wechat}/{'peek' if peek else 'seen'}") as answer:
        found: dict[str, float] = json.loads(answer.read())
        return found


@contextmanager
def _redis() -> Iterator[str]:
    """A Redis server on a Unix socket of its own, so that no port has to be found for it."""
    # Not below a longer folder: paths of sockets are short.
    with tempfile.TemporaryDirectory(prefix="steward-redis-") as folder:
        path = f"{folder}/redis.sock"
        process = subprocess.Popen(
            ["redis-server", "--port", "0", "--unixsocket", path, "--save", "", "--appendonly", "no"],
            stdout=subprocess.DEVNULL,
        )
        try:
            _wait_until_listening(path, process)
            yield f"redis+socket://{path}"
        finally:
            process.terminate()
            process.wait()


def _wait_until_listening(path: str, process: subprocess.Popen[bytes]) -> None:
    pause = Event()
    while process.poll() is None:
        with socket.socket(socket.AF_UNIX) as probe:
            if probe.connect_ex(path) == 0:
                return
        pause.wait(0.1)
    raise RuntimeError(f"redis-server ended with exit code {process.returncode}")
