"""What several threads observe while a campaign runs: counts, highest values, and faults."""

from collections import Counter
from threading import Lock


class Observations:
    """Counts, highest values and faults; thread-safe."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._faults: list[str] = []
        self._most: dict[str, float] = {}
        self._lock = Lock()

    def count(self, what: str, number: int = 1) -> None:
        """Add `number` to a count."""
        with self._lock:
            self._counts[what] += number

    def counted(self, what: str) -> int:
        """The count so far."""
        with self._lock:
            return self._counts[what]

    def peak(self, what: str, value: float) -> None:
        """Keep the highest of the values given."""
        with self._lock:
            self._most[what] = max(self._most.get(what, value), value)

    def highest(self, what: str) -> float:
        """The highest value so far, 0 without any."""
        with self._lock:
            return self._most.get(what, 0.0)

    def fault(self, what: str) -> None:
        """Report something that must not happen."""
        with self._lock:
            self._faults.append(what)

    @property
    def faults(self) -> list[str]:
        """All faults in the order in which they were reported."""
        with self._lock:
            return list(self._faults)
