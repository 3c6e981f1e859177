"""Sending: the customer and the utility write to each other; what follows from it is set in motion."""

from app.core import clock
from app.domain.errors import FieldsError
from app.domain.talk import replies
from app.domain.talk.states import Side
from app.models import Case, Conversation, Message
from app.services.conversations import answering, finding, presence, pushing, replying, safety
from app.services.conversations.appending import Sending, append, sent_before
from app.services.conversations.content import Content
from app.services.staffing import Colleague
from app.services.timeline import by_customer, by_staff


def by_owner(case: Case, customer_id: str, content: Content, client_id: str) -> Message:
    """The customer writes in their case's conversation; the same `client_id` again is the same message."""
    conversation = finding.of_case(case)
    return take(conversation, content, Sending(by_customer(customer_id), client_id))


def take(conversation: Conversation, content: Content, sending: Sending) -> Message:
    """A customer's message in a locked conversation, by whatever medium it came."""
    earlier = sent_before(conversation, content, sending)
    if earlier is not None:
        return earlier
    now = clock.now()
    message = append(conversation, content, sending, now)
    answering.asked(conversation, now)
    pushing.expect(conversation, Side.STAFF, message)
    if not content.ours:
        safety.ask(message, safety.openid_of(conversation))
    return message


def by_member(
    staff: Colleague,
    case: Case | None,
    conversation_id: str,
    content: Content,
    client_id: str,
    *,
    urgent: bool,
) -> Message:
    """Somebody of the utility answers; an `urgent` message is pushed at night, too.

    Raises `FieldsError` for a quick reply in which something is not filled in.
    """
    unfilled = replies.unfilled(str(content.values.get("text", "")))
    if unfilled:
        asked = f"还有未填写的项：{'、'.join(unfilled)}，请补充后再发送。"
        raise FieldsError([{"field": "text", "code": "unfilled", "message": asked}])
    conversation = finding.for_writing(case, conversation_id)
    sending = Sending(by_staff(staff.id), client_id, urgent=urgent)
    earlier = sent_before(conversation, content, sending)
    if earlier is not None:
        return earlier
    now = clock.now()
    presence.take_up(conversation, staff)
    message = append(conversation, content, sending, now)
    answering.answered(conversation)
    replying.carry(conversation, message)
    pushing.expect(conversation, Side.CUSTOMER, message)
    safety.ask(message, safety.openid_of_member(staff.id))
    return message
