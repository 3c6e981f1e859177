"""Messages as people see them: in words, with the delivery state shown to the sender."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from app.domain.conversation.message_states import Fate, MessageState, Side, state_of
from app.domain.conversation.vocabulary import UndeliveredCause
from app.models import Actor, Carriage, Document, Message, MessageKind, Safety, Staff
from app.services.installation import city

COLUMNS = (
    Message.id,
    Message.seq,
    Message.changed,
    Message.author,
    Message.sender_id,
    Message.client_id,
    Message.kind,
    Message.content,
    Message.medium,
    Message.sent_at,
    Message.urgent,
    Message.recalled_at,
    Message.carriage,
    Message.carriage_cause,
    Message.safety,
    Document.id,
    Document.name,
    Document.media_type,
    Document.size,
    Staff.name,
)
"""The columns of a `Row`, in order."""


class Row(NamedTuple):
    """A stored message with its document and its sender's name."""

    id: str
    seq: int
    changed: int
    author: str
    sender_id: str | None
    client_id: str | None
    kind: str
    content: Mapping[str, Any]
    medium: str
    sent_at: datetime
    urgent: bool
    recalled_at: datetime | None
    carriage: str | None
    carriage_cause: str | None
    safety: str
    document_id: str | None
    document_name: str | None
    media_type: str | None
    size: int | None
    staff_name: str | None


@dataclass(frozen=True, slots=True)
class Positions:
    """How far the other side has fetched and read."""

    delivered: int = 0
    read: int = 0


@dataclass(frozen=True, slots=True)
class Attached:
    """A document in a message; its link is requested from the case."""

    id: str
    name: str
    media_type: str
    size: int


@dataclass(frozen=True, slots=True)
class MessageLine:
    """One message for one side. `note`: what is special about its delivery. `state`: for its sender."""

    id: str
    seq: int
    client_id: str | None
    author: str
    author_name: str
    kind: str
    text: str
    card: str | None
    location: Mapping[str, Any] | None
    document: Attached | None
    medium: str
    urgent: bool
    sent_at: datetime
    state: str | None
    note: str
    review: bool


_FAILED = frozenset({Carriage.UNREACHABLE})
_NOTES: Mapping[str | None, str] = {
    Carriage.NOTICE: "sent_as_notice",
    Carriage.UNREACHABLE: "unreachable",
    Carriage.UNKNOWN: "unknown_outcome",
}


def message_line(row: Row, side: Side, others: Positions) -> MessageLine:
    """A message as `side` sees it; `others` are the positions of the other side."""
    texts = city.current().talk.texts
    mine = row.author == side
    hidden = row.recalled_at is not None or row.safety == Safety.RISKY
    content = {} if hidden else row.content
    state = _state(row, others) if mine else None
    return MessageLine(
        id=row.id,
        seq=row.seq,
        client_id=row.client_id if mine else None,
        author=row.author,
        author_name=_name(row, side),
        kind=row.kind,
        text=_hidden_text(row, texts) if hidden else _text(row.kind, content),
        card=content.get("card"),
        location=content if row.kind == MessageKind.LOCATION and content else None,
        document=None if hidden else _document(row),
        medium=row.medium,
        urgent=row.urgent,
        sent_at=row.sent_at,
        state=state,
        note=_note(row, texts) if mine else "",
        # Only staff are told to look twice; the customer has nothing to do.
        review=side is Side.STAFF and row.safety in {Safety.REVIEW, Safety.UNCHECKED},
    )


def _note(row: Row, texts: Mapping[str, str]) -> str:
    """What is special about the delivery, with its cause."""
    if row.carriage not in _NOTES:
        return ""
    cause = city.current().talk.causes[row.carriage_cause or UndeliveredCause.OTHER]
    return texts[_NOTES[row.carriage]].format(cause=cause)


def _state(row: Row, others: Positions) -> MessageState:
    fate = Fate(
        recalled=row.recalled_at is not None,
        failed=row.carriage in _FAILED or row.safety == Safety.RISKY,
        sending=row.carriage == Carriage.WAITING,
        carried=row.carriage == Carriage.CHAT,
    )
    return state_of(row.seq, fate, delivered=others.delivered, read=others.read)


def _name(row: Row, side: Side) -> str:
    if row.author == Actor.STAFF:
        return row.staff_name or "工作人员"
    if row.author == Actor.CUSTOMER:
        return "我" if side is Side.CUSTOMER else "客户"
    return "系统"


def _text(kind: str, content: Mapping[str, Any]) -> str:
    if kind == MessageKind.CARD:
        return city.current().talk.cards[content["card"]].format_map(content)
    return str(content.get("text", "") or content.get("name", ""))


def _hidden_text(row: Row, texts: Mapping[str, str]) -> str:
    return texts["recalled"] if row.recalled_at is not None else texts["withheld"]


def _document(row: Row) -> Attached | None:
    if row.document_id is None:
        return None
    assert row.document_name is not None  # noqa: S101 - the columns of one joined row
    assert row.media_type is not None  # noqa: S101
    assert row.size is not None  # noqa: S101
    return Attached(row.document_id, row.document_name, row.media_type, row.size)
