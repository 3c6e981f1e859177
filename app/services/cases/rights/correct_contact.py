"""Correcting contact, phone, address and position after submission (PIPL 46), with what follows from it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.core import clock, eventbus
from app.core.db import db
from app.domain.errors import FieldsError
from app.models import Application, Case
from app.services.applications.answers import check, form_of, normalised
from app.services.applications.drafts import FROM_CUSTOMER
from app.services.cases.submit import lookup_hash
from app.services.history.timeline import by_customer, note
from app.services.people.phones import phone_hash
from app.services.scheduling import changed_places

CORRECTABLE = ("contact_name", "contact_phone", "address", "location")
_PLACE = frozenset({"address", "location"})


@dataclass(frozen=True, slots=True)
class ContactCorrected:
    """The customer corrected their own data in a case; `fields` are keys of the form."""

    case_id: str
    fields: tuple[str, ...]


def correct_contact(case: Case, customer_id: str, corrections: Mapping[str, Any]) -> dict[str, Any]:
    """Corrects what is wrong in a case that is locked (`customer_case(…, to_move=True)`).

    Everything that reads the form reads the new values at once. The crews of booked visits hear of a new
    place and their calendar files become newer; search and public look-up know the new phone. Papers keep
    what was agreed to. An address and its position are corrected together, since one alone would contradict
    the other. Returns the present values. Raises `FieldsError` with every fault.
    """
    application = db.session.get_one(
        Application, case.application_id, with_for_update=True, populate_existing=True
    )
    form = form_of(application.program_key)
    if _PLACE & set(corrections) and not set(corrections) >= _PLACE:
        (missing,) = _PLACE - set(corrections)
        raise FieldsError(
            [{"field": missing, "code": "required", "message": "请同时更正地址和地图位置，以便上门。"}]
        )
    check(form, corrections, partial=True)
    before = application.answers
    answers = {**before, **normalised(form, dict(corrections))}
    changed = tuple(key for key in CORRECTABLE if answers.get(key) != before.get(key))
    if changed:
        application.answers = answers
        application.sources = {**application.sources, **dict.fromkeys(changed, FROM_CUSTOMER)}
        application.updated_at = clock.now()
        if "contact_phone" in changed:
            _follow_phone(case, application, before.get("contact_phone"), answers["contact_phone"])
        db.session.flush()
        note(case.id, clock.now(), "contact_corrected", by_customer(customer_id), {"fields": list(changed)})
        if _PLACE & set(changed):
            changed_places.place_changed(application.id)
        eventbus.publish(ContactCorrected(case.id, changed))
    return {key: answers.get(key) for key in CORRECTABLE}


def _follow_phone(case: Case, application: Application, former: str | None, phone: str) -> None:
    case.lookup_hash = lookup_hash(case.number, phone)
    # A case that the customer applied for stands under the number they proved; any other under its contact's.
    if former is None or case.phone_hash == phone_hash(former):
        case.phone_hash = application.phone_hash = phone_hash(phone)
