"""What is new in a conversation: one indexed read, asked all day by every open phone; and its pages."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Integer, and_, bindparam, select

from app.core import clock
from app.core.hotread import HotRead
from app.domain.errors import NotFoundError
from app.domain.talk import asking
from app.domain.talk.states import Side
from app.models import Case, Conversation, Document, Message, Staff
from app.services import city
from app.services.conversations import lines
from app.services.conversations.lines import COLUMNS, MessageLine, Positions, Row


@dataclass(frozen=True, slots=True)
class News:
    """What a phone that knows everything up to the change `after` is told.

    `etag` names all of it but the messages; `ask_again` is in seconds. `cursor` is what to ask with next;
    `more` says that it need not wait for that.
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
    """Messages in order; `before` leads to the page before, `cursor` to what is new."""

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
        """How far that side is."""
        if side is Side.CUSTOMER:
            return Positions(self.customer_delivered, self.customer_read)
        return Positions(self.staff_delivered, self.staff_read)

    def writing_at(self, side: Side) -> datetime | None:
        """When that side last said that it is writing."""
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


def _asked(*, of_owner: bool, news: bool) -> HotRead:
    """The conversation's head and the messages asked for, in one statement.

    From the case, where its owner asks, since the conversation may not have begun.
    """
    messages = Message.changed > bindparam("after") if news else Message.seq < bindparam("before")
    query = select(*_HEAD, *COLUMNS)
    if of_owner:
        query = query.select_from(Case).outerjoin(Conversation, Conversation.id == Case.id)
        query = query.where(Case.id == bindparam("id"), Case.customer_id == bindparam("customer_id"))
    else:
        query = query.select_from(Conversation).where(Conversation.id == bindparam("id"))
    query = (
        query.outerjoin(Message, and_(Message.conversation_id == bindparam("id"), messages))
        .outerjoin(Document, Document.id == Message.document_id)
        .outerjoin(Staff, Staff.id == Message.sender_id)
    )
    order = Message.changed if news else Message.seq.desc()
    return HotRead(query.order_by(order).limit(bindparam("limit", type_=Integer)))


_NEWS_OF_OWNER = _asked(of_owner=True, news=True)
_PAGE_OF_OWNER = _asked(of_owner=True, news=False)
_NEWS = _asked(of_owner=False, news=True)
_PAGE = _asked(of_owner=False, news=False)


def news_of_owner(customer_id: str, case_id: str, after: int, limit: int) -> News:
    """What is new for the owner of a case. Raises `NotFoundError` for anybody else's."""
    asked = {"id": case_id, "customer_id": customer_id, "after": after, "limit": limit}
    return _news(_owned(_NEWS_OF_OWNER.rows(asked)), Side.CUSTOMER, after, limit)


def page_of_owner(customer_id: str, case_id: str, before: int, limit: int) -> Page:
    """A page for the owner of a case, before the message numbered `before`. Raises `NotFoundError`."""
    asked = {"id": case_id, "customer_id": customer_id, "before": before, "limit": limit}
    return _page(_owned(_PAGE_OF_OWNER.rows(asked)), Side.CUSTOMER, limit)


def news_of_staff(conversation_id: str, after: int, limit: int) -> News:
    """What is new in a conversation that the caller may read."""
    return _news(
        _NEWS.rows({"id": conversation_id, "after": after, "limit": limit}), Side.STAFF, after, limit
    )


def page_of_staff(conversation_id: str, before: int, limit: int) -> Page:
    """A page of a conversation that the caller may read."""
    return _page(_PAGE.rows({"id": conversation_id, "before": before, "limit": limit}), Side.STAFF, limit)


def _owned(rows: list[list[Any]]) -> list[list[Any]]:
    if not rows:
        raise NotFoundError
    return rows


def _news(rows: list[list[Any]], side: Side, after: int, limit: int) -> News:
    head, found = _parted(rows)
    now, rules = clock.now(), city.current().talk.asking
    others, own = head.positions(side.other), head.positions(side)
    writing = asking.is_writing(rules, head.writing_at(side.other), now)
    more = len(found) == limit
    return News(
        etag=f"{head.counter}.{others.delivered}.{others.read}.{own.read}.{int(writing)}",
        ask_again=asking.seconds(rules, head.last_at, now, writing=writing),
        items=[lines.line(row, side, others) for row in found],
        cursor=found[-1].changed if more else max(head.counter, after),
        more=more,
        writing=writing,
        delivered=others.delivered,
        read=others.read,
        own_read=own.read,
    )


def _page(rows: list[list[Any]], side: Side, limit: int) -> Page:
    head, found = _parted(rows)
    others, own = head.positions(side.other), head.positions(side)
    return Page(
        items=[lines.line(row, side, others) for row in reversed(found)],
        before=found[-1].seq if len(found) == limit else None,
        cursor=head.counter,
        delivered=others.delivered,
        read=others.read,
        own_read=own.read,
    )


def _parted(rows: list[list[Any]]) -> tuple[_Head, list[Row]]:
    """The head, and the messages of those rows that have one."""
    width = len(_HEAD)
    if not rows or rows[0][0] is None:
        return _EMPTY, []
    return _Head(*rows[0][:width]), [Row(*row[width:]) for row in rows if row[width] is not None]
