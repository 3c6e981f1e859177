"""What is left of an account beside its own row: log-ins, kept answers, copies, openids."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import delete, update
from sqlalchemy.orm import InstrumentedAttribute

from app.core.db import db
from app.models import Conversation, Customer, DataCopy, IdempotencyRecord, MessageCheck, Session

_OF_CUSTOMER: tuple[InstrumentedAttribute[Any], ...] = (
    Session.subject_id,
    IdempotencyRecord.subject_id,
    DataCopy.customer_id,
)


ERASED = "erased-"


def name_nobody(customer: Customer) -> None:
    """The account stays as the anchor of what a law asks to keep; nothing of it names the person any more."""
    customer.unionid = customer.service_openid = None
    customer.openid = f"{ERASED}{customer.id}"


def is_erased(customer: Customer) -> bool:
    """Whether the account was deleted."""
    return customer.openid.startswith(ERASED)


def delete_traces(customer: Customer | None, openids: Collection[str]) -> int:
    """Deletes them, and ends every login by that. Returns how many rows."""
    deleted = 0
    if customer is not None:
        for column in _OF_CUSTOMER:
            deleted += _run(delete(column.class_).where(column == customer.id))
    deleted += _run(delete(MessageCheck).where(MessageCheck.openid.in_(sorted(openids))))
    _run(update(Conversation).where(Conversation.openid.in_(sorted(openids))).values(openid=None))
    return deleted


def _run(statement: Any) -> int:
    outcome = db.session.execute(statement, execution_options={"synchronize_session": False})
    return int(getattr(outcome, "rowcount", 0))
