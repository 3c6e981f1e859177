"""Simulated time: the one clock of a demo, moved through the console's interface."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from demo.environment.json_client import JsonClient

# One look is enough, unless something keeps making work.
LOOKS = 1000


class JobsStuckError(Exception):
    """The jobs process did not finish what was due."""


class StoryClock:
    """Moves the one clock of a demo from timer to timer, and lets the jobs finish at each stop.

    `look_for_work` lets the jobs process run what is due, and returns when it has. `on_idle` is called
    whenever everything that was due has been done.
    """

    def __init__(
        self, server: JsonClient, look_for_work: Callable[[], None], on_idle: Callable[[], None]
    ) -> None:
        self._server = server
        self._look_for_work = look_for_work
        self._on_idle = on_idle

    def now(self) -> datetime:
        """The demo's instant."""
        return datetime.fromisoformat(self._read()["now"])

    def advance(self, until: datetime) -> datetime:
        """Move to `until`, stopping at every timer on the way; the instant. Raises `JobsStuckError`."""
        state = self.wait_until_idle()
        while state["next_timer"] and (at := datetime.fromisoformat(state["next_timer"])) <= until:
            state = self._finish(self._set(at))
        return datetime.fromisoformat(self._set(until)["now"])

    def wait_until_idle(self) -> Mapping[str, Any]:
        """Wait until nothing is due any more at this instant; the clock's state then."""
        return self._finish(self._read())

    def _finish(self, state: Mapping[str, Any]) -> Mapping[str, Any]:
        for _ in range(LOOKS):
            if state["timers_due"] == 0 and state["messages_waiting"] == 0:
                self._on_idle()
                return state
            self._look_for_work()
            state = self._read()
        raise JobsStuckError(f"the jobs did not finish what was due: {state}")

    def _read(self) -> Mapping[str, Any]:
        state: dict[str, Any] = self._server.ask("GET", "/dev/clock")
        return state

    def _set(self, instant: datetime) -> Mapping[str, Any]:
        state: dict[str, Any] = self._server.ask("PUT", "/dev/clock", {"now": instant.isoformat()})
        return state
