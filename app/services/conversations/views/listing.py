"""A manager's conversations: unanswered ones first, none hidden."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, literal, or_, select

from app.core import clock
from app.core.db import db
from app.models import Actor, Case, Conversation, ConversationReader, Message, Staff
from app.services.conversations import conversation_access
from app.services.installation import city
from app.services.people.staffing import Colleague


@dataclass(frozen=True, slots=True)
class ConversationLine:
    """A conversation in a list. `overdue`: its first answer is late."""

    id: str
    case_id: str | None
    case_number: str | None
    topic: str
    holder_name: str
    last_at: datetime | None
    waiting_since: datetime | None
    answer_due_at: datetime | None
    overdue: bool
    unread: int


def unanswered(staff: Colleague) -> list[ConversationLine]:
    """Every conversation in which a customer waits, longest waiting first; for supervisors everybody's.

    Not paged, since a page would hide the rest, and these are few.
    """
    query = _lines(staff).where(
        Conversation.waiting_since.is_not(None),
        or_(literal(staff.is_supervisor), conversation_access.held_by(staff, clock.now())),
    )
    return _read(query.order_by(Conversation.waiting_since, Conversation.id))


def conversations_of_staff(staff: Colleague, before: datetime | None, limit: int) -> list[ConversationLine]:
    """One's own conversations, most recent first, with a last message before `before`."""
    query = _lines(staff).where(
        conversation_access.held_by(staff, clock.now()), Conversation.last_at.is_not(None)
    )
    if before is not None:
        query = query.where(Conversation.last_at < before)
    return _read(query.order_by(Conversation.last_at.desc(), Conversation.id).limit(limit))


def conversation_line(staff: Colleague, conversation_id: str) -> ConversationLine | None:
    """One conversation that the caller may read; None before its first message."""
    found = _read(_lines(staff).where(Conversation.id == conversation_id))
    return found[0] if found else None


def _lines(staff: Colleague) -> Select[Any]:
    unread = (
        select(func.count())
        .where(
            Message.conversation_id == Conversation.id,
            Message.author == Actor.CUSTOMER,
            Message.recalled_at.is_(None),
            Message.seq > func.coalesce(ConversationReader.read, 0),
        )
        .correlate(Conversation, ConversationReader)
        .scalar_subquery()
    )
    return (
        select(
            Conversation.id,
            Conversation.case_id,
            Case.number,
            Case.project_name,
            Staff.name,
            Conversation.last_at,
            Conversation.waiting_since,
            Conversation.answer_due_at,
            unread,
        )
        .join(Staff, Staff.id == Conversation.holder_id)
        .outerjoin(Case, Case.id == Conversation.case_id)
        .outerjoin(
            ConversationReader,
            (ConversationReader.conversation_id == Conversation.id)
            & (ConversationReader.staff_id == staff.id),
        )
    )


def _read(query: Select[Any]) -> list[ConversationLine]:
    now, topic = clock.now(), city.current().talk.texts["enquiry_topic"]
    return [
        ConversationLine(
            id=id_,
            case_id=case_id,
            case_number=number,
            topic=project_name or topic,
            holder_name=holder_name,
            last_at=last_at,
            waiting_since=waiting_since,
            answer_due_at=due_at,
            overdue=due_at is not None and now >= due_at,
            unread=unread,
        )
        for id_, case_id, number, project_name, holder_name, last_at, waiting_since, due_at, unread in (
            db.session.execute(query)
        )
    ]
