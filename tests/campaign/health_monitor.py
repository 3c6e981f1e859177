"""Watching the machines as a monitor does: do `/readyz` and `/metrics` tell the truth?"""

from dataclasses import dataclass, field
from threading import Event, Lock, Thread
from time import monotonic

import requests
from prometheus_client.parser import text_string_to_metric_families

from tests.campaign.machines import LAST_RESORT_SECONDS, METRICS_TOKEN, WEBS, Machines
from tests.campaign.observations import Observations

EVERY_SECONDS = 0.2
OK, AWAY = 200, 503

OLDEST, LAG, WAITING, DUE = (
    "steward_messages_oldest_seconds",
    "steward_timers_lag_seconds",
    "steward_messages_waiting",
    "steward_timers_due",
)


@dataclass
class HealthMonitor:
    """Asks every web server again and again, from `begin` to `end`.

    `away` is set by whoever stops the database, once it is down, and taken back before it is started again.
    """

    machines: Machines
    observations: Observations
    _said_away: set[str] = field(default_factory=set)
    _away: bool = False
    _lock: Lock = field(default_factory=Lock)
    _stop: Event = field(default_factory=Event)
    _thread: Thread | None = None

    def begin(self) -> None:
        """From now on."""
        self._thread = Thread(target=self._run, name="watch", daemon=True)
        self._thread.start()

    def end(self) -> None:
        """No more."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def away(self, gone: bool) -> None:
        """The database is surely down, or may be on its way up again."""
        with self._lock:
            self._away = gone
            self._said_away.clear()

    def silent(self) -> list[str]:
        """The web servers that have not said yet that the database is away."""
        with self._lock:
            return [name for name in WEBS if name not in self._said_away]

    def figures(self) -> dict[str, float]:
        """The figures of `/metrics` by name, the largest of each; empty when nobody answers."""
        http = requests.Session()
        # A proxy that the machine uses for the world has no business here.
        http.trust_env = False
        http.headers["Authorization"] = f"Bearer {METRICS_TOKEN}"
        for name in WEBS:
            try:
                answer = http.get(f"{self.machines.url(name)}/metrics", timeout=LAST_RESORT_SECONDS)
            except requests.RequestException:
                continue
            if answer.ok:
                found: dict[str, float] = {}
                for family in text_string_to_metric_families(answer.text):
                    for sample in family.samples:
                        found[sample.name] = max(found.get(sample.name, sample.value), sample.value)
                return found
        return {}

    def until_ready(self, seconds: float) -> float | None:
        """How long it takes until every web server is ready, which nobody helps; None: longer than that."""
        begun = monotonic()
        pause = Event()
        while any(self.machines.readiness(name) != OK for name in WEBS):
            if monotonic() - begun > seconds:
                return None
            pause.wait(0.05)
        return monotonic() - begun

    def _run(self) -> None:
        while not self._stop.wait(EVERY_SECONDS):
            for name in WEBS:
                before = self._is_away()
                status = self.machines.readiness(name)
                # Only what was asked and answered while nothing changed can be a lie.
                if before and self._is_away():
                    self._while_away(name, status)
            figures = self.figures()
            for figure in (OLDEST, LAG):
                self.observations.peak(figure, figures.get(figure, 0.0))

    def _is_away(self) -> bool:
        with self._lock:
            return self._away

    def _while_away(self, name: str, status: int | None) -> None:
        if status == AWAY:
            with self._lock:
                self._said_away.add(name)
        elif status is not None:
            self.observations.fault(f"/readyz of {name} said {status} without a database")
