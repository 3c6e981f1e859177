"""Receiving a 设计方案意见征询: a case in early service, with its manager and five departments' tasks.

Source: 济水集团字〔2019〕138 号 三(一), 附件 1 and 3, first row.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.core import clock
from app.core.db import db
from app.core.ids import new_id
from app.domain.errors import FieldsError, UnknownProgramError
from app.domain.events import ConsultationReceived
from app.domain.forms import Form
from app.models import Application
from app.services.applications.answers import check, form_of, normalised
from app.services.cases.flow.case_flow import BY_CONSULTATION, CaseFlow
from app.services.cases.submit import new_case
from app.services.history.timeline import by_partner, note
from app.services.installation import city
from app.services.partners import partner_cases
from app.services.partners.request_signatures import PartnerIdentity
from app.services.people.numbers import phone_owners
from app.services.people.phones import phone_hash

FROM_PARTNER = "partner"

# Fields of a consultation that the form has as well. A city's form may not have the organisation.
TOLD = ("project_name", "organisation", "contact_name", "contact_phone", "district", "address", "location")


@dataclass(frozen=True, slots=True)
class Consultation:
    """What a partner tells: `told` by form field (`TOLD`), and the supply facilities that are planned."""

    reference: str
    program: str
    told: Mapping[str, Any]
    planned_facilities: tuple[str, ...]


def programs() -> list[str]:
    """The programs in which a consultation opens a case: those with a stage for it."""
    return [
        program.key
        for program in city.current().programs.values()
        if any(stage.only_by_consultation for stage in program.stages)
    ]


def check_fields(program: str, told: Mapping[str, Any]) -> None:
    """Raises `FieldsError` with every wrong field; missing ones are no fault here.

    A wrong program is one fault among others: the fields are then checked by another program's form.
    """
    possible = programs()
    form = form_of(program if program in possible else possible[0])
    check(form, _of_form(form, told), partial=True)


def receive_consultation(partner: PartnerIdentity, wanted: Consultation) -> partner_cases.PartnerAnswer:
    """Opens a case in early service; the same reference returns the same case.

    Raises `FieldsError`, `UnknownProgramError` for a program without early service, `NobodyAvailableError`.
    """
    known = partner_cases.known_case(partner, wanted.reference)
    if known is not None:
        return partner_cases.partner_answer(known, wanted.reference, repeated=True)
    if wanted.program not in programs():
        raise UnknownProgramError("该业务类型不受理设计方案意见征询，请核对业务类型。")
    missing = [key for key in TOLD if key not in wanted.told]
    if missing:
        raise FieldsError([{"field": key, "code": "required", "message": "请填写此项。"} for key in missing])
    check_fields(wanted.program, wanted.told)
    now = clock.now()
    case = new_case(_form_so_far(wanted), BY_CONSULTATION, now, confirmed=False)
    db.session.add(case)
    db.session.flush()
    note(case.id, now, "consultation_received", by_partner(partner.id), {"channel": partner.channel_name})
    flow = CaseFlow.fresh(case)
    flow.add_event(ConsultationReceived(case.id))
    flow.open_stages(now)
    flow.publish()
    partner_cases.link_case(
        partner,
        case,
        wanted.reference,
        {
            "developer": wanted.told["organisation"],
            "planned_facilities": list(wanted.planned_facilities),
        },
    )
    return partner_cases.partner_answer(case, wanted.reference, repeated=False)


def _form_so_far(wanted: Consultation) -> Application:
    form = form_of(wanted.program)
    answers = normalised(form, _of_form(form, wanted.told))
    hashed = phone_hash(answers["contact_phone"])
    now = clock.now()
    application = Application(
        id=new_id(),
        program_key=wanted.program,
        customer_id=phone_owners.owner_of(hashed),
        phone_hash=hashed,
        channel=BY_CONSULTATION,
        answers=answers,
        sources=dict.fromkeys(answers, FROM_PARTNER),
        created_at=now,
        updated_at=now,
    )
    db.session.add(application)
    db.session.flush()
    return application


def _of_form(form: Form, told: Mapping[str, Any]) -> dict[str, Any]:
    known = {field.key for field in form.fields}
    return {key: value for key, value in told.items() if key in known}
