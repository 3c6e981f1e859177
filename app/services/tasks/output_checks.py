"""Checking a task's outputs against its program; all faults at once."""

from collections.abc import Mapping, Sequence
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


def checked_outputs(
    spec: TaskSpec, given: Mapping[str, Any], lacking: Sequence[dict[str, str]] = ()
) -> dict[str, Any]:
    """The outputs as they are stored.

    `lacking`: faults found elsewhere. Raises `FieldsError` with everything missing, wrong or unknown.
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
            stored[field.key] = _CHECKS[field.kind](field, value)
        except _FaultyError as fault:
            faults.append({"field": field.key, "code": "invalid", "message": f"“{field.name}”{fault}"})
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


class _FaultyError(Exception):
    """Why a value is not acceptable, as the end of a sentence."""


def _text(field: OutputField, value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise _FaultyError("应为文字。")
    if has_control_characters(value):
        raise _FaultyError("含有不能识别的字符，请重新输入。")
    limit = field.max_length or 200
    if len(value) > limit:
        raise _FaultyError(f"不能超过{limit}个字。")
    return value.strip()


def _integer(field: OutputField, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise _FaultyError("应为整数。")
    _bounds(field, Fraction(value))
    return value


def _decimal(field: OutputField, value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise _FaultyError("应为数字。")
    written = str(value)
    try:
        number = Decimal(written)
    except InvalidOperation as fault:
        raise _FaultyError("应为数字。") from fault
    if not number.is_finite():
        raise _FaultyError("应为数字。")
    # Checked before any arithmetic: the exact value of 1e999999 is ruinous to compute.
    if len(written) > _LONGEST_NUMBER or abs(number.adjusted()) > _LONGEST_NUMBER:
        raise _FaultyError("数值过大或过长，请核对。")
    _bounds(field, Fraction(number))
    return str(number)


def _boolean(field: OutputField, value: Any) -> bool:
    if not isinstance(value, bool):
        raise _FaultyError("应选择是或否。")
    if field.must_be_true and not value:
        raise _FaultyError("为“是”时才能办结，请先处理不一致之处。")
    return value


def _choice(field: OutputField, value: Any) -> str:
    if value not in [choice.key for choice in field.choices]:
        raise _FaultyError("请从给出的选项中选择。")
    return str(value)


def _datetime(_field: OutputField, value: Any) -> str:
    fault = _FaultyError("应为带时区的日期时间，例如2026-11-24T09:30:00+08:00。")
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
        raise _FaultyError("应为不小于零的整数，单位为分。")
    _bounds(field, Fraction(value))
    return value


def _rating(_field: OutputField, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not RATING_LOWEST <= value <= RATING_HIGHEST:
        raise _FaultyError("应为1至5分。")
    return value


# Larger numbers fit no column and describe no pipe, sum or count of this trade.
_LARGEST = 10**12
_LONGEST_NUMBER = 30


def _bounds(field: OutputField, number: Fraction) -> None:
    lowest, highest = field.min, field.max
    if lowest is not None and number < lowest:
        raise _FaultyError(f"不能小于{float(lowest):g}。")
    if highest is not None and number > highest:
        raise _FaultyError(f"不能大于{float(highest):g}。")
    if abs(number) > _LARGEST:
        raise _FaultyError("数值过大，请核对。")


_CHECKS = {
    OutputKind.TEXT: _text,
    OutputKind.INTEGER: _integer,
    OutputKind.DECIMAL: _decimal,
    OutputKind.BOOLEAN: _boolean,
    OutputKind.CHOICE: _choice,
    OutputKind.DATETIME: _datetime,
    OutputKind.FEN: _fen,
    OutputKind.RATING: _rating,
}
