"""How working days and instants are formatted in answers about a case."""

from datetime import datetime
from fractions import Fraction

from app.domain.worktime import WorkingTime, rounded
from app.models import PermitStep


def days(number: Fraction | None) -> str | None:
    """Working days as a decimal string, rounded once."""
    return None if number is None else str(rounded(number))


def local(line: WorkingTime, instant: datetime | None) -> str | None:
    """An instant in the city's time zone with offset, to the second."""
    return None if instant is None else instant.astimezone(line.zone).isoformat(timespec="seconds")


STEP_NAMES = {
    PermitStep.NEEDED: "确定需要办理",
    PermitStep.SURVEYED: "测绘",
    PermitStep.PREPARED: "资料准备",
    PermitStep.HANDED_IN: "递交",
    PermitStep.RECEIVED: "收到批准",
}
