"""The one clock. Every layer asks `now()`; nothing else in the project reads the machine's time.

Production runs on `SystemClock`. Under demo and test settings the instant can be set, and every
process of that demo (server, jobs, simulator) reads the same file, so that they agree.
"""

import os
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol


class Clock(Protocol):
    """Anything that can say what instant it is."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""
        ...


class SystemClock:
    """The machine's clock, as synchronised by its operating system."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""
        return datetime.now(UTC)


class FixedClock:
    """A clock that stands still until it is set; for one process."""

    def __init__(self, instant: datetime) -> None:
        """Stand at `instant` (aware)."""
        self._instant = instant.astimezone(UTC)

    def now(self) -> datetime:
        """The instant last set, in UTC."""
        return self._instant

    def set(self, instant: datetime) -> None:
        """Move to `instant` (aware), forwards or backwards."""
        self._instant = instant.astimezone(UTC)


class FileClock:
    """A clock whose instant is kept in a small file, shared by all processes of a demo or a test."""

    def __init__(self, path: Path) -> None:
        """Read the instant from `path`; `set` creates it."""
        self._path = path

    def now(self) -> datetime:
        """The instant in the file, in UTC. Raises `FileNotFoundError` before the first `set`."""
        return datetime.fromisoformat(self._path.read_text(encoding="ascii")).astimezone(UTC)

    def set(self, instant: datetime) -> None:
        """Move every process that reads this file to `instant` (aware)."""
        # Written aside and renamed, since a reader in another process must never see half a line.
        handle, aside = tempfile.mkstemp(dir=self._path.parent, prefix=self._path.name)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(instant.astimezone(UTC).isoformat())
        Path(aside).replace(self._path)


_clock: Clock = SystemClock()


def now() -> datetime:
    """The present instant by the clock in use: aware, UTC."""
    return _clock.now()


def use(clock: Clock) -> None:
    """Let `clock` tell the time from now on, in this process."""
    global _clock  # noqa: PLW0603 - one clock for the process is the point of this module
    _clock = clock


def in_use() -> Clock:
    """The clock that tells the time now; the demo's console sets it through this."""
    return _clock
