"""Sending: the customer and the utility write to each other; what follows from it is set in motion."""

from app.core import clock
from app.models import Case, Message, Safety, Staff
from app.services.conversations import finding
from app.services.conversations.appending import Sending, append, sent_before
from app.services.conversations.content import Content
from app.services.timeline import by_customer, by_staff


def by_owner(case: Case, customer_id: str, content: Content, client_id: str) -> Message:
    """The customer writes in their case's conversation; the same `client_id` again is the same message."""
    conversation = finding.of_case(case)
    sending = Sending(by_customer(customer_id), client_id, safety=Safety.UNNEEDED)
    earlier = sent_before(conversation, sending)
    return earlier or append(conversation, content, sending, clock.now())


def by_member(
    staff: Staff, case: Case | None, conversation_id: str, content: Content, client_id: str, *, urgent: bool
) -> Message:
    """Somebody of the utility answers."""
    conversation = finding.for_writing(case, conversation_id)
    sending = Sending(by_staff(staff.id), client_id, urgent=urgent)
    earlier = sent_before(conversation, sending)
    return earlier or append(conversation, content, sending, clock.now())
