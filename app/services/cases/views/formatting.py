"""How the answers about a case spell working days and instants."""

from datetime import datetime
from fractions import Fraction

from app.domain.worktime import WorkingTime, rounded


def days(number: Fraction | None) -> str | None:
    """Working days, rounded once."""
    return None if number is None else str(rounded(number))


def local(line: WorkingTime, instant: datetime | None) -> str | None:
    """An instant in the city's time, with its offset, to the second."""
    return None if instant is None else instant.astimezone(line.zone).isoformat(timespec="seconds")
