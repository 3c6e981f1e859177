"""A customer with several cases is asked which one they mean; waiting messages then move there.

Until they choose, their messages stay in their enquiry, from message `asked_from` on.
"""

from sqlalchemy import select

from app.core import clock
from app.core.db import db
from app.domain.conversation import case_choice
from app.domain.conversation.message_states import Side
from app.models import Actor, Case, ChatPerson, Conversation, Customer, Message, Staff
from app.services.conversations import answer_clock, open_conversation
from app.services.conversations.append_message import append_text
from app.services.conversations.delivery import unread_push
from app.services.conversations.wechat_chat import inbound_media
from app.services.installation import city


def chosen_case(person: ChatPerson, customer: Customer | None, text: str) -> Case | None:
    """The case named by an answer to our question, if it is one and still theirs."""
    if not person.choices or customer is None:
        return None
    place = case_choice.chosen(text, len(person.choices))
    if place is None:
        return None
    return db.session.scalar(
        select(Case).where(Case.id == person.choices[place], Case.customer_id == customer.id)
    )


def move_to_case(person: ChatPerson, case: Case) -> None:
    """Moves the waiting messages from the enquiry to the case, in order, and continues there."""
    now = clock.now()
    enquiry = open_conversation.locked_conversation(person.conversation_id or "")
    conversation = open_conversation.conversation_of_case(case)
    waiting = db.session.scalars(
        select(Message)
        .where(
            Message.conversation_id == enquiry.id,
            Message.seq >= (person.asked_from or 0),
            Message.author == Actor.CUSTOMER,
        )
        .order_by(Message.seq)
    ).all()
    for message in waiting:
        conversation.counter += 1
        message.conversation_id = conversation.id
        message.seq = message.changed = conversation.counter
        conversation.last_at = max(message.sent_at, conversation.last_at or message.sent_at)
    inbound_media.move(waiting, case.id)
    person.choices, person.asked_from, person.conversation_id = [], None, conversation.id
    db.session.flush()
    # Messages from before our question stay in the enquiry, and stay owed.
    answer_clock.recompute_answer_clock(enquiry)
    moved = city.current().talk.texts["enquiry_moved"]
    append_text(enquiry, moved.format(project_name=case.project_name), now)
    answer_clock.start_answer_clock(conversation, now)
    # They have waited since they wrote, not since they chose; and whoever answers here knows nothing yet.
    answer_clock.recompute_answer_clock(conversation)
    for message in waiting:
        unread_push.schedule_push(conversation, Side.STAFF, message)
    words = city.current().talk.texts["case_chosen"]
    manager = db.session.get_one(Staff, conversation.holder_id)
    append_text(
        conversation,
        words.format(project_name=case.project_name, manager_name=manager.name),
        now,
        in_chat=True,
    )


def ask_which_case(person: ChatPerson, conversation: Conversation, text: str) -> None:
    """Asks which case is meant: once, and again for a `text` with a number that was not offered.

    Without a question they would wait for an answer that they must give themselves.
    """
    if person.asked_from is None:
        person.asked_from = _first_waiting(conversation)
    elif not case_choice.misses(text, len(person.choices)):
        return
    cases = [db.session.get_one(Case, case_id) for case_id in person.choices]
    names = [f"{case.project_name}（{case.number}）" for case in cases]
    words = city.current().talk.texts["which_case"].format(choices=case_choice.question(names))
    append_text(conversation, words, clock.now(), in_chat=True)


def _first_waiting(conversation: Conversation) -> int:
    """The number of the message just written: it and all later ones belong to the case to be chosen."""
    return (
        db.session.scalar(
            select(Message.seq)
            .where(Message.conversation_id == conversation.id, Message.author == Actor.CUSTOMER)
            .order_by(Message.seq.desc())
            .limit(1)
        )
        or 0
    )
