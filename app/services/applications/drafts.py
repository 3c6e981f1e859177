"""Drafts of application forms, with the source of each answer."""

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import select

from app.core import clock
from app.core.crypto import mask_address, mask_name, mask_phone
from app.core.db import db
from app.core.ids import new_id
from app.domain.errors import AlreadyDoneError, FieldsError, NotFoundError
from app.domain.forms import FieldKind, FormField
from app.models import Application, Case, Customer
from app.services.applications.answers import check, form_of, normalised
from app.services.people import phones
from app.services.people.identity import require_consent
from app.services.people.numbers import phone_owners
from app.services.people.staffing import Colleague
from app.services.scheduling import changed_places

# Where an answer came from, so that nothing is typed twice.
FROM_CUSTOMER = "customer"
FROM_MANAGER = "manager_at_door"
FROM_TELEPHONE = "telephone"
FROM_REGISTRY = "registry"
FROM_EARLIER_CASE = "earlier_case"
FROM_WECHAT = "wechat"

# Where a visit to the site takes place.
_PLACE = ("address", "location")

STAFF_CHANNELS = {"door": FROM_MANAGER, "telephone": FROM_TELEPHONE}


def start_by_customer(customer_id: str, program_key: str) -> Application:
    """Starts a customer's own draft, prefilled from what is known of them.

    Raises `ConsentNeededError` and `UnknownProgramError`.
    """
    require_consent(customer_id)
    form = form_of(program_key)
    customer = db.session.get_one(Customer, customer_id)
    answers: dict[str, Any] = {}
    sources: dict[str, str] = {}
    earlier = _latest_submitted(customer_id)
    for field in form.fields:
        if field.prefill == "phone" and customer.phone and phones.contact_phone(customer.phone):
            answers[field.key], sources[field.key] = customer.phone, FROM_WECHAT
        elif field.prefill == "earlier_case" and earlier and field.key in earlier.answers:
            answers[field.key], sources[field.key] = earlier.answers[field.key], FROM_EARLIER_CASE
    return _add(
        program_key,
        answers,
        sources,
        customer_id=customer_id,
        phone_hash=customer.phone_hash,
        channel=phone_owners.BY_CUSTOMER,
    )


def start_by_staff(
    staff: Colleague, program_key: str, channel: str, answers: Mapping[str, Any]
) -> Application:
    """Starts a draft at the door or by telephone; it belongs to whoever proves the contact phone.

    Raises `FieldsError` when the contact phone is missing or invalid: without it nobody could claim the
    draft.
    """
    form = form_of(program_key)
    check(form, answers, partial=True)
    spelled = normalised(form, answers)
    hashed, owner = _owner(spelled)
    return _add(
        program_key,
        spelled,
        dict.fromkeys(spelled, STAFF_CHANNELS[channel]),
        customer_id=owner,
        staff_id=staff.id,
        phone_hash=hashed,
        channel=channel,
    )


def save_draft(application: Application, answers: Mapping[str, Any], source: str) -> Application:
    """Saves answers in a draft; null removes an answer. Answers may be missing but not wrong.

    Raises `FieldsError` with every fault and `AlreadyDoneError` after submission.
    """
    if application.submitted_at is not None:
        raise AlreadyDoneError("申请已提交，如需更正请联系您的客户管家。")
    form = form_of(application.program_key)
    merged = {**application.answers, **answers}
    merged = {key: value for key, value in merged.items() if value is not None}
    check(form, merged, partial=True)
    before = application.answers
    application.answers = normalised(form, merged)
    application.sources = {
        key: application.sources[key] if key in before and before[key] == value else source
        for key, value in application.answers.items()
    }
    application.updated_at = clock.now()
    if before and any(before.get(key) != application.answers.get(key) for key in _PLACE):
        # In early service the case exists, perhaps with visits, before its form is complete.
        changed_places.place_changed(application.id)
    return application


def save_by_staff(application: Application, answers: Mapping[str, Any]) -> Application:
    """Saves answers of the member of staff who took the draft. Raises as `save` does.

    Correcting the contact phone may change whose draft it is.
    """
    before = application.answers.get("contact_phone")
    save_draft(application, answers, STAFF_CHANNELS[application.channel])
    if application.answers.get("contact_phone") != before:
        application.phone_hash, application.customer_id = _owner(application.answers)
    return application


def draft_of_customer(customer_id: str, application_id: str) -> Application:
    """A customer's own application. Raises `NotFoundError` for anybody else's."""
    application = db.session.scalar(
        select(Application).where(Application.id == application_id, Application.customer_id == customer_id)
    )
    if application is None:
        raise NotFoundError
    return application


def draft_of_staff(staff_id: str, application_id: str) -> Application:
    """A draft that this member of staff took. Raises `NotFoundError` for anybody else's."""
    application = db.session.scalar(
        select(Application).where(Application.id == application_id, Application.staff_id == staff_id)
    )
    if application is None:
        raise NotFoundError
    return application


def present_application(application: Application) -> dict[str, Any]:
    """An application as its customer sees it, with the case it became."""
    case = db.session.execute(
        select(Case.id, Case.number).where(Case.application_id == application.id)
    ).first()
    return {
        "id": application.id,
        "program": application.program_key,
        "answers": application.answers,
        "sources": application.sources,
        "updated_at": application.updated_at,
        "case": {"id": case.id, "number": case.number} if case else None,
    }


def present_to_staff(application: Application) -> dict[str, Any]:
    """An application as the member of staff who took it sees it: typed fields in full, other personal
    data masked.

    After submission the full contact can only be read on record (app/services/cases/access.py).
    """
    if application.submitted_at is not None:
        return present_masked(application)
    own = STAFF_CHANNELS[application.channel]
    return present_masked(application, [key for key, source in application.sources.items() if source == own])


def present_masked(application: Application, typed: Collection[str] = ()) -> dict[str, Any]:
    """An application with personal data masked and the position left out, except for the fields that its
    reader has just `typed`.
    """
    answer = present_application(application)
    hidden = {
        field.key: _masked(field, application.answers[field.key])
        for field in form_of(application.program_key).fields
        if field.key in application.answers and field.key not in typed and _is_personal(field)
    }
    return {**answer, "answers": {**application.answers, **hidden}}


def _is_personal(field: FormField) -> bool:
    return field.personal or field.kind is FieldKind.LOCATION


def _masked(field: FormField, value: Any) -> Any:
    if not isinstance(value, str):
        return None
    if field.kind is FieldKind.PHONE:
        return mask_phone(phones.number_of(value))
    return mask_address(value) if field.key == "address" else mask_name(value)


def _owner(answers: Mapping[str, Any]) -> tuple[str, str | None]:
    """The owner of an application by its contact phone: the phone's hash, and the customer who has
    proved it.
    """
    phone = answers.get("contact_phone")
    if not isinstance(phone, str):
        raise FieldsError(
            [{"field": "contact_phone", "code": "required", "message": "请填写客户的联系电话。"}]
        )
    hashed = phones.phone_hash(phone)
    return hashed, phone_owners.owner_of(hashed)


def _latest_submitted(customer_id: str) -> Application | None:
    return db.session.scalar(
        select(Application)
        .where(Application.customer_id == customer_id, Application.submitted_at.is_not(None))
        .order_by(Application.submitted_at.desc())
        .limit(1)
    )


def _add(
    program_key: str, answers: dict[str, Any], sources: dict[str, str], **who: str | None
) -> Application:
    now = clock.now()
    application = Application(
        id=new_id(),
        program_key=program_key,
        answers=answers,
        sources=sources,
        created_at=now,
        updated_at=now,
        **who,
    )
    db.session.add(application)
    db.session.flush()
    return application
