"""Searching one's own conversations: by project, company, case number, phone, or message text.

Texts are encrypted, so a search decrypts the newest messages of one's own conversations, within the city's
bound, and as many forms for the names of sole traders. Others are found only by the keyed hash of a whole
phone number.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, or_, select

from app.core import clock
from app.core.db import db
from app.models import Actor, Application, Case, Conversation, Customer, Message, MessageKind, Safety
from app.services.conversations import conversation_access
from app.services.installation import city
from app.services.people.phones import normalised_phone, phone_hash
from app.services.people.staffing import Colleague

_AROUND = 30


@dataclass(frozen=True, slots=True)
class Find:
    """A found conversation and the reason; for a message also its position and context."""

    conversation_id: str
    topic: str
    why: str
    seq: int | None
    text: str
    at: datetime | None


def search(staff: Colleague, wanted: str) -> list[Find]:
    """The results in one's own conversations: names, numbers and phones first, then texts, newest first."""
    words, rules = wanted.strip(), city.current().talk.search
    mine = conversation_access.held_by(staff, clock.now())
    found = [*_by_names(mine, words), *_by_sealed_names(mine, words, rules.newest), *_by_phone(mine, words)]
    found += _by_text(mine, words, rules.newest, rules.shown - len(found))
    return found[: rules.shown]


def _by_names(mine: ColumnElement[bool], words: str) -> list[Find]:
    rows = db.session.execute(
        select(Conversation.id, Case.project_name, Case.number, Conversation.organisation)
        .join(Case, Case.id == Conversation.case_id)
        .where(
            mine,
            or_(
                Case.project_name.contains(words, autoescape=True),
                Conversation.organisation.contains(words, autoescape=True),
                Case.number == words,
            ),
        )
        .order_by(Conversation.last_at.desc(), Conversation.id)
    )
    return [
        Find(id_, project_name, _why(words, project_name, number), None, organisation or "", None)
        for id_, project_name, number, organisation in rows
    ]


def _by_sealed_names(mine: ColumnElement[bool], words: str, newest: int) -> list[Find]:
    """By the name of a sole trader, which only the encrypted form holds: among the newest conversations."""
    rows = db.session.execute(
        select(Conversation.id, Case.project_name, Case.number, Application.answers)
        .join(Case, Case.id == Conversation.case_id)
        .join(Application, Application.id == Case.application_id)
        .where(mine, Conversation.organisation.is_(None))
        .order_by(Conversation.last_at.desc(), Conversation.id)
        .limit(newest)
    )
    sought, found = words.casefold(), []
    for id_, project_name, number, answers in rows:
        name = str(answers.get("organisation") or "")
        told_already = number == words or sought in project_name.casefold()
        if sought in name.casefold() and not told_already:
            found.append(Find(id_, project_name, "organisation", None, name, None))
    return found


def _why(words: str, project_name: str, number: str) -> str:
    if number == words:
        return "number"
    return "project" if words.casefold() in project_name.casefold() else "organisation"


def _by_phone(mine: ColumnElement[bool], words: str) -> list[Find]:
    phone = normalised_phone(words)
    if phone is None:
        return []
    sought = phone_hash(phone)
    rows = db.session.execute(
        select(Conversation.id, Case.project_name)
        .outerjoin(Case, Case.id == Conversation.case_id)
        .outerjoin(Customer, Customer.id == Conversation.customer_id)
        .where(mine, or_(Case.phone_hash == sought, Customer.phone_hash == sought))
        .order_by(Conversation.last_at.desc(), Conversation.id)
    )
    return [Find(id_, _topic(project_name), "phone", None, "", None) for id_, project_name in rows]


def _by_text(mine: ColumnElement[bool], words: str, newest: int, shown: int) -> list[Find]:
    rows = db.session.execute(
        select(Message.conversation_id, Message.seq, Message.content, Message.sent_at, Case.project_name)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .outerjoin(Case, Case.id == Conversation.case_id)
        .where(
            mine,
            # A document may come with words: those that WeChat recognised in a voice message.
            Message.kind.in_([MessageKind.TEXT, MessageKind.DOCUMENT]),
            Message.author != Actor.ENGINE,
            Message.recalled_at.is_(None),
            Message.safety != Safety.RISKY,
        )
        .order_by(Message.sent_at.desc(), Message.seq.desc())
        .limit(newest)
    )
    sought = words.casefold()
    found: list[Find] = []
    for conversation_id, seq, content, sent_at, project_name in rows:
        text = content.get("text", "")
        place = text.casefold().find(sought)
        if place >= 0 and len(found) < shown:
            around = text[max(place - _AROUND, 0) : place + len(words) + _AROUND]
            found.append(Find(conversation_id, _topic(project_name), "text", seq, around, sent_at))
    return found


def _topic(project_name: str | None) -> str:
    return project_name or city.current().talk.texts["enquiry_topic"]
