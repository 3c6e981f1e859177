"""Messages that people write in WeChat's own chats join the conversation of their case.

With one case they go there at once; with several the customer is asked which; without one they go to a
general enquiry of the manager on duty. Nothing waits unseen: until the customer chooses, the messages are in
an enquiry that somebody answers.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select

from app.core import clock
from app.core.db import db
from app.core.ids import new_id
from app.core.upsert import insert_or_ignore
from app.domain.texts import has_control_characters, shows_something
from app.models import (
    Actor,
    Case,
    CaseState,
    ChatPerson,
    Conversation,
    Customer,
    MediaKind,
    Medium,
    Message,
    MessageKind,
    Staff,
)
from app.services.conversations import on_duty, open_conversation, send_message
from app.services.conversations.append_message import Sending, append_text, sent_before
from app.services.conversations.message_content import Content
from app.services.conversations.wechat_chat import case_choice, complaint_words, inbound_media
from app.services.conversations.wechat_chat.inbound_media import Media
from app.services.history.timeline import By
from app.services.installation import city

__all__ = ["Incoming", "Medium", "enter_chat", "receive_message"]

MOST_CHOICES = 9
LONGEST_PLACE = 200
_MEDIA = {"image": MediaKind.PICTURE, "voice": MediaKind.VOICE}


@dataclass(frozen=True, slots=True)
class Incoming:
    """A message to one of the two accounts, as WeChat reports it."""

    medium: Medium
    openid: str = field(repr=False)
    msg_type: str
    msg_id: str
    fields: Mapping[str, Any] = field(repr=False)
    at: datetime


def receive_message(incoming: Incoming) -> None:
    """Adds a message where it belongs, and opens the reply window."""
    person = _person(incoming.medium, incoming.openid)
    # WeChat counts from when it was written. Never in the future, and never back to an earlier message that
    # was processed late.
    wrote_at = min(incoming.at, clock.now())
    if person.wrote_at is None or wrote_at >= person.wrote_at:
        person.wrote_at, person.sends_since_writing = wrote_at, 0
    customer = _customer(incoming)
    media = _media(incoming)
    content = _content(incoming, media)
    text = "" if content.ours else str(content.values.get("text", ""))
    chosen = case_choice.chosen_case(person, customer, text)
    if chosen is not None:
        case_choice.move_to_case(person, chosen)
        return
    conversation = _place(person, customer)
    # People unknown to the mini-program are identified by their conversation.
    by = By(Actor.CUSTOMER, customer.id if customer else conversation.id)
    client_id = f"wx-{incoming.medium}-{incoming.msg_id}"[:64]
    told = Sending(by, client_id, medium=incoming.medium)
    if sent_before(conversation, content, told) is not None:
        return
    if complaint_words.close_by_words(conversation, by, text):
        return
    message = send_message.add_customer_message(conversation, content, told)
    if media is not None:
        inbound_media.schedule_download(message, media)
    if complaint_words.complain_by_words(conversation, by, text):
        return
    if person.choices:
        case_choice.ask_which_case(person, conversation, text)
    elif conversation.case_id is None and _is_first(conversation):
        _say_taken(conversation)


def enter_chat(medium: Medium, openid: str, at: datetime) -> None:
    """Somebody entered the mini-program's customer-service chat: a short window opens."""
    person = _person(medium, openid)
    person.entered_at, person.sends_since_entry = min(at, clock.now()), 0


def _person(medium: Medium, openid: str) -> ChatPerson:
    fresh: dict[str, Any] = {"medium": medium, "openid": openid, "choices": []}
    fresh |= {"sends_since_writing": 0, "sends_since_entry": 0}
    insert_or_ignore(ChatPerson, fresh)
    return db.session.get_one(ChatPerson, (medium, openid), with_for_update=True, populate_existing=True)


def _customer(incoming: Incoming) -> Customer | None:
    column = Customer.service_openid if incoming.medium is Medium.SERVICE else Customer.openid
    return db.session.scalar(select(Customer).where(column == incoming.openid))


def _media(incoming: Incoming) -> Media | None:
    """The file of a picture or voice message; None for others and for one without a usable name."""
    kind, media_id = _MEDIA.get(incoming.msg_type), str(incoming.fields.get("MediaId", "")).strip()
    if kind is None or not 0 < len(media_id) <= inbound_media.LONGEST_ID:
        return None
    return Media(kind, media_id)


def _content(incoming: Incoming, media: Media | None) -> Content:
    """The stored content of a message; for what cannot be shown here, a sentence that says so."""
    rules, told = city.current().talk, incoming.fields
    texts = rules.texts
    if media is not None:
        heard = _readable(told.get("Recognition"))[: rules.message.longest]
        return Content(MessageKind.TEXT, inbound_media.words(media, heard), ours=not heard)
    if incoming.msg_type == "text" and _readable(told.get("Content")):
        return Content(MessageKind.TEXT, {"text": _readable(told["Content"])})
    if incoming.msg_type == "location":
        try:
            place = {
                "latitude_gcj02": _degrees(told["Location_X"], 90),
                "longitude_gcj02": _degrees(told["Location_Y"], 180),
                "name": _readable(told.get("Label"))[:LONGEST_PLACE],
            }
        except (KeyError, TypeError, ValueError):
            return Content(MessageKind.TEXT, {"text": texts["not_readable"]}, ours=True)
        return Content(MessageKind.LOCATION, place)
    lost = "picture_lost" if incoming.msg_type == "image" else "not_readable"
    return Content(MessageKind.TEXT, {"text": texts[lost]}, ours=True)


def _degrees(told: str, most: int) -> float:
    """Degrees within ± `most`. Raises ValueError for anything else, such as "nan"."""
    degrees = float(told)
    if not -most <= degrees <= most:
        raise ValueError("no such place")
    return degrees


def _readable(said: object) -> str:
    """A text without characters that hide or reorder it. The mini-program would refuse it; here it was
    sent already.
    """
    signs = (sign for sign in str(said or "") if not has_control_characters(sign, multiline=True))
    shown = "".join(signs).strip()
    return shown if shows_something(shown) else ""


def _place(person: ChatPerson, customer: Customer | None) -> Conversation:
    """The conversation for their messages: where the last ones went, their one case, or an enquiry."""
    cases = _cases(customer)
    if person.conversation_id in {case.id for case in cases}:
        return open_conversation.conversation_of_case(
            next(case for case in cases if case.id == person.conversation_id)
        )
    if len(cases) == 1:
        conversation = open_conversation.conversation_of_case(cases[0])
        # Nothing is left to choose: a number is no answer to our question any more.
        person.choices, person.asked_from = [], None
    else:
        conversation = _enquiry(person, customer)
        if len(cases) > 1 and not person.choices:
            person.choices = [case.id for case in cases[:MOST_CHOICES]]
            person.asked_from = None
    person.conversation_id = conversation.id
    db.session.flush()
    return conversation


def _cases(customer: Customer | None) -> list[Case]:
    """Their open cases; without one, those that the manager still accompanies, newest first."""
    if customer is None:
        return []
    rows = db.session.scalars(
        select(Case).where(Case.customer_id == customer.id).order_by(Case.opened_at.desc(), Case.id)
    ).all()
    open_ones = [case for case in rows if case.state == CaseState.OPEN]
    return open_ones or [case for case in rows if case.state == CaseState.CLOSED]


def _enquiry(person: ChatPerson, customer: Customer | None) -> Conversation:
    known = select(Conversation).where(
        Conversation.medium == person.medium,
        Conversation.openid == person.openid,
        Conversation.case_id.is_(None),
    )
    found = db.session.scalar(known.with_for_update())
    if found is not None:
        found.customer_id = customer.id if customer else found.customer_id
        return found
    now = clock.now()
    # The person's row is locked, so that nobody else opens the same enquiry at this moment.
    fresh = Conversation(
        id=new_id(),
        medium=person.medium,
        openid=person.openid,
        customer_id=customer.id if customer else None,
        holder_id=on_duty.enquiry_taker(customer.id if customer else None, now),
        opened_at=now,
        **open_conversation.FROM_THE_START,
    )
    db.session.add(fresh)
    db.session.flush()
    return fresh


def _say_taken(conversation: Conversation) -> None:
    holder = db.session.get_one(Staff, conversation.holder_id)
    words = city.current().talk.texts["enquiry_taken"].format(manager_name=holder.name)
    append_text(conversation, words, clock.now(), in_chat=True)


def _is_first(conversation: Conversation) -> bool:
    said = db.session.scalars(
        select(Message.id)
        .where(Message.conversation_id == conversation.id, Message.author == Actor.CUSTOMER)
        .limit(2)
    ).all()
    return len(said) == 1
