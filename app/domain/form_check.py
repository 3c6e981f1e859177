"""Checking a filled-in form against its data: every fault at once, in Chinese that says what to do.

Pure: what needs a library or the city's map (phone numbers, credit codes, the service area) is handed in.
The values are whatever a stranger sent as JSON, so nothing is assumed about them.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction

from app.domain.forms import FieldKind, Form, FormField
from app.domain.texts import has_control_characters

Checker = Callable[[object], str | None]
"""Looks at a value of the right shape; the Chinese fault, or None."""

CODE_LENGTH = 32
"""Longest phone number or credit code worth looking at; spaces and hyphens included."""

_NAME_SHOWN = 60


@dataclass(frozen=True, slots=True)
class FieldFault:
    """What is wrong with one field.

    `field` is its key (`buildings[2].floors` in a list), `code` is stable: required, type, too_long,
    characters, not_a_choice, out_of_range, invalid or unknown_field; `message` is for the customer.
    """

    field: str
    code: str
    message: str


def check_form(
    form: Form,
    values: object,
    *,
    extra: Mapping[FieldKind, Checker] | None = None,
    partial: bool = False,
) -> list[FieldFault]:
    """Every fault of `values` (field key to JSON value), in the form's order; empty when it is sound.

    :param extra: further checks by kind, called only with a value of the right shape.
    :param partial: a draft: what is still missing is no fault.
    """
    if not isinstance(values, Mapping):
        return [FieldFault("", "type", "申请表格式有误，请返回上一页重新填写。")]
    return _check_fields(form.fields, values, extra or {}, partial, "")


def _check_fields(
    fields: tuple[FormField, ...],
    values: Mapping[object, object],
    extra: Mapping[FieldKind, Checker],
    partial: bool,
    prefix: str,
) -> list[FieldFault]:
    faults: list[FieldFault] = []
    for field in fields:
        value = values.get(field.key)
        if _is_missing(value):
            if not partial and _is_required(field, values):
                faults.append(FieldFault(prefix + field.key, "required", _ask_for(field)))
            continue
        faults += [
            replace(fault, field=prefix + fault.field) for fault in _check_value(field, value, extra, partial)
        ]
    known = {field.key for field in fields}
    faults += [
        FieldFault(prefix + _shown(key), "unknown_field", "申请表中没有这一项，请删除后再提交。")
        for key in values
        if key not in known
    ]
    return faults


def _is_missing(value: object) -> bool:
    return value is None or (isinstance(value, str) and not value.strip()) or value == []


def _is_required(field: FormField, values: Mapping[object, object]) -> bool:
    if field.required:
        return True
    if field.required_when is None:
        return False
    other, wanted = field.required_when
    return values.get(other) in wanted


def _ask_for(field: FormField) -> str:
    match field.kind:
        case FieldKind.LOCATION:
            return "请在地图上选择用水地点。"
        case FieldKind.CHOICE | FieldKind.BOOLEAN | FieldKind.DATE:
            return f"请选择{field.label}。"
        case _:
            return f"请填写{field.label}。"


def _check_value(
    field: FormField, value: object, extra: Mapping[FieldKind, Checker], partial: bool
) -> list[FieldFault]:
    if field.kind is FieldKind.LIST:
        return _check_rows(field, value, extra, partial)
    fault = _check_shape(field, value)
    if fault is None and field.kind in extra:
        said = extra[field.kind](value)
        fault = FieldFault(field.key, "invalid", said) if said else None
    return [fault] if fault else []


def _check_shape(field: FormField, value: object) -> FieldFault | None:
    match field.kind:
        case FieldKind.TEXT | FieldKind.PHONE | FieldKind.CREDIT_CODE:
            return _check_text(field, value)
        case FieldKind.CHOICE:
            if value in [choice.key for choice in field.choices]:
                return None
            return FieldFault(field.key, "not_a_choice", f"请从列表中选择{field.label}。")
        case FieldKind.BOOLEAN:
            return None if isinstance(value, bool) else _wrong_type(field, f"请选择{field.label}。")
        case FieldKind.INTEGER | FieldKind.DECIMAL:
            return _check_number(field, value)
        case FieldKind.DATE:
            return _check_date(field, value)
        case FieldKind.LOCATION:
            return None if _is_location(value) else _wrong_type(field, "请在地图上重新选择用水地点。")
        case FieldKind.LIST:
            return None


def _wrong_type(field: FormField, message: str) -> FieldFault:
    return FieldFault(field.key, "type", message)


def _check_text(field: FormField, value: object) -> FieldFault | None:
    if not isinstance(value, str):
        return _wrong_type(field, f"请用文字填写{field.label}。")
    longest = field.max_length or CODE_LENGTH
    if len(value) > longest:
        return FieldFault(field.key, "too_long", f"{field.label}过长，请不要超过{longest}个字。")
    if has_control_characters(value):
        return FieldFault(field.key, "characters", f"{field.label}中有无法识别的字符，请删除后重新填写。")
    return None


def _check_number(field: FormField, value: object) -> FieldFault | None:
    number = _finite(value)
    if number is None:
        return _wrong_type(field, f"请用数字填写{field.label}。")
    if field.kind is FieldKind.INTEGER and not isinstance(value, int):
        return _wrong_type(field, f"请用整数填写{field.label}。")
    if (field.min is not None and number < field.min) or (field.max is not None and number > field.max):
        return FieldFault(field.key, "out_of_range", f"{field.label}请填写{_range(field)}的数字。")
    return None


def _finite(value: object) -> Fraction | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return Fraction(value)


def _range(field: FormField) -> str:
    lower = "" if field.min is None else f"不小于{_plain(field.min)}"
    upper = "" if field.max is None else f"不大于{_plain(field.max)}"
    return "、".join(bound for bound in (lower, upper) if bound)


def _plain(number: Fraction) -> str:
    return str(number.numerator) if number.denominator == 1 else str(float(number))


def _check_date(field: FormField, value: object) -> FieldFault | None:
    message = f"{field.label}请按“2026-01-31”的格式填写。"
    if not isinstance(value, str):
        return _wrong_type(field, message)
    try:
        parsed = date.fromisoformat(value)
    except ValueError:
        return _wrong_type(field, message)
    # fromisoformat also takes 20260131 and 2026-W05-6; one spelling is kept.
    return None if parsed.isoformat() == value else _wrong_type(field, message)


def _is_location(value: object) -> bool:
    if not isinstance(value, Mapping) or set(value) != {"latitude_gcj02", "longitude_gcj02"}:
        return False
    latitude, longitude = _finite(value["latitude_gcj02"]), _finite(value["longitude_gcj02"])
    return latitude is not None and longitude is not None and abs(latitude) <= 90 and abs(longitude) <= 180


def _check_rows(
    field: FormField, value: object, extra: Mapping[FieldKind, Checker], partial: bool
) -> list[FieldFault]:
    if not isinstance(value, list):
        return [_wrong_type(field, f"请逐行填写{field.label}。")]
    if field.max is not None and len(value) > field.max:
        return [FieldFault(field.key, "out_of_range", f"{field.label}最多填写{_plain(field.max)}行。")]
    faults: list[FieldFault] = []
    if not partial and field.min is not None and len(value) < field.min:
        faults.append(FieldFault(field.key, "out_of_range", f"{field.label}至少填写{_plain(field.min)}行。"))
    for place, row in enumerate(value):
        where = f"{field.key}[{place}]"
        if not isinstance(row, Mapping):
            faults.append(FieldFault(where, "type", f"第{place + 1}行格式有误，请重新填写。"))
            continue
        found = _check_fields(field.fields, row, extra, partial, f"{where}.")
        faults += [replace(fault, message=f"第{place + 1}行：{fault.message}") for fault in found]
    return faults


def _shown(key: object) -> str:
    # The name comes from outside and is sent back: cut short, and without what JSON can't carry.
    text = str(key)[:_NAME_SHOWN].encode("utf-8", "replace").decode()
    return "".join("?" if has_control_characters(sign) else sign for sign in text)
