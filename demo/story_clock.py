"""Simulated time: the one clock of a demo, moved through the console's interface."""

from collections.abc import Callable
from datetime import datetime
from threading import Event
from typing import Any

from demo.json_client import JsonClient

POLL_SECONDS = 0.03
# Ten minutes of real time: far more than the jobs need on the busiest machine.
POLLS = 20_000


class JobsStuckError(Exception):
    """The jobs process did not finish what was due."""


class StoryClock:
    """Moves the one clock of a demo from timer to timer, and lets the jobs finish at each stop.

    `on_quiet` is called with the instant whenever everything that was due at it has been done.
    """

    def __init__(self, server: JsonClient, on_quiet: Callable[[datetime], None]) -> None:
        self._server = server
        self._on_quiet = on_quiet
        self._never = Event()

    def now(self) -> datetime:
        """The demo's instant."""
        return datetime.fromisoformat(self._server.ask("GET", "/dev/clock")["now"])

    def advance(self, until: datetime) -> None:
        """Move to `until`, stopping at every timer on the way. Raises `JobsStuckError`."""
        state = self.wait_until_idle()
        while state["next_timer"] and (at := datetime.fromisoformat(state["next_timer"])) <= until:
            self._server.ask("PUT", "/dev/clock", {"now": at.isoformat()})
            state = self.wait_until_idle()
        self._server.ask("PUT", "/dev/clock", {"now": until.isoformat()})

    def wait_until_idle(self) -> dict[str, Any]:
        """Wait until nothing is due any more at this instant; the clock's state then."""
        for _ in range(POLLS):
            state: dict[str, Any] = self._server.ask("GET", "/dev/clock")
            if state["timers_due"] == 0 and state["messages_waiting"] == 0:
                self._on_quiet(datetime.fromisoformat(state["now"]))
                return state
            self._never.wait(POLL_SECONDS)
        raise JobsStuckError(f"the jobs did not finish what was due: {state}")
