"""Checking a filled-in form: all faults at once, each with a sentence that says what to do."""

from collections.abc import Mapping
from typing import Any

from app.domain.area import inside
from app.domain.errors import FieldsError, UnknownProgramError
from app.domain.form_check import check_form
from app.domain.forms import FieldKind, Form
from app.services.applications import credit_codes
from app.services.installation import city
from app.services.people import phones


def form_of(program_key: str) -> Form:
    """The form of a program. Raises `UnknownProgramError`."""
    bundle = city.current()
    program = bundle.programs.get(program_key)
    if program is None:
        raise UnknownProgramError("没有这种业务，请从办事指南中选择。")
    return bundle.forms[program.form]


def check(form: Form, answers: Mapping[str, Any], *, partial: bool) -> None:
    """Raise `FieldsError` with every fault; `partial` allows what a draft may still lack."""
    faults = check_form(form, answers, extra=_LIBRARY_CHECKS, partial=partial)
    if faults:
        raise FieldsError(
            [{"field": fault.field, "code": fault.code, "message": fault.message} for fault in faults]
        )


def normalised(form: Form, answers: Mapping[str, Any]) -> dict[str, Any]:
    """Checked answers in the one spelling in which they are stored: phones in E.164 (an
    extension as in RFC 3966), codes in capitals.
    """
    spelled = dict(answers)
    for field in form.fields:
        value = spelled.get(field.key)
        if not isinstance(value, str):
            continue
        if field.kind is FieldKind.PHONE:
            spelled[field.key] = phones.contact_phone(value)
        elif field.kind is FieldKind.CREDIT_CODE:
            spelled[field.key] = credit_codes.compact(value)
        else:
            spelled[field.key] = value.strip()
    return spelled


def _phone_fault(value: object) -> str | None:
    if isinstance(value, str) and phones.contact_phone(value):
        return None
    if isinstance(value, str) and phones.is_service_number(value):
        return f"热线、总机短号等不能作为联系电话，{phones.SPELLINGS}"
    return f"电话号码有误，{phones.SPELLINGS}"


def _credit_code_fault(value: object) -> str | None:
    if isinstance(value, str) and credit_codes.is_valid(value):
        return None
    return "统一社会信用代码有误，请对照营业执照或登记证书核对18位代码。"


def _location_fault(value: object) -> str | None:
    if not isinstance(value, Mapping):
        return "请在地图上选择用水地点。"
    bundle = city.current()
    if inside(bundle.city.service_area, float(value["latitude_gcj02"]), float(value["longitude_gcj02"])):
        return None
    return f"该位置不在供水服务范围内，请在地图上重新选择，或拨打{bundle.city.hotline}咨询。"


_LIBRARY_CHECKS = {
    FieldKind.PHONE: _phone_fault,
    FieldKind.CREDIT_CODE: _credit_code_fault,
    FieldKind.LOCATION: _location_fault,
}
