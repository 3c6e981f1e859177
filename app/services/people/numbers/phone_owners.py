"""Whose a phone number is: the customer who proved it last, one at a time (docs/decisions/0032).

Whoever asks for the owner in order to give them something, such as a case taken by telephone, holds a shared
lock of the number until the transaction ends, and a proof holds it alone. So a case goes to the owner of the
moment at which it comes into being, and none is left without an owner between the two.
"""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import exists, or_, select, update

from app.core import advisory_lock
from app.core.db import db
from app.domain.errors import ConflictError
from app.models import Application, Case, Conversation, Customer
from app.services.people.phones import phone_hash

BY_CUSTOMER = "miniprogram"
"""The channel of applications that customers begin; all others belong to whoever proved the phone."""

# Of the locks: one for each number, by its hash.
_AREA = "pho"


def owner_of(hashed: str) -> str | None:
    """The customer who owns the number with this hash; nobody else can become it in this transaction."""
    keep_owners({hashed})
    # Not by the session, which would first write, and so lock, what the caller has changed.
    return db.session.connection().scalar(select(Customer.id).where(Customer.phone_hash == hashed))


def keep_owners(hashes: Collection[str]) -> None:
    """No number with one of these hashes changes its owner until the transaction ends.

    Take it before any lock of a case or an application: a proof locks in this order, too.
    """
    if hashes:
        advisory_lock.wait_for(_AREA, *hashes, shared=True)


def prove(customer_id: str, number: str, proved_at: datetime) -> Customer:
    """Makes the customer the owner of a number (E.164) that they proved at `proved_at`.

    The former owner has no number any more. They keep the cases that are theirs; their own unsubmitted drafts
    ask for a number again. What waits for the owner of the number is the customer's from now on: cases and
    applications of nobody, and unsubmitted applications that staff took for the number.
    Raises `ConflictError` when the number, or another number by this customer, was proved later than this.
    """
    hashed = phone_hash(number)
    advisory_lock.wait_for(_AREA, hashed)
    involved = db.session.scalars(
        select(Customer)
        .where(or_(Customer.id == customer_id, Customer.phone_hash == hashed))
        # Everybody in the same order: two people may exchange their numbers at the same moment.
        .order_by(Customer.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).all()
    customer = next(each for each in involved if each.id == customer_id)
    if any(each.phone_proved_at is not None and each.phone_proved_at > proved_at for each in involved):
        if customer.phone_hash == hashed:
            return customer
        raise ConflictError("该手机号刚刚有更新的验证，请再次点击授权手机号按钮。")
    for former in involved:
        if former is not customer:
            former.phone = former.phone_hash = former.phone_proved_at = None
            _own_drafts(former.id, None)
    db.session.flush()
    customer.phone, customer.phone_hash, customer.phone_proved_at = number, hashed, proved_at
    db.session.flush()
    _own_drafts(customer_id, hashed)
    _claim(customer_id, hashed)
    return customer


def _own_drafts(customer_id: str, hashed: str | None) -> None:
    """The drafts that somebody fills in themselves carry their own number."""
    db.session.execute(
        update(Application)
        .where(
            Application.customer_id == customer_id,
            Application.channel == BY_CUSTOMER,
            Application.submitted_at.is_(None),
        )
        .values(phone_hash=hashed)
    )


def _claim(customer_id: str, hashed: str) -> None:
    waits = or_(
        Application.customer_id.is_(None),
        # Taken for the number, and no case yet: a case that somebody has claimed stays theirs.
        (Application.channel != BY_CUSTOMER)
        & Application.submitted_at.is_(None)
        & ~exists().where(Case.application_id == Application.id),
    )
    db.session.execute(
        update(Application)
        .where(Application.phone_hash == hashed, waits)
        .values(customer_id=customer_id)
        .execution_options(synchronize_session=False)
    )
    claimed = db.session.scalars(
        update(Case)
        .where(Case.phone_hash == hashed, Case.customer_id.is_(None))
        .values(customer_id=customer_id)
        .returning(Case.id)
        .execution_options(synchronize_session=False)
    ).all()
    if claimed:
        db.session.execute(
            update(Conversation).where(Conversation.case_id.in_(claimed)).values(customer_id=customer_id)
        )
