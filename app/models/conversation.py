"""Talk between a customer and the utility: the conversation, its messages, and who has read how far."""

from enum import StrEnum
from typing import Annotated, Any

from sqlalchemy import BigInteger, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.crypto import EncryptedJson
from app.core.db import Base
from app.models.column_types import Id, Instant, Key, Name, WeChatId

Position = Annotated[int, mapped_column(BigInteger)]


class MessageKind(StrEnum):
    """What a message holds."""

    TEXT = "text"
    DOCUMENT = "document"
    LOCATION = "location"
    CARD = "card"


class Medium(StrEnum):
    """Through what a message came in: the mini-program, or one of WeChat's two chat windows."""

    APP = "app"
    SERVICE = "service"
    MINI_PROGRAM = "miniprogram"


class Carriage(StrEnum):
    """What became of a reply that was to go into WeChat's chat window."""

    WAITING = "waiting"
    CHAT = "chat"
    NOTICE = "notice"
    """The window was closed: the person was told to look into the mini-program."""
    UNREACHABLE = "unreachable"
    UNKNOWN = "unknown"


class Safety(StrEnum):
    """What WeChat's content check said; `unchecked`: it could not be asked, and the message went on."""

    UNNEEDED = "unneeded"
    WAITING = "waiting"
    PASSED = "passed"
    REVIEW = "review"
    RISKY = "risky"
    UNCHECKED = "unchecked"


class Conversation(Base):
    """One for each case, under the case's own id; or a general enquiry of somebody without one.

    `counter` is the last number given to a message or to a change of one; numbers are given under this row's
    lock and so become visible in order. The positions are message numbers: how far the utility's and the
    customer's phones have fetched, and how far somebody there has read. `holder_id` answers at present.
    """

    __tablename__ = "conversations"
    __table_args__ = (
        # A person without a case has one enquiry in each of WeChat's two chats.
        Index(
            "uq_conversations_enquiry",
            "medium",
            "openid",
            unique=True,
            sqlite_where=text("case_id IS NULL"),
            postgresql_where=text("case_id IS NULL"),
        ),
        Index("ix_conversations_holder_last", "holder_id", "last_at"),
        # The unanswered ones are few at any time, and looked at all day.
        Index(
            "ix_conversations_waiting",
            "waiting_since",
            sqlite_where=text("waiting_since IS NOT NULL"),
            postgresql_where=text("waiting_since IS NOT NULL"),
        ),
    )

    id: Mapped[Id]
    case_id: Mapped[Key | None] = mapped_column(ForeignKey("cases.id"), unique=True)
    customer_id: Mapped[Key | None] = mapped_column(ForeignKey("customers.id"), index=True)
    medium: Mapped[Key | None]
    openid: Mapped[WeChatId | None]
    holder_id: Mapped[Key] = mapped_column(ForeignKey("staff.id"))
    # Plain, so that a manager finds a company by its name; a person's, a sole trader's as well, is nowhere
    # outside the encrypted form.
    organisation: Mapped[Name | None] = mapped_column(index=True)
    opened_at: Mapped[Instant]
    last_at: Mapped[Instant | None]
    counter: Mapped[Position] = mapped_column(default=0)
    customer_delivered: Mapped[Position] = mapped_column(default=0)
    customer_read: Mapped[Position] = mapped_column(default=0)
    staff_delivered: Mapped[Position] = mapped_column(default=0)
    staff_read: Mapped[Position] = mapped_column(default=0)
    customer_writing_at: Mapped[Instant | None]
    staff_writing_at: Mapped[Instant | None]
    customer_pushed_at: Mapped[Instant | None]
    staff_pushed_at: Mapped[Instant | None]
    # The first customer message that nobody has answered, and when that is due.
    waiting_since: Mapped[Instant | None]
    answer_due_at: Mapped[Instant | None]
    # Until when the customer knows that nobody is in the office.
    away_told_until: Mapped[Instant | None]


class Message(Base):
    """One message. `seq` orders the conversation; `changed` is its number in the order of changes.

    `author` is an `Actor`; `sender_id` is a customer's, a member of staff's, or, of somebody unknown to the
    mini-program, the conversation's id. `client_id` is the sender's own name for it, so that a resend is no
    second message.
    """

    __tablename__ = "messages"
    __table_args__ = (
        UniqueConstraint("conversation_id", "seq"),
        Index(None, "conversation_id", "changed"),
        UniqueConstraint("sender_id", "client_id"),
    )

    id: Mapped[Id]
    conversation_id: Mapped[Key] = mapped_column(ForeignKey("conversations.id"))
    seq: Mapped[Position]
    changed: Mapped[Position]
    author: Mapped[Key]
    sender_id: Mapped[Key | None]
    client_id: Mapped[Key | None]
    kind: Mapped[Key]
    content: Mapped[dict[str, Any]] = mapped_column(EncryptedJson)
    document_id: Mapped[Key | None] = mapped_column(ForeignKey("documents.id"))
    medium: Mapped[Key] = mapped_column(default=Medium.APP)
    sent_at: Mapped[Instant]
    urgent: Mapped[bool] = mapped_column(default=False)
    recalled_at: Mapped[Instant | None]
    carriage: Mapped[Key | None]
    # Why it did not arrive in WeChat's chat, for the note to staff.
    carriage_cause: Mapped[Key | None]
    safety: Mapped[Key] = mapped_column(default=Safety.UNNEEDED)


class ConversationReader(Base):
    """How far one member of staff has read; the customer's own position stands in the conversation."""

    __tablename__ = "conversation_readers"

    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"), primary_key=True)
    staff_id: Mapped[str] = mapped_column(ForeignKey("staff.id"), primary_key=True)
    read: Mapped[Position]


class ConversationGuest(Base):
    """A department that the manager asked into the conversation."""

    __tablename__ = "conversation_guests"

    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"), primary_key=True)
    department: Mapped[Key] = mapped_column(primary_key=True)
    invited_by: Mapped[Key] = mapped_column(ForeignKey("staff.id"))
    invited_at: Mapped[Instant]
