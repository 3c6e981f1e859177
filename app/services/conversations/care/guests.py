"""Inviting a department into a conversation, and removing it."""

from sqlalchemy import delete

from app.core import clock, eventbus
from app.core.db import db
from app.domain.errors import FieldsError
from app.domain.events import GuestInvited
from app.models import Case, ConversationGuest
from app.services.conversations import open_conversation
from app.services.conversations.append_message import append_text
from app.services.installation import city
from app.services.people.staffing import Colleague


def invite_department(staff: Colleague, case: Case | None, conversation_id: str, department: str) -> None:
    """Lets everybody of a department read and answer; the customer sees the invitation.

    Inviting again changes nothing. Raises `FieldsError` for an unknown department.
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
    append_text(conversation, words.format(department_name=city.department_name(department)), now)
    eventbus.publish(GuestInvited(conversation.id, department))


def remove_department(conversation_id: str, department: str) -> None:
    """Removes the department; its messages stay."""
    db.session.execute(
        delete(ConversationGuest).where(
            ConversationGuest.conversation_id == conversation_id, ConversationGuest.department == department
        )
    )
