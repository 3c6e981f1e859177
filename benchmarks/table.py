"""What a benchmark hands back, and how it measures: side by side, in turns, the median counts."""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value."""

    name: str
    value: float
    unit: str


@dataclass(frozen=True, slots=True)
class Ratio:
    """How two contestants compare, and the least that is aimed at, if anything is."""

    name: str
    value: float
    aim: float | None

    def __str__(self) -> str:
        if self.aim is None:
            return f"{self.value:.2f} ×"
        return f"{self.value:.2f} × (aim {self.aim:g}: {'met' if self.value >= self.aim else 'NOT met'})"


@dataclass(frozen=True, slots=True)
class Table:
    """The figures of one benchmark."""

    title: str
    figures: Sequence[Figure]
    ratios: Sequence[Ratio]

    def print(self) -> None:
        """Print it as the documentation shows it."""
        print(f"\n{self.title}")
        for figure in self.figures:
            print(f"  {figure.name:<66}{figure.value:>10,.1f} {figure.unit}")
        for ratio in self.ratios:
            print(f"  {ratio.name:<66}{ratio!s:>12}")


Rounds = Mapping[str, Sequence[float]]


def in_turns(title: str, contestants: Mapping[str, Callable[[], float]], rounds: int) -> Rounds:
    """What each contestant measured; each in every round, so that drift hits all of them alike."""
    measured: dict[str, list[float]] = {name: [] for name in contestants}
    for number in range(1, rounds + 1):
        for name, measure in contestants.items():
            say(f"{title}: round {number} of {rounds}, {name}")
            measured[name].append(measure())
    say("")
    return measured


def ratio(rounds: Rounds, above: str, below: str) -> float:
    """The median over the rounds of one contestant's value divided by the other's of the same round."""
    return median(a / b for a, b in zip(rounds[above], rounds[below], strict=True))


def middle(rounds: Rounds, name: str) -> float:
    """The median of one contestant."""
    return median(rounds[name])


def say(progress: str) -> None:
    """Show how far it is, on one line of standard error that the next one overwrites."""
    print(f"\r\x1b[K{progress}", end="", file=sys.stderr, flush=True)
