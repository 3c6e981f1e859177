"""Sending a message, from the customer or the utility, with everything that follows from it."""

from app.core import clock
from app.domain.conversation import quick_replies
from app.domain.conversation.message_states import Side
from app.domain.errors import FieldsError
from app.models import Case, Conversation, Message
from app.services.conversations import (
    answer_clock,
    content_checks,
    on_duty,
    open_conversation,
)
from app.services.conversations.append_message import Sending, append_message, sent_before
from app.services.conversations.delivery import unread_push, wechat_replies
from app.services.conversations.message_content import Content
from app.services.history.timeline import by_customer, by_staff
from app.services.people.staffing import Colleague


def send_by_customer(case: Case, customer_id: str, content: Content, client_id: str) -> Message:
    """The customer writes in their case's conversation; repeating a `client_id` returns the same message."""
    conversation = open_conversation.conversation_of_case(case)
    return add_customer_message(conversation, content, Sending(by_customer(customer_id), client_id))


def add_customer_message(conversation: Conversation, content: Content, sending: Sending) -> Message:
    """Adds a customer's message to a locked conversation, from any medium."""
    earlier = sent_before(conversation, content, sending)
    if earlier is not None:
        return earlier
    now = clock.now()
    message = append_message(conversation, content, sending, now)
    answer_clock.start_answer_clock(conversation, now)
    unread_push.schedule_push(conversation, Side.STAFF, message)
    if not content.ours:
        content_checks.ask(message, content_checks.openid_of(conversation))
    return message


def send_by_staff(
    staff: Colleague,
    case: Case | None,
    conversation_id: str,
    content: Content,
    client_id: str,
    *,
    urgent: bool,
) -> Message:
    """Somebody of the utility answers. An `urgent` message is pushed at night too.

    Raises `FieldsError` for a quick reply with an unfilled placeholder.
    """
    unfilled = quick_replies.unfilled(str(content.values.get("text", "")))
    if unfilled:
        asked = f"还有未填写的项：{'、'.join(unfilled)}，请补充后再发送。"
        raise FieldsError([{"field": "text", "code": "unfilled", "message": asked}])
    conversation = open_conversation.for_writing(case, conversation_id)
    sending = Sending(by_staff(staff.id), client_id, urgent=urgent)
    earlier = sent_before(conversation, content, sending)
    if earlier is not None:
        return earlier
    now = clock.now()
    on_duty.hold_if_free(conversation, staff)
    message = append_message(conversation, content, sending, now)
    answer_clock.stop_answer_clock(conversation)
    wechat_replies.queue_reply(conversation, message)
    unread_push.schedule_push(conversation, Side.CUSTOMER, message)
    content_checks.ask(message, content_checks.openid_of_member(staff.id))
    return message
