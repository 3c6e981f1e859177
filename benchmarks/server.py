"""The product on granian as in production: two workers, whose requests take turns (docs/decisions/0031)."""

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from threading import Event
from time import perf_counter
from typing import Any

from app.core.turns import THREADS
from benchmarks.load import Order, Outcome
from demo.environment.reserved_port import HOST, reserved_port

WORKERS = 2
LAST_RESORT_SECONDS = 600
"""How long the server may take to answer on the busiest machine."""


@contextmanager
def served(database_url: str, workers: int = WORKERS) -> Iterator[int]:
    """Serve `benchmarks.served` on that database for the length of the block; its port on loopback.

    Raises `RuntimeError` when it does not come up.
    """
    with reserved_port() as port, _running(database_url, workers, port):
        yield port


@contextmanager
def _running(database_url: str, workers: int, port: int) -> Iterator[None]:
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--factory"]
    command += ["--workers", str(workers), "--blocking-threads", str(THREADS), "--port", str(port), "--no-ws"]
    # A worker that is told to stop while it starts may not hear it, and would be waited for without end.
    command += ["--workers-kill-timeout", "10s", "--log-level", "error", "benchmarks.served:app"]
    environ = os.environ | {
        "STEWARD_PROFILE": "demo",
        "STEWARD_DATABASE_URL": database_url,
        "STEWARD_LOG_LEVEL": "ERROR",
    }
    process = subprocess.Popen(command, env=environ)
    try:
        _wait(port, process)
        yield
    finally:
        process.terminate()
        process.wait()


class Loader:
    """The process that makes the load; it carries out one order after the other."""

    def __init__(self, module: str = "benchmarks.load") -> None:
        """Start the module that makes the application."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    @property
    def pid(self) -> int:
        """The process."""
        return self._process.pid

    def carry_out(self, order: Order) -> Outcome:
        """Load the server as ordered."""
        return Outcome(**self.ask(asdict(order)))

    def rate(self, order: Order) -> Callable[[], float]:
        """What tells, each time it is asked, how many requests a second are answered; all have to succeed."""

        def measure() -> float:
            outcome = self.carry_out(order)
            if outcome.failures:
                raise RuntimeError(f"{outcome.failures} requests failed")
            return outcome.per_second

        return measure

    def ask(self, order: dict[str, Any]) -> dict[str, Any]:
        """One order, one outcome, as JSON. Raises `RuntimeError` when the process ended instead."""
        assert self._process.stdout is not None
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError("the process that makes the load has ended")
        outcome: dict[str, Any] = json.loads(answer)
        return outcome

    def stop(self) -> None:
        """End the process."""
        self._process.communicate()


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    """Wait until it answers. Raises `RuntimeError` when it ends instead, or says nothing for far too long."""
    pause = Event()
    give_up = perf_counter() + LAST_RESORT_SECONDS
    while perf_counter() < give_up:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with exit code {process.returncode} before it answered")
        try:
            urllib.request.urlopen(f"http://{HOST}:{port}/healthz").close()
        except OSError:
            pause.wait(0.1)
        else:
            return
    raise RuntimeError(f"the server did not answer within {LAST_RESORT_SECONDS} s")
