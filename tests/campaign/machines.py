"""The machines: two for jobs, two for the web, WeChat's simulator; each process brought back when it dies."""

import contextlib
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Event
from time import monotonic

import requests

from app.core import turns
from demo.environment.json_client import JsonClient, NoAnswerError
from demo.environment.processes import PROJECT, Process
from demo.environment.reserved_port import HOST, reserved_port
from demo.environment.simulated_wechat import ControlsOverHttp, SimulatedWeChat, register_templates

LAST_RESORT_SECONDS = 600.0
"""How long a start may take on the busiest machine; a process that ends meanwhile ends the wait at once."""

METRICS_TOKEN = "campaign-metrics-token-0123456789abcdef"
JOBS, WEBS = ("jobs-1", "jobs-2"), ("web-1", "web-2")


class Unit:
    """One process under supervision, as by systemd: a killed one is started again."""

    def __init__(self, name: str, arguments: Sequence[str], environ: Mapping[str, str], logs: Path) -> None:
        self.name = name
        self.kills = 0
        self._arguments, self._logs = arguments, logs
        # So that the database can say who is there.
        self._environ = {**environ, "PGAPPNAME": name}
        self.process = self._started()

    def _started(self) -> Process:
        log = self._logs / f"{self.name}.{self.kills}.log"
        return Process(self.name, self._arguments, self._environ, log)

    def kill(self) -> None:
        """`kill -9` the process with its children, and start it anew."""
        self.process.kill()
        self.kills += 1
        self.process = self._started()

    def kill_worker(self) -> None:
        """`kill -9` the child that answers requests; the server has to bring it back by itself."""
        found = subprocess.run(
            ["pgrep", "-P", str(self.process.pid)], check=False, capture_output=True, text=True
        ).stdout.split()
        for pid in found:
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)


class Machines:
    """Everything that runs, on one PostgreSQL and one simulator."""

    def __init__(self, folder: Path, database_url: str, clock_file: Path, tick_seconds: float) -> None:
        self._logs = folder / "logs"
        self._logs.mkdir(parents=True, exist_ok=True)
        self._environ = _environ(folder, database_url, clock_file, tick_seconds)
        self._simulator = Process(
            "simulator",
            ("-m", "app.wechat.simulator.serve", "--port", "0"),
            self._environ,
            self._logs / "simulator.log",
        )
        self.units: dict[str, Unit] = {}
        # Reserved until the end: a web server that is killed comes back on the same port.
        self._reservations = ExitStack()
        self.ports = {name: self._reservations.enter_context(reserved_port()) for name in WEBS}

    def open_wechat(self) -> ControlsOverHttp:
        """Wait for the simulator, and let it know the templates. Raises `StackError` and `TimeoutError`."""
        pause, until = Event(), monotonic() + LAST_RESORT_SECONDS
        while (url := self._simulator.first_line()) is None:
            self._simulator.check()
            _in_time(until)
            pause.wait(0.05)
        self._environ["STEWARD_WECHAT_URL"] = url
        self.controls = ControlsOverHttp(url)
        register_templates(SimulatedWeChat(self.controls))
        return self.controls

    def start(self) -> None:
        """Start the four processes without waiting; `wait` waits for them."""
        for name in JOBS:
            self._start(name, "-m", "flask", "--app", "wsgi", "jobs")
        for name in WEBS:
            self._start(
                name,
                *("-m", "granian", "--interface", "wsgi", "--factory", "wsgi:create_app"),
                *("--host", HOST, "--port", str(self.ports[name]), "--workers", "1"),
                *(
                    "--blocking-threads",
                    str(turns.THREADS),
                    "--respawn-failed-workers",
                    "--workers-kill-timeout",
                    "20s",
                ),
                *("--no-ws", "--no-access-log"),
            )

    def wait(self) -> None:
        """Wait until all four are ready. Raises `StackError` and `TimeoutError`."""
        pause, until = Event(), monotonic() + LAST_RESORT_SECONDS
        for name in WEBS:
            while self.readiness(name) != requests.codes.ok:
                self.check()
                _in_time(until)
                pause.wait(0.1)
        while any("jobs started" not in self.units[name].process.output() for name in JOBS):
            self.check()
            _in_time(until)
            pause.wait(0.1)

    def url(self, name: str) -> str:
        """Where a web server answers."""
        return f"http://{HOST}:{self.ports[name]}"

    def readiness(self, name: str) -> int | None:
        """The status of `/readyz` of a web server; None when nobody answers."""
        try:
            return JsonClient(self.url(name)).send("GET", "/readyz").status
        except (NoAnswerError, ValueError):
            return None

    def check(self) -> None:
        """Raise `StackError` when a process has ended that nobody killed."""
        self._simulator.check()
        for unit in self.units.values():
            unit.process.check()

    def stop_jobs(self) -> None:
        """Ask the jobs processes to stop, and wait until each has finished what it was doing."""
        for name in JOBS:
            self.units[name].process.stop()

    def end(self) -> None:
        """End them all."""
        for unit in self.units.values():
            unit.process.end()
        self._simulator.end()
        self._reservations.close()

    def _start(self, name: str, *arguments: str) -> None:
        self.units[name] = Unit(name, arguments, self._environ, self._logs)


@contextmanager
def machines(folder: Path, database_url: str, clock_file: Path, tick_seconds: float) -> Iterator[Machines]:
    """The processes, ended with the block; only the simulator runs at first."""
    found = Machines(folder, database_url, clock_file, tick_seconds)
    try:
        yield found
    finally:
        found.end()


def _environ(folder: Path, database_url: str, clock_file: Path, tick_seconds: float) -> dict[str, str]:
    environ = {
        name: value for name, value in os.environ.items() if not name.startswith(("STEWARD_", "FLASK_"))
    }
    # Several processes of the same code start again and again: what set-up has not compiled is compiled once.
    environ.pop("PYTHONDONTWRITEBYTECODE", None)
    return environ | {
        "PYTHONIOENCODING": "utf-8",
        "STEWARD_PROFILE": "demo",
        "STEWARD_CITY": str(_city_without_limit(folder / "city")),
        "STEWARD_DATABASE_URL": database_url,
        "STEWARD_DOCUMENTS_URL": f"file://{folder / 'documents'}",
        "STEWARD_CLOCK_FILE": str(clock_file),
        "STEWARD_TICK_SECONDS": str(tick_seconds),
        "STEWARD_METRICS_TOKEN": METRICS_TOKEN,
        # A proxy that the machine uses for the world has no business on loopback.
        "NO_PROXY": f"{HOST},localhost",
        "no_proxy": f"{HOST},localhost",
    }


def _city_without_limit(folder: Path) -> Path:
    """The city as it is, but for the limit of messages per person and day: this is about their number."""
    shutil.copytree(PROJECT / "cities" / "jinan", folder)
    rules = folder / "delivery.toml"
    text, found = re.subn(
        r"(?m)^most_a_day = \d+$", "most_a_day = 1000000", rules.read_text(encoding="utf-8")
    )
    assert found == 1
    rules.write_text(text, encoding="utf-8")
    return folder


def _in_time(until: float) -> None:
    if monotonic() > until:
        message = f"the machines were not ready within {LAST_RESORT_SECONDS:g} s"
        raise TimeoutError(message)
