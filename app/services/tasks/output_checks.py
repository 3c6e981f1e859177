"""Checking a task's outputs against its program; all faults at once."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any

from app.domain.errors import FieldsError
from app.domain.programs import waterplan
from app.domain.programs.definition import Stage
from app.domain.programs.tasks import OutputField, OutputKind, TaskSpec
from app.domain.texts import has_control_characters

RATING_LOWEST, RATING_HIGHEST = 1, 5
MOST_METERS = 1000
HIGHEST_READING = 999_999
METER_PARTS = {"serial": ("表号", 50), "position": ("位置", 200), "first_reading": ("底数", 30)}

Judgement = Callable[[OutputField, Any, Mapping[str, Any]], dict[str, str] | None]
"""The fault of a correctly written value, given the other outputs; None when it is acceptable."""


def checked_outputs(
    spec: TaskSpec,
    given: Mapping[str, Any],
    lacking: Sequence[dict[str, str]] = (),
    judge: Judgement | None = None,
) -> dict[str, Any]:
    """The outputs as they are stored.

    `lacking`: faults found elsewhere. `judge`: whether a correctly written value is acceptable. Raises
    `FieldsError` with everything missing, wrong, unacceptable or unknown.
    """
    known = {field.key: field for field in spec.outputs}
    faults = [
        {"field": key, "code": "unknown", "message": "没有这一项，请核对后重新填写。"}
        for key in given
        if key not in known
    ]
    stored: dict[str, Any] = {}
    for field in spec.outputs:
        value = given.get(field.key)
        if value is None or value == "":
            if field.required:
                faults.append({"field": field.key, "code": "required", "message": f"请填写“{field.name}”。"})
            continue
        try:
            stored[field.key] = checked_value(field, value)
        except FaultyValueError as fault:
            faults.append({"field": field.key, "code": "invalid", "message": f"“{field.name}”{fault}"})
    faulty = {fault["field"] for fault in faults}
    if judge is not None:
        judged = (
            judge(field, stored.get(field.key), stored) for field in spec.outputs if field.key not in faulty
        )
        faults.extend(fault for fault in judged if fault is not None)
    faults.extend(lacking)
    if faults:
        raise FieldsError(faults, detail=f"“{spec.name}”还不能办结，请按提示补充。")
    return stored


def refuse_impossible(stage: Stage, delivered: Mapping[str, Mapping[str, Any]]) -> None:
    """Raises `FieldsError` for calibres that cannot be built (三(二)) among the known outputs, by task."""
    faults = [
        {
            "field": wide.field,
            "code": "too_wide",
            "message": f"“{wide.name}”为{wide.millimetres}毫米，大于“{wide.limit_name}”"
            f"{wide.limit_millimetres}毫米，无法接入，请核对。",
        }
        for wide in waterplan.too_wide(stage, delivered)
    ]
    if faults:
        raise FieldsError(faults, detail="管径不符，请按提示核对。")


class FaultyValueError(Exception):
    """Why a value is written wrongly, as the end of a sentence."""


def checked_value(field: OutputField, value: Any) -> Any:
    """One value as it is stored. Raises `FaultyValueError`."""
    return _CHECKS[field.kind](field, value)


def _text(field: OutputField, value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise FaultyValueError("应为文字。")
    if has_control_characters(value):
        raise FaultyValueError("含有不能识别的字符，请重新输入。")
    limit = field.max_length or 200
    if len(value) > limit:
        raise FaultyValueError(f"不能超过{limit}个字。")
    return value.strip()


def _integer(field: OutputField, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise FaultyValueError("应为整数。")
    _bounds(field, Fraction(value))
    return value


def _decimal(field: OutputField, value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise FaultyValueError("应为数字。")
    written = str(value)
    try:
        number = Decimal(written)
    except InvalidOperation as fault:
        raise FaultyValueError("应为数字。") from fault
    if not number.is_finite():
        raise FaultyValueError("应为数字。")
    # Checked before any arithmetic: the exact value of 1e999999 is ruinous to compute.
    if len(written) > _LONGEST_NUMBER or abs(number.adjusted()) > _LONGEST_NUMBER:
        raise FaultyValueError("数值过大或过长，请核对。")
    _bounds(field, Fraction(number))
    return str(number)


def _boolean(_field: OutputField, value: Any) -> bool:
    if not isinstance(value, bool):
        raise FaultyValueError("应选择是或否。")
    return value


def _choice(field: OutputField, value: Any) -> str:
    if value not in [choice.key for choice in field.choices]:
        raise FaultyValueError("请从给出的选项中选择。")
    return str(value)


def _datetime(_field: OutputField, value: Any) -> str:
    fault = FaultyValueError("应为带时区的日期时间，例如2026-11-24T09:30:00+08:00。")
    if not isinstance(value, str):
        raise fault
    try:
        instant = datetime.fromisoformat(value)
    except ValueError as error:
        raise fault from error
    if instant.tzinfo is None:
        raise fault
    return instant.isoformat()


def _fen(field: OutputField, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise FaultyValueError("应为不小于零的整数，单位为分。")
    _bounds(field, Fraction(value))
    return value


def _rating(_field: OutputField, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not RATING_LOWEST <= value <= RATING_HIGHEST:
        raise FaultyValueError("应为1至5分。")
    return value


def _meters(_field: OutputField, value: Any) -> list[dict[str, str]]:
    """The meters beside the first one, each with serial, position and first reading in cubic metres."""
    if not isinstance(value, list) or len(value) > MOST_METERS:
        raise FaultyValueError(f"应逐块填写，不超过{MOST_METERS}块。")
    meters = [_meter(number, row) for number, row in enumerate(value, start=2)]
    serials = [meter["serial"] for meter in meters]
    if len(set(serials)) != len(serials):
        raise FaultyValueError("有重复的表号，请核对。")
    return meters


def _meter(number: int, row: Any) -> dict[str, str]:
    if not isinstance(row, dict) or set(row) != set(METER_PARTS):
        raise FaultyValueError(f"第{number}块须填写表号、位置和底数。")
    parts = {}
    for key, (name, longest) in METER_PARTS.items():
        part = row[key]
        if (
            not isinstance(part, str)
            or not part.strip()
            or len(part) > longest
            or has_control_characters(part)
        ):
            raise FaultyValueError(f"第{number}块的{name}应为不超过{longest}个字的文字。")
        parts[key] = part.strip()
    try:
        reading = Decimal(parts["first_reading"])
    except InvalidOperation as fault:
        raise FaultyValueError(f"第{number}块的底数应为数字。") from fault
    if (
        not reading.is_finite()
        or not 0 <= reading <= HIGHEST_READING
        or abs(reading.adjusted()) > _LONGEST_NUMBER
    ):
        raise FaultyValueError(f"第{number}块的底数应在0至{HIGHEST_READING}之间。")
    return {**parts, "first_reading": str(reading)}


# Larger numbers fit no column and describe no pipe, sum or count of this trade.
_LARGEST = 10**12
_LONGEST_NUMBER = 30


def _bounds(field: OutputField, number: Fraction) -> None:
    lowest, highest = field.min, field.max
    if lowest is not None and number < lowest:
        raise FaultyValueError(f"不能小于{float(lowest):g}。")
    if highest is not None and number > highest:
        raise FaultyValueError(f"不能大于{float(highest):g}。")
    if abs(number) > _LARGEST:
        raise FaultyValueError("数值过大，请核对。")


_CHECKS = {
    OutputKind.TEXT: _text,
    OutputKind.INTEGER: _integer,
    OutputKind.DECIMAL: _decimal,
    OutputKind.BOOLEAN: _boolean,
    OutputKind.CHOICE: _choice,
    OutputKind.DATETIME: _datetime,
    OutputKind.FEN: _fen,
    OutputKind.RATING: _rating,
    OutputKind.METERS: _meters,
}
