"""Asking a department into a conversation, and letting it go again."""

from sqlalchemy import delete

from app.core import clock, eventbus
from app.core.db import db
from app.domain.errors import FieldsError
from app.domain.events import GuestInvited
from app.models import Case, ConversationGuest
from app.services.conversations import open_conversation
from app.services.conversations.append_message import say
from app.services.installation import city
from app.services.people.staffing import Colleague


def invite(staff: Colleague, case: Case | None, conversation_id: str, department: str) -> None:
    """Let everybody of a department read and answer; the customer sees that they were asked.

    Again changes nothing. Raises `FieldsError` for a department that there is not.
    """
    if department not in city.current().departments:
        fault = {"field": "department", "code": "invalid", "message": "没有这个部门，请从列表中选择。"}
        raise FieldsError([fault])
    conversation = open_conversation.for_writing(case, conversation_id)
    if db.session.get(ConversationGuest, (conversation.id, department)) is not None:
        return
    now = clock.now()
    db.session.add(
        ConversationGuest(
            conversation_id=conversation.id, department=department, invited_by=staff.id, invited_at=now
        )
    )
    words = city.current().talk.texts["invited"]
    say(conversation, words.format(department_name=city.department_name(department)), now)
    eventbus.publish(GuestInvited(conversation.id, department))


def let_go(conversation_id: str, department: str) -> None:
    """The department is no longer needed; what it said stays."""
    db.session.execute(
        delete(ConversationGuest).where(
            ConversationGuest.conversation_id == conversation_id, ConversationGuest.department == department
        )
    )
