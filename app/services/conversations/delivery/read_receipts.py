"""Read receipts: how far each side's phone has fetched and its user has read. Positions only grow."""

from typing import Any

from sqlalchemy import case as choose
from sqlalchemy import null, select, update

from app.core import clock
from app.core.db import db
from app.core.upsert import insert_or_update
from app.domain.conversation.message_states import Side
from app.models import Conversation, ConversationReader
from app.services.people.staffing import Colleague


def advance_customer(conversation_id: str, delivered: int, read: int) -> None:
    """The customer's phone has fetched up to `delivered`, and they have read up to `read`."""
    _advance(conversation_id, Side.CUSTOMER, delivered, read)


def advance_staff(staff: Colleague, conversation_id: str, delivered: int, read: int) -> None:
    """The same for staff; what one of them has read, the utility has read."""
    _advance(conversation_id, Side.STAFF, delivered, read)
    mine = select(Conversation.id, _bounded(read)).where(Conversation.id == conversation_id)
    known = db.session.connection().execute(mine).first()
    if known is None:
        return
    insert_or_update(
        ConversationReader,
        {"conversation_id": conversation_id, "staff_id": staff.id, "read": known[1]},
        conflict=("conversation_id", "staff_id"),
        changes=lambda fresh: {"read": _greater(ConversationReader.read, fresh.read)},
    )


def mark_typing(conversation_id: str, side: Side) -> None:
    """Records that a side is typing; does nothing before the conversation exists."""
    column = "customer_writing_at" if side is Side.CUSTOMER else "staff_writing_at"
    db.session.execute(
        update(Conversation)
        .where(Conversation.id == conversation_id)
        .values({column: clock.now()})
        .execution_options(synchronize_session=False)
    )


def _advance(conversation_id: str, side: Side, delivered: int, read: int) -> None:
    """What was read has been delivered; positions never pass the last message."""
    pushed = getattr(Conversation, f"{side}_pushed_at")
    columns = {
        "delivered": getattr(Conversation, f"{side}_delivered"),
        "read": getattr(Conversation, f"{side}_read"),
    }
    db.session.execute(
        update(Conversation)
        .where(Conversation.id == conversation_id)
        .values(
            {
                columns["delivered"]: _greater(columns["delivered"], _bounded(max(delivered, read))),
                columns["read"]: _greater(columns["read"], _bounded(read)),
                # Reading ends a burst: later messages are pushed again.
                pushed: choose((columns["read"] < _bounded(read), null()), else_=pushed),
            }
        )
        .execution_options(synchronize_session=False)
    )


def _bounded(position: int) -> Any:
    return choose((Conversation.counter < position, Conversation.counter), else_=position)


def _greater(held: Any, told: Any) -> Any:
    return choose((held < told, told), else_=held)
