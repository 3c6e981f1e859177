"""How the answers about a case spell working days and instants."""

from datetime import datetime
from fractions import Fraction

from app.domain.worktime import WorkingTime, rounded
from app.models import PermitStep


def days(number: Fraction | None) -> str | None:
    """Working days, rounded once."""
    return None if number is None else str(rounded(number))


def local(line: WorkingTime, instant: datetime | None) -> str | None:
    """An instant in the city's time, with its offset, to the second."""
    return None if instant is None else instant.astimezone(line.zone).isoformat(timespec="seconds")


STEP_NAMES = {
    PermitStep.NEEDED: "确定需要办理",
    PermitStep.SURVEYED: "测绘",
    PermitStep.PREPARED: "资料准备",
    PermitStep.HANDED_IN: "递交",
    PermitStep.RECEIVED: "收到批准",
}
