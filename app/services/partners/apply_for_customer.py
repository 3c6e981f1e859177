"""Applying for a customer through a partner: the full form with the usual checks; the customer confirms."""

from collections.abc import Mapping
from typing import Any

from app.core import clock
from app.core.db import db
from app.core.ids import new_id
from app.domain.errors import ConflictError
from app.models import Application, Case
from app.services.applications.answers import check, form_of, normalised
from app.services.cases.submit import submit
from app.services.history.timeline import by_partner, note
from app.services.partners import partner_cases
from app.services.partners.receive_consultation import FROM_PARTNER
from app.services.partners.request_signatures import PartnerIdentity
from app.services.people.numbers import phone_owners
from app.services.people.phones import phone_hash


def apply_for_customer(
    partner: PartnerIdentity, reference: str, program: str, answers: Mapping[str, Any]
) -> partner_cases.PartnerAnswer:
    """Submit the form of `program`; the case belongs to whoever proves its contact phone.

    A reference that this partner used before gives that case; if it was a consultation whose form is
    still incomplete, this completes it. Raises `FieldsError` with every fault, `UnknownProgramError`,
    `ConflictError` when the consultation was for another program, `NobodyAvailableError`.
    """
    known = partner_cases.known_case(partner, reference)
    if known is not None:
        _complete(partner, known, program, answers)
        return partner_cases.partner_answer(known, reference, repeated=True)
    form = form_of(program)
    check(form, answers, partial=False)
    spelled = normalised(form, answers)
    now = clock.now()
    hashed = phone_hash(spelled["contact_phone"])
    application = Application(
        id=new_id(),
        program_key=program,
        customer_id=phone_owners.owner_of(hashed),
        phone_hash=hashed,
        channel=partner.channel,
        answers=spelled,
        sources=dict.fromkeys(spelled, FROM_PARTNER),
        created_at=now,
        updated_at=now,
    )
    db.session.add(application)
    db.session.flush()
    case = submit(application, by_partner(partner.id), confirmed=False)
    note(case.id, now, "partner_application", by_partner(partner.id), {"channel": partner.channel_name})
    partner_cases.link_case(partner, case, reference)
    return partner_cases.partner_answer(case, reference, repeated=False)


def _complete(partner: PartnerIdentity, case: Case, program: str, answers: Mapping[str, Any]) -> None:
    application = db.session.get_one(Application, case.application_id, with_for_update=True)
    if application.submitted_at is not None:
        return
    if application.program_key != program:
        raise ConflictError("该项目的意见征询属于其他业务类型，请核对业务类型后重试。")
    form = form_of(program)
    check(form, answers, partial=False)
    spelled = normalised(form, answers)
    # What the customer or the manager has typed since then is better known than what a platform passes on.
    better = {key for key, source in application.sources.items() if source != FROM_PARTNER}
    taken = {key: value for key, value in spelled.items() if key not in better}
    application.answers = {**application.answers, **taken}
    application.sources = {**application.sources, **dict.fromkeys(taken, FROM_PARTNER)}
    application.updated_at = clock.now()
    db.session.flush()
    submit(application, by_partner(partner.id), confirmed=False)
