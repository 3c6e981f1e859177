"""Recalling a message within the city's time limit. Messages are never edited."""

from sqlalchemy import select

from app.core import clock
from app.core.db import db
from app.domain.conversation import message_states
from app.domain.errors import ConflictError, NotFoundError
from app.models import Case, Medium, Message
from app.services.conversations import answer_clock, open_conversation
from app.services.conversations.append_message import ANSWER, mark_changed
from app.services.documents import deletion
from app.services.installation import city


def recall_message(case: Case | None, conversation_id: str, sender_id: str, message_id: str) -> Message:
    """Recalls one's own message: its content is deleted for both sides.

    Raises `NotFoundError` for anybody else's, `ConflictError` after the time limit, and for answers to chases
    and complaints, which stay on record. Repeating it changes nothing.
    """
    found = db.session.scalar(
        select(Message).where(
            Message.id == message_id,
            Message.conversation_id == conversation_id,
            Message.sender_id == sender_id,
        )
    )
    if found is None:
        raise NotFoundError
    conversation = open_conversation.for_writing(case, conversation_id)
    db.session.refresh(found)
    if found.recalled_at is not None:
        return found
    if (found.client_id or "").startswith(ANSWER):
        raise ConflictError("对催办或投诉的答复不能撤回。如有更正，请再发一条说明。")
    now, rules = clock.now(), city.current().talk.message
    if not message_states.may_recall(found.sent_at, now, rules.recall):
        minutes = int(rules.recall.total_seconds() // 60)
        raise ConflictError(f"发送已超过{minutes}分钟，不能撤回。如有更正，请再发一条说明。")
    sent, found.document_id = found.document_id, None
    found.recalled_at, found.content = now, {}
    mark_changed(conversation, found)
    answer_clock.recompute_answer_clock(conversation)
    if found.medium != Medium.APP:
        # It came with the message and with nothing else; what was uploaded to the case stays there.
        deletion.delete_documents([sent])
    return found
