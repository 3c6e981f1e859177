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
