"""The whole product on loopback: simulated WeChat, database, web server and jobs, as real processes."""

import os
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from threading import Event
from types import FrameType, TracebackType
from typing import Self, TypeVar

from app.core import turns
from app.core.clock import FileClock
from demo.environment.json_client import JsonClient, NoAnswerError
from demo.environment.processes import Process, StackError
from demo.environment.reserved_port import HOST, PortTakenError, reserved_port
from demo.environment.simulated_wechat import ControlsOverHttp, SimulatedWeChat, register_templates

T = TypeVar("T")

OK = 200
START_SECONDS = 600.0
COMMAND_SECONDS = 3600.0
"""Last resorts: a wait ends when what is waited for happens, or when a process of the stack ends."""
POLL_SECONDS = 0.05
LOOK_POLL_SECONDS = 0.004
# What the jobs process logs (app/jobs/runner.py).
JOBS_STARTED, RAN_AT_ONCE = "jobs started", "ran what was due at once"
# The stack decides these by itself, whatever the shell or the `flask` command that started it says.
_NOT_HANDED_ON = ("STEWARD_", "FLASK_")


class Stack:
    """Starts the processes on entry and ends them on exit, however the block is left.

    `folder` keeps database, documents, clock and logs. With `start` (aware) all processes share one clock
    that stands there until the console sets it; without it they run on the machine's. `tick_seconds` is how
    often, in real seconds, the jobs look for work. `port` 0 takes any free one. `factory` makes what the web
    server serves. Raises `StackError`.
    """

    def __init__(
        self,
        folder: Path,
        *,
        start: datetime | None = None,
        tick_seconds: float = 2.0,
        port: int = 0,
        factory: str = "wsgi:create_app",
    ) -> None:
        self.folder = folder
        self._logs = folder / "logs"
        self._logs.mkdir(parents=True, exist_ok=True)
        self._clock_file = None if start is None else folder / "clock"
        if self._clock_file is not None and start is not None:
            FileClock(self._clock_file).set(start)
        self._tick_seconds = tick_seconds
        self._port = port
        self._factory = factory
        self._reservation = ExitStack()
        self._running: list[Process] = []
        self._jobs: Process | None = None
        self._never = Event()
        self._simulator_url = ""

    def __enter__(self) -> Self:
        """The simulator only; `migrate` and `serve` follow, with whatever has to happen in between."""
        try:
            self._port = self._reservation.enter_context(reserved_port(self._port))
        except PortTakenError as fault:
            raise StackError(f"{fault}: stop what listens there, or take another port") from fault
        try:
            simulator = self._start("simulator", "-m", "app.wechat.simulator.serve", "--port", "0")
            self._simulator_url = self._until(simulator.first_line, "the simulator said its address")
            register_templates(self.wechat)
        except BaseException:
            self.end()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End every process, the last started first."""
        self.end()

    @property
    def url(self) -> str:
        """Where the product is served."""
        return f"http://{HOST}:{self._port}"

    @property
    def wechat(self) -> SimulatedWeChat:
        """The simulated WeChat of this stack."""
        return SimulatedWeChat(ControlsOverHttp(self._simulator_url))

    def migrate(self) -> None:
        """Bring the database to the newest migration."""
        self.run("db", "upgrade")

    def run(self, *command: str) -> str:
        """Run a `flask` command of the product to its end, on the settings of this stack; what it printed."""
        return self._run_to_end(
            "-".join(command[:2]), ("-m", "flask", "--app", "wsgi", *command), self._environ()
        )

    def load_sample(self, what: str) -> None:
        """Enter the fictional `staff`."""
        self._run_to_end(f"sample-{what}", ("-m", "demo.load_sample", what), self._environ())

    def begin_sample(self) -> Process:
        """Start making the tables and entering the sample cases; the caller waits for the end, and ends it.

        May begin before this stack is entered: the process has a WeChat of its own, and nothing that it sends
        reaches the phones of this stack.
        """
        environ = self._environ()
        environ.pop("STEWARD_WECHAT_URL", None)
        return Process("sample", ("-m", "demo.load_sample", "cases"), environ, self._logs / "sample.log")

    def look_for_work(self) -> None:
        """Let the jobs run what is due now, and wait until they have."""
        if self._jobs is None:
            raise StackError("the jobs are not running")
        before = self._jobs.log.stat().st_size
        self._jobs.signal(signal.SIGUSR1)
        self._until(lambda: RAN_AT_ONCE in self._jobs_said(before), "the jobs had run", LOOK_POLL_SECONDS)

    def serve(self) -> None:
        """Start web server and jobs, and wait until the product says that it is ready."""
        self.start_jobs()
        self.start_server()
        self.wait_until_ready()

    def start_jobs(self) -> None:
        """Start the jobs process, for whoever has something else to do until it is ready."""
        self._jobs = self._start("jobs", "-m", "flask", "--app", "wsgi", "jobs")

    def start_server(self) -> None:
        """Start the web server, for whoever has something else to do until it is ready."""
        self._start(
            "server",
            *("-m", "granian", "--interface", "wsgi", "--factory", self._factory),
            *("--host", HOST, "--port", str(self._port), "--workers", "1"),
            *("--blocking-threads", str(turns.THREADS)),
            *("--no-ws", "--no-access-log"),
        )

    def wait_until_ready(self) -> None:
        """Wait until the product says that it is ready."""
        self._until(self._is_ready, "the server was ready")
        self._until(lambda: JOBS_STARTED in self._jobs_said(), "the jobs had started")

    def watch(self) -> None:
        """Wait until a process ends. Raises `StackError`: none of them ends by itself."""
        self._running[-1].wait()
        self._check()

    def end(self) -> None:
        """End every process, and give the port back."""
        while self._running:
            self._running.pop().end()
        self._reservation.close()

    def _run_to_end(self, name: str, arguments: Sequence[str], environ: Mapping[str, str]) -> str:
        process = Process(name, arguments, environ, self._logs / f"{name}.log")
        try:
            process.finish(COMMAND_SECONDS)
            return process.output()
        finally:
            process.end()

    def _start(self, name: str, *arguments: str) -> Process:
        process = Process(name, arguments, self._environ(), self._logs / f"{name}.log")
        self._running.append(process)
        return process

    def _environ(self) -> dict[str, str]:
        environ = {name: value for name, value in os.environ.items() if not name.startswith(_NOT_HANDED_ON)}
        environ |= {
            "STEWARD_PROFILE": "demo",
            "STEWARD_DATABASE_URL": f"sqlite:///{self.folder.resolve() / 'steward.db'}",
            "STEWARD_DOCUMENTS_URL": f"file://{self.folder.resolve() / 'documents'}",
            "STEWARD_TICK_SECONDS": str(self._tick_seconds),
            # A proxy that the machine uses for the world has no business on loopback.
            "NO_PROXY": f"{HOST},localhost",
            "no_proxy": f"{HOST},localhost",
            "PYTHONIOENCODING": "utf-8",
        }
        if self._simulator_url:
            environ["STEWARD_WECHAT_URL"] = self._simulator_url
        if self._clock_file is not None:
            environ["STEWARD_CLOCK_FILE"] = str(self._clock_file.resolve())
        return environ

    def _jobs_said(self, after: int = 0) -> str:
        """What the jobs have logged, without so many bytes."""
        return "" if self._jobs is None else self._jobs.output(after)

    def _is_ready(self) -> bool:
        try:
            return bool(JsonClient(self.url).send("GET", "/readyz").status == OK)
        except NoAnswerError:
            return False

    def _until(self, answer: Callable[[], T | None], what: str, poll_seconds: float = POLL_SECONDS) -> T:
        for _ in range(int(START_SECONDS / poll_seconds)):
            self._check()
            found = answer()
            if found:
                return found
            self._never.wait(poll_seconds)
        raise StackError(f"waited {START_SECONDS:g} s in vain until {what}; logs are in {self._logs}")

    def _check(self) -> None:
        for process in self._running:
            process.check()


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """Turn a polite kill and a closed terminal into `KeyboardInterrupt`, so that no process is left."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    numbers = (signal.SIGTERM, signal.SIGHUP)
    before = [signal.signal(number, interrupt) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)
