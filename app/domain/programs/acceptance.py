"""Whether a value that is written correctly is acceptable by the rules of its output (``gates``)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from app.domain.programs.gates import Gate
from app.domain.programs.tasks import OutputField


@dataclass(frozen=True, slots=True)
class Facts:
    """What the rules hold a value against.

    ``moments``: name and instant of a moment, None while it is unknown. ``promised``: the sum of form fields,
    None while one is unknown. ``given``: the other outputs of the same task.
    """

    moments: Callable[[str], tuple[str, datetime] | None]
    promised: Callable[[tuple[str, ...]], int | None]
    given: Mapping[str, Any]


def refusal(field: OutputField, value: Any, facts: Facts) -> str | None:
    """Why a correctly written value is not acceptable, as the end of a sentence; None when it is.

    ``value`` is None for an output that was left out.
    """
    gate = field.gate
    if gate.counts is not None:
        return _count(gate, value or [], facts)
    if value is None:
        return _left_out(gate, facts)
    if field.must_be_true and value is False:
        return "为“是”时才能办结，请先处理不一致之处。"
    if gate.accepted:
        return _choice(field, value)
    if gate.equals:
        expected = facts.promised(gate.equals)
        if expected is not None and value != expected:
            return f"应为{expected}{gate.unit}（按申请表），填写的是{value}{gate.unit}，请核对。"
    return _outside_usual(gate, value) or _out_of_time(gate, value, facts)


def _left_out(gate: Gate, facts: Facts) -> str | None:
    if gate.needed_with is None:
        return None
    other, values = gate.needed_with
    return "在此情况下必须填写。" if facts.given.get(other) in values else None


def _count(gate: Gate, others: Any, facts: Facts) -> str | None:
    wanted = facts.promised((gate.counts or "",))
    hung = len(others) + 1
    if wanted is None or hung == wanted:
        return None
    return f"连同首块应登记{wanted}块（按申请表），现为{hung}块，请逐块填写表号。"


def _choice(field: OutputField, value: Any) -> str | None:
    names = {choice.key: choice.name for choice in field.choices}
    # A value from before the choices were introduced is not judged: the case would be stuck.
    if value in field.gate.accepted or value not in names:
        return None
    return f"为“{names[value]}”，不能据此办理。"


def _outside_usual(gate: Gate, value: Any) -> str | None:
    if gate.usual_min is None and gate.usual_max is None:
        return None
    number = Fraction(Decimal(str(value)))
    if gate.usual_min is not None and number < gate.usual_min:
        return f"为{value}{gate.unit}，低于{float(gate.usual_min):g}{gate.unit}。"
    if gate.usual_max is not None and number > gate.usual_max:
        return f"为{value}{gate.unit}，高于{float(gate.usual_max):g}{gate.unit}。"
    return None


def _out_of_time(gate: Gate, value: Any, facts: Facts) -> str | None:
    if not gate.not_before and not gate.not_after:
        return None
    said = _minute(datetime.fromisoformat(value))
    for key in gate.not_before:
        known = facts.moments(key)
        if known is not None and said < _minute(known[1]):
            return f"不能早于{known[0]}（{_shown(known[1], said)}），请核对。"
    for key in gate.not_after:
        known = facts.moments(key)
        if known is not None and said > _minute(known[1]):
            return f"不能晚于{known[0]}（{_shown(known[1], said)}），请核对。"
    return None


def _minute(instant: datetime) -> datetime:
    """People enter minutes: what happened in the same minute is not before it."""
    return instant.replace(second=0, microsecond=0)


def _shown(instant: datetime, like: datetime) -> str:
    return instant.astimezone(like.tzinfo).strftime("%Y-%m-%d %H:%M")
