"""What each stage of a case really took, by the story's own clock: what the product's figures are held to."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction

from app.domain.worktime import Stretch, WorkingTime


@dataclass(slots=True)
class StageTimes:
    """When stages opened and ended in a story, and for how long the clock was rightly stopped."""

    line: WorkingTime
    opened: dict[str, datetime] = field(default_factory=dict)
    ended: dict[str, datetime] = field(default_factory=dict)
    stops: list[Stretch] = field(default_factory=list)

    def hands_over(self, ended: str, opened: str, at: datetime) -> None:
        """One stage ends and with it the next one opens."""
        self.ended[ended] = at
        self.opened[opened] = at

    def spans(self) -> Mapping[str, Stretch]:
        """Every stage that ended, from its opening."""
        return {key: Stretch(self.opened[key], ended) for key, ended in self.ended.items()}

    def used(self, stretches: Iterable[Stretch]) -> Fraction:
        """Working days of some stretches together, without the stops: asked of the calendar alone."""
        return sum((self.line.used(start, end, self.stops) for start, end in stretches), Fraction(0))
