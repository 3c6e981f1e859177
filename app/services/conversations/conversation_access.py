"""Who may read and answer a conversation. One that somebody may not see does not exist for them (404).

A case's conversation has the id of the case and is created with its first message; before that it is empty.
"""

from datetime import datetime

from sqlalchemy import ColumnElement, and_, exists, literal, or_, select
from sqlalchemy.orm import InstrumentedAttribute, aliased

from app.core import clock
from app.core.db import db
from app.domain.errors import NotAllowedError, NotFoundError
from app.models import Case, Conversation, ConversationGuest
from app.services.cases import access
from app.services.people import acting
from app.services.people.staffing import Colleague

__all__ = ["Conversation"]


def readable_by(staff: Colleague, conversation_id: str) -> Case | None:
    """The case of a conversation that this member of staff may read; None for a general enquiry.

    Readers are the manager, who acts for them, whoever holds the conversation, invited departments, and
    supervisors.

    Raises `NotFoundError`, or `NotAllowedError` for somebody who works on the case but was not invited.
    """
    if db.session.get(Case, conversation_id) is None:
        if (
            db.session.scalar(select(Conversation.id).where(_may_read_enquiry(staff, conversation_id)))
            is None
        ):
            raise NotFoundError
        return None
    found = db.session.scalar(select(Case).where(Case.id == conversation_id, _may_read_case(staff)))
    if found is None:
        access.staff_case(staff, conversation_id)
        raise NotAllowedError("您尚未受邀参加该沟通，请联系客户管家邀请您的部门。")
    return found


def answerable_by(staff: Colleague, conversation_id: str) -> Case | None:
    """The same for those who may answer as the responsible side. Raises `NotAllowedError` for a guest."""
    case = readable_by(staff, conversation_id)
    if case is not None and not staff.is_supervisor:
        holder = db.session.scalar(select(Conversation.holder_id).where(Conversation.id == conversation_id))
        now = clock.now()
        answering = {case.manager_id, acting.acts_for(case.manager_id, now), holder}
        if holder is not None:
            answering.add(acting.acts_for(holder, now))
        if staff.id not in answering:
            raise NotAllowedError("仅该客户的客户管家或督办可办理此项，请联系客户管家。")
    return case


def held_by(staff: Colleague, now: datetime) -> ColumnElement[bool]:
    """The condition for the conversations that this member of staff answers: held ones and those of
    their cases.

    The customer's manager sees them also while a deputy answers.
    """
    return _held_by(staff, acting.principals(staff.id, now))


def falls_to(staff: Colleague, holder_id: InstrumentedAttribute[str], now: datetime) -> ColumnElement[bool]:
    """The condition for what this member of staff must handle: their own, and that of people for whom
    they act.
    """
    return holder_id.in_(sorted(acting.principals(staff.id, now)))


def _held_by(staff: Colleague, principals: frozenset[str]) -> ColumnElement[bool]:
    # An alias, since the query may join the case as well.
    own = aliased(Case)
    named = exists().where(own.id == Conversation.case_id, own.manager_id == staff.id)
    return or_(Conversation.holder_id.in_(sorted(principals)), named)


def _may_read_case(staff: Colleague) -> ColumnElement[bool]:
    principals = acting.principals(staff.id, clock.now())
    return or_(
        literal(staff.is_supervisor),
        Case.manager_id.in_(sorted(principals)),
        exists().where(Conversation.id == Case.id, _held_by(staff, principals)),
        exists().where(
            ConversationGuest.conversation_id == Case.id, ConversationGuest.department == staff.department
        ),
    )


def _may_read_enquiry(staff: Colleague, conversation_id: str) -> ColumnElement[bool]:
    return and_(
        Conversation.id == conversation_id,
        Conversation.case_id.is_(None),
        or_(literal(staff.is_supervisor), held_by(staff, clock.now())),
    )
