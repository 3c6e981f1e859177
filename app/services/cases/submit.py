"""Submitting an application: creates the case, its named manager and its first stage in one transaction."""

import secrets
from datetime import datetime

from sqlalchemy import bindparam, select

from app.core import clock, eventbus
from app.core.crypto import keyed_hash
from app.core.db import db
from app.core.ids import new_id
from app.core.prepared_query import PreparedQuery
from app.domain.errors import FieldsError, UnknownProgramError
from app.domain.events import CaseConfirmed, CaseOpened
from app.models import Actor, Application, Case
from app.services.applications.answers import check, form_of
from app.services.cases.flow.case_flow import CaseFlow
from app.services.documents import document_requests
from app.services.history.timeline import ENGINE, By, note, staff_of
from app.services.installation import city
from app.services.people import staffing
from app.services.people.identity import require_consent
from app.services.people.numbers import phone_owners
from app.services.people.phones import number_of, phone_hash

APPLICATION_FORM = "application_form"
LAST_DIGITS = 4


def submit(application: Application, by: By, *, confirmed: bool) -> Case:
    """Turns a complete application into a case. Submitting again returns the same case.

    A case in early service exists already: then the form completes it. `confirmed`: the customer submits
    in person, and has consented; otherwise they confirm on their phone later. Raises `FieldsError` with every
    fault, `ConsentNeededError`, `UnknownProgramError`, `NobodyAvailableError`.
    """
    # Two taps at once: on PostgreSQL the second waits here (SQLite allows one writer at a time anyway). Flush
    # first: a refresh discards changes of this transaction that were not sent yet.
    _keep_owners(application)
    db.session.flush()
    db.session.refresh(application, with_for_update=True)
    if application.submitted_at is not None:
        return db.session.scalars(select(Case).where(Case.application_id == application.id)).one()
    form = form_of(application.program_key)
    check(form, application.answers, partial=False)
    if application.phone_hash is None:
        raise FieldsError(
            [
                {
                    "field": "contact_phone",
                    "code": "unverified",
                    "message": "请先授权手机号，以便客户管家联系您。",
                }
            ]
        )
    if by.actor is Actor.CUSTOMER and by.id is not None:
        require_consent(by.id)
    now = clock.now()
    early = _EARLY.rows({"application_id": application.id})
    application.submitted_at = now
    if early:
        case = db.session.get_one(Case, early[0][0])
        _complete_form(case, application, by, now, confirmed=confirmed)
        return case
    if application.channel != phone_owners.BY_CUSTOMER:
        # Whoever owned the number when the form was begun may have lost it.
        application.customer_id = phone_owners.owner_of(application.phone_hash)
    case = new_case(application, application.channel, now, confirmed=confirmed)
    db.session.add(case)
    db.session.flush()
    ask_for_form(case)
    note(case.id, now, "case_opened", by, {"channel": case.channel})
    flow = CaseFlow.fresh(case)
    flow.add_event(CaseOpened(case.id, staff_of(by)))
    flow.open_stages(now)
    flow.publish()
    return case


def _keep_owners(application: Application) -> None:
    """Before any lock of the application: a proof of the number locks in this order, too."""
    named = application.answers.get("contact_phone")
    hashes = {phone_hash(named)} if isinstance(named, str) else set()
    phone_owners.keep_owners(hashes | ({application.phone_hash} if application.phone_hash else set()))


def lookup_hash(number: str, phone: str) -> str:
    """The hash that the public look-up compares: the case number bound to the phone's last four digits.

    An extension does not count.
    """
    return keyed_hash("lookup", f"{number}/{number_of(phone)[-LAST_DIGITS:]}")


def new_case(application: Application, channel: str, now: datetime, *, confirmed: bool) -> Case:
    """Creates a case for an application with contact phone, district and project name. Does not store it.

    Raises `UnknownProgramError`, `NobodyAvailableError`.
    """
    program = city.current().programs.get(application.program_key)
    if program is None or application.phone_hash is None:
        raise UnknownProgramError("没有这种业务，请从办事指南中选择。")
    answers = application.answers
    number = _new_number(now)
    return Case(
        id=new_id(),
        number=number,
        application_id=application.id,
        program_key=program.key,
        program_version=program.version,
        customer_id=application.customer_id,
        phone_hash=application.phone_hash,
        lookup_hash=lookup_hash(number, answers["contact_phone"]),
        manager_id=staffing.pick_manager(
            application.customer_id, application.phone_hash, answers["district"], now
        ),
        district=answers["district"],
        project_name=answers["project_name"],
        channel=channel,
        opened_at=now,
        confirmed_at=now if confirmed else None,
        calendar_version=city.working_time().version,
    )


def _complete_form(case: Case, application: Application, by: By, now: datetime, *, confirmed: bool) -> None:
    answers = application.answers
    case.project_name, case.district = answers["project_name"], answers["district"]
    case.lookup_hash = lookup_hash(case.number, answers["contact_phone"])
    if case.customer_id is None:
        # A wrong phone number from a partner would keep the customer from ever claiming the case.
        case.phone_hash = application.phone_hash = phone_hash(answers["contact_phone"])
        case.customer_id = application.customer_id = phone_owners.owner_of(case.phone_hash)
    ask_for_form(case)
    note(case.id, now, "form_completed", by)
    if confirmed:
        case.confirmed_at = now
        note(case.id, now, "case_confirmed", by)
    db.session.flush()
    eventbus.publish(CaseOpened(case.id, staff_of(by)))
    if confirmed:
        eventbus.publish(CaseConfirmed(case.id))


def _new_number(now: datetime) -> str:
    """A case number that can be said on the telephone: the local date and eight random digits.

    Random, so that nobody can count or enumerate cases. The unique constraint catches a collision.
    """
    day = now.astimezone(city.zone()).strftime("%y%m%d")
    while True:
        number = f"{day}{secrets.randbelow(10**8):08d}"
        if not _NUMBERED.rows({"number": number}):
            return number


_EARLY = PreparedQuery(select(Case.id).where(Case.application_id == bindparam("application_id")))
_NUMBERED = PreparedQuery(select(Case.id).where(Case.number == bindparam("number")))


def ask_for_form(case: Case) -> None:
    """Enters the form in the ledger: the one document that every program except three-zero asks for."""
    for document in city.program(case.program_key).documents:
        if document.key == APPLICATION_FORM:
            document_requests.enter_request(case, document, ENGINE)
