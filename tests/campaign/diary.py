"""What is written down while a campaign runs, by several threads: counts, and what should not have been."""

from collections import Counter
from threading import Lock


class Diary:
    """Thread-safe."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._faults: list[str] = []
        self._most: dict[str, float] = {}
        self._lock = Lock()

    def count(self, what: str, number: int = 1) -> None:
        """So many more of these."""
        with self._lock:
            self._counts[what] += number

    def counted(self, what: str) -> int:
        """How many there were so far."""
        with self._lock:
            return self._counts[what]

    def peak(self, what: str, value: float) -> None:
        """A figure of which the highest is kept."""
        with self._lock:
            self._most[what] = max(self._most.get(what, value), value)

    def highest(self, what: str) -> float:
        """The highest so far, 0 without any."""
        with self._lock:
            return self._most.get(what, 0.0)

    def fault(self, what: str) -> None:
        """Something that must not be."""
        with self._lock:
            self._faults.append(what)

    @property
    def faults(self) -> list[str]:
        """All of them, in their order."""
        with self._lock:
            return list(self._faults)
