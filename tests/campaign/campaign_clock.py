"""The clock of a campaign: runs like the real one, can run faster and can jump ahead."""

from datetime import datetime, timedelta
from pathlib import Path
from threading import Event, Lock, Thread
from time import monotonic

from app.core.clock import FileClock

STEP_SECONDS = 0.02


class CampaignClock:
    """Writes the file that every process of the campaign reads its time from; real speed to begin with."""

    def __init__(self, path: Path, start: datetime) -> None:
        self.path = path
        self._clock = FileClock(path)
        self._clock.set(start)
        self._shown, self._seen, self._speed = start, monotonic(), 1.0
        self._lock = Lock()
        self._stop = Event()
        self._thread = Thread(target=self._run, name="campaign-clock", daemon=True)

    def begin(self) -> None:
        """Run from now on."""
        self._seen = monotonic()
        self._thread.start()

    def now(self) -> datetime:
        """The instant that every process reads."""
        return self._clock.now()

    def set_speed(self, times: float) -> None:
        """Run so many times as fast as the real clock."""
        self._tick()
        self._speed = times

    def jump_to(self, to: datetime) -> None:
        """Be at `to`, unless it is past."""
        with self._lock:
            self._shown = max(self._shown, to)
            self._clock.set(self._shown)

    def end(self) -> None:
        """Stand still."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(STEP_SECONDS):
            self._tick()

    def _tick(self) -> None:
        with self._lock:
            seen = monotonic()
            self._shown += timedelta(seconds=(seen - self._seen) * self._speed)
            self._seen = seen
            self._clock.set(self._shown)
