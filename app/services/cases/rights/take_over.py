"""The same person with a new WeChat account takes their cases over (docs/decisions/0032).

Two facts are asked: the number, which the new account has to own, and what is written on the application: the
case number together with the contact's name. A stranger to whom the carrier gave the number owns it too, and
may have been called by that name; a case number can't be guessed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select, update

from app.core import clock, eventbus
from app.core.crypto import keyed_hash
from app.core.db import db
from app.domain.errors import ConflictError, LookupFailedError, TooManyAttemptsError
from app.models import Application, Case, ChatPerson, Conversation, Customer, Medium
from app.services.history.timeline import by_customer, note
from app.services.operations import attempts
from app.services.people.identity import require_consent

WINDOW = timedelta(days=1)
TRIES_A_DAY = 5


@dataclass(frozen=True, slots=True)
class CaseTakenOver:
    """A case went from one account of its customer to another one."""

    case_id: str
    former_id: str
    customer_id: str


def take_over(customer_id: str, number: str, contact_name: str) -> Sequence[str]:
    """Moves the cases of a former account with the customer's own number; their ids, oldest first.

    `number` is the number of one of these cases, `contact_name` the name on its application; whichever is
    wrong, the refusal is the same. At most 5 tries a day of one account, and for one case number. Each
    success stands in the history of the case, and so does a try with the right numbers and a wrong name.
    Raises `ConsentNeededError`, `ConflictError` without an own number, `LookupFailedError`,
    `TooManyAttemptsError`.
    """
    require_consent(customer_id)
    customer = db.session.get_one(Customer, customer_id)
    if customer.phone_hash is None:
        raise ConflictError("请先授权手机号，再找回以前的报装。")
    for source in (keyed_hash("takeover", customer_id), keyed_hash("takeover number", number)):
        if attempts.count_attempt(source, WINDOW) > TRIES_A_DAY:
            raise TooManyAttemptsError(
                "尝试次数过多，请明天再试，或联系您的客户管家。", WINDOW.days * 24 * 3600
            )
    found = _found(customer, number)
    if found is None or not _same_name(found, contact_name):
        if found is not None:
            note(found.id, clock.now(), "takeover_refused", by_customer(customer_id))
        raise LookupFailedError("没有核对上，请核对受理编号和申请表上的联系人姓名，或联系您的客户管家。")
    return _move(customer, found.customer_id or "")


def _found(customer: Customer, number: str) -> Case | None:
    """The claimed case of somebody else with this number, applied for with the customer's own phone."""
    return db.session.scalar(
        select(Case).where(
            Case.number == number,
            Case.phone_hash == customer.phone_hash,
            Case.customer_id.is_not(None),
            Case.customer_id != customer.id,
        )
    )


def _same_name(case: Case, name: str) -> bool:
    written = db.session.get_one(Application, case.application_id).answers.get("contact_name")
    return isinstance(written, str) and "".join(written.split()) == "".join(name.split())


def _move(customer: Customer, former_id: str) -> list[str]:
    now = clock.now()
    cases = db.session.scalars(
        select(Case)
        .where(Case.customer_id == former_id, Case.phone_hash == customer.phone_hash)
        .order_by(Case.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    ids = [case.id for case in cases]
    for case in cases:
        case.customer_id = customer.id
    db.session.flush()
    db.session.execute(
        update(Application)
        .where(Application.id.in_([case.application_id for case in cases]))
        .values(customer_id=customer.id)
    )
    db.session.execute(
        update(Conversation).where(Conversation.case_id.in_(ids)).values(customer_id=customer.id)
    )
    _leave_chat(db.session.get_one(Customer, former_id), ids)
    for case in cases:
        note(case.id, now, "case_taken_over", by_customer(customer.id))
        eventbus.publish(CaseTakenOver(case.id, former_id, customer.id))
    return ids


def _leave_chat(former: Customer, case_ids: Sequence[str]) -> None:
    """What the former account writes in WeChat's chats no longer goes into these cases."""
    for medium, openid in ((Medium.MINI_PROGRAM, former.openid), (Medium.SERVICE, former.service_openid)):
        db.session.execute(
            update(ChatPerson)
            .where(
                ChatPerson.medium == medium,
                ChatPerson.openid == openid,
                ChatPerson.conversation_id.in_(case_ids),
            )
            .values(conversation_id=None, choices=[], asked_from=None)
        )
