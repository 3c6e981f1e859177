"""Polling a conversation: one indexed read for every open phone, all day; and its pages."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Integer, bindparam, select

from app.core import clock
from app.core.prepared_query import PreparedQuery
from app.domain.conversation import poll_interval
from app.domain.conversation.message_states import Side
from app.domain.errors import NotFoundError
from app.models import Case, Conversation, Document, Message, Staff
from app.services.conversations.views import message_view
from app.services.conversations.views.message_view import COLUMNS, MessageLine, Positions, Row
from app.services.installation import city


@dataclass(frozen=True, slots=True)
class Changes:
    """The changes after `after`.

    `etag` covers everything but the messages. `ask_again` is in seconds. `cursor`: what to ask with next.
    `more`: ask again at once.
    """

    etag: str
    ask_again: int
    items: list[MessageLine]
    cursor: int
    more: bool
    writing: bool
    delivered: int
    read: int
    own_read: int


@dataclass(frozen=True, slots=True)
class Page:
    """Messages in order. `before` leads to the previous page, `cursor` to changes."""

    items: list[MessageLine]
    before: int | None
    cursor: int
    delivered: int
    read: int
    own_read: int


class _Head(NamedTuple):
    counter: int
    last_at: datetime | None
    customer_delivered: int
    customer_read: int
    staff_delivered: int
    staff_read: int
    customer_writing_at: datetime | None
    staff_writing_at: datetime | None

    def positions(self, side: Side) -> Positions:
        """The positions of that side."""
        if side is Side.CUSTOMER:
            return Positions(self.customer_delivered, self.customer_read)
        return Positions(self.staff_delivered, self.staff_read)

    def writing_at(self, side: Side) -> datetime | None:
        """When that side last said that it is typing."""
        return self.customer_writing_at if side is Side.CUSTOMER else self.staff_writing_at


_HEAD = (
    Conversation.counter,
    Conversation.last_at,
    Conversation.customer_delivered,
    Conversation.customer_read,
    Conversation.staff_delivered,
    Conversation.staff_read,
    Conversation.customer_writing_at,
    Conversation.staff_writing_at,
)
_EMPTY = _Head(0, None, 0, 0, 0, 0, None, None)


# From the case when its owner asks, since the conversation may not exist yet.
_HEAD_OF_OWNER = PreparedQuery(
    select(*_HEAD)
    .select_from(Case)
    .outerjoin(Conversation, Conversation.id == Case.id)
    .where(Case.id == bindparam("id"), Case.customer_id == bindparam("customer_id"))
)
_HEAD_OF_ANY = PreparedQuery(select(*_HEAD).where(Conversation.id == bindparam("id")))
_MESSAGES = (
    select(*COLUMNS)
    .outerjoin(Document, Document.id == Message.document_id)
    .outerjoin(Staff, Staff.id == Message.sender_id)
    .where(Message.conversation_id == bindparam("id"))
    .limit(bindparam("limit", type_=Integer))
)
_CHANGED = PreparedQuery(_MESSAGES.where(Message.changed > bindparam("after")).order_by(Message.changed))
_AFTER = PreparedQuery(_MESSAGES.where(Message.seq > bindparam("after")).order_by(Message.seq))
_BEFORE = PreparedQuery(_MESSAGES.where(Message.seq < bindparam("before")).order_by(Message.seq.desc()))


def changes_for_owner(customer_id: str, case_id: str, after: int, limit: int) -> Changes:
    """The changes for the owner of a case. Raises `NotFoundError` for anybody else's."""
    return _news(_owned(customer_id, case_id), case_id, Side.CUSTOMER, after, limit)


def page_for_owner(customer_id: str, case_id: str, before: int, limit: int) -> Page:
    """A page for the owner of a case, before message number `before`. Raises `NotFoundError`."""
    return _page(_owned(customer_id, case_id), case_id, Side.CUSTOMER, before, limit)


def messages_for_owner(customer_id: str, case_id: str, after: int, limit: int) -> list[MessageLine]:
    """The first messages after number `after`, in order. Raises `NotFoundError` for anybody but the owner."""
    others = _owned(customer_id, case_id).positions(Side.STAFF)
    rows = _AFTER.rows({"id": case_id, "after": after, "limit": limit})
    return [message_view.message_line(Row(*row), Side.CUSTOMER, others) for row in rows]


def changes_for_staff(conversation_id: str, after: int, limit: int) -> Changes:
    """The changes of a conversation that the caller may read."""
    return _news(_any(conversation_id), conversation_id, Side.STAFF, after, limit)


def page_for_staff(conversation_id: str, before: int, limit: int) -> Page:
    """A page of a conversation that the caller may read."""
    return _page(_any(conversation_id), conversation_id, Side.STAFF, before, limit)


def _owned(customer_id: str, case_id: str) -> _Head:
    rows = _HEAD_OF_OWNER.rows({"id": case_id, "customer_id": customer_id})
    if not rows:
        raise NotFoundError
    return _EMPTY if rows[0][0] is None else _Head(*rows[0])


def _any(conversation_id: str) -> _Head:
    rows = _HEAD_OF_ANY.rows({"id": conversation_id})
    return _Head(*rows[0]) if rows else _EMPTY


def _news(head: _Head, conversation_id: str, side: Side, after: int, limit: int) -> Changes:
    """Without changes the one indexed read of the head was all.

    Changes are numbered under the conversation's lock, so everything the head counts can be read after it;
    what was written in between is included, and the cursor covers it.
    """
    found = []
    if head.counter > after:
        asked = {"id": conversation_id, "after": after, "limit": limit}
        found = [Row(*row) for row in _CHANGED.rows(asked)]
    now, rules = clock.now(), city.current().talk.asking
    others, own = head.positions(side.other), head.positions(side)
    writing = poll_interval.is_writing(rules, head.writing_at(side.other), now)
    more = len(found) == limit
    known = found[-1].changed if found else after
    return Changes(
        etag=f"{head.counter}.{others.delivered}.{others.read}.{own.read}.{int(writing)}",
        ask_again=poll_interval.seconds(rules, head.last_at, now, writing=writing),
        items=[message_view.message_line(row, side, others) for row in found],
        cursor=known if more else max(head.counter, known),
        more=more,
        writing=writing,
        delivered=others.delivered,
        read=others.read,
        own_read=own.read,
    )


def _page(head: _Head, conversation_id: str, side: Side, before: int, limit: int) -> Page:
    rows = _BEFORE.rows({"id": conversation_id, "before": before, "limit": limit})
    found = [Row(*row) for row in rows]
    others, own = head.positions(side.other), head.positions(side)
    return Page(
        items=[message_view.message_line(row, side, others) for row in reversed(found)],
        before=found[-1].seq if len(found) == limit else None,
        # As the head counted; what was written since comes with the next poll, perhaps a second time.
        cursor=head.counter,
        delivered=others.delivered,
        read=others.read,
        own_read=own.read,
    )
