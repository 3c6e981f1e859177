"""WeChat's own chat windows: who writes there, until when they may be answered, and what is on its way."""

from enum import StrEnum

from sqlalchemy import JSON, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base
from app.models.column_types import Instant, Key, RowNumber, WeChatId


class ChatPerson(Base):
    """Somebody who writes to the 服务号 or to the mini-program's customer-service button (`medium`).

    `conversation_id` is where their words go at present. While they are asked which of `choices` (case ids)
    they mean, their words wait in an enquiry, from the message numbered `asked_from` on.
    """

    __tablename__ = "chat_persons"

    medium: Mapped[Key] = mapped_column(primary_key=True)
    openid: Mapped[WeChatId] = mapped_column(primary_key=True)
    conversation_id: Mapped[Key | None] = mapped_column(ForeignKey("conversations.id"), index=True)
    choices: Mapped[list[str]] = mapped_column(JSON, default=list)
    asked_from: Mapped[int | None]
    wrote_at: Mapped[Instant | None]
    sends_since_writing: Mapped[int] = mapped_column(default=0)
    entered_at: Mapped[Instant | None]
    sends_since_entry: Mapped[int] = mapped_column(default=0)


class ChatSendKind(StrEnum):
    """What is handed to WeChat."""

    TEXT = "text"
    TYPING = "typing"


class ChatSend(Base):
    """One 客服消息 on its way, written in the transaction of the message it carries; an outbox of its own.

    Not an `OutboxMessage`: it has no template and no consent, it is bound to a window that closes, and those
    to one person must not overtake each other. A long text goes in `parts`, of which WeChat
    has taken `sent_parts`. Settled rows are deleted; what came of them is the message's.
    """

    __tablename__ = "chat_sends"
    __table_args__ = (
        Index(None, "due_at"),
        Index(None, "medium", "openid", "id"),
        Index(
            "uq_chat_sends_message",
            "message_id",
            unique=True,
            sqlite_where=text("message_id IS NOT NULL"),
            postgresql_where=text("message_id IS NOT NULL"),
        ),
    )

    id: Mapped[RowNumber]
    medium: Mapped[Key]
    openid: Mapped[WeChatId]
    kind: Mapped[Key]
    message_id: Mapped[Key | None] = mapped_column(ForeignKey("messages.id"))
    created_at: Mapped[Instant]
    # When it may be tried; pushed ahead by whoever claims it, so that a crash gives it back.
    due_at: Mapped[Instant]
    attempts: Mapped[int] = mapped_column(default=0)
    claimed_by: Mapped[Key | None]
    parts: Mapped[int] = mapped_column(default=1, server_default=text("1"))
    sent_parts: Mapped[int] = mapped_column(default=0, server_default=text("0"))


class MessageCheck(Base):
    """A message that WeChat's content check has not settled; `trace_id` names a picture's pending answer."""

    __tablename__ = "message_checks"

    message_id: Mapped[str] = mapped_column(ForeignKey("messages.id"), primary_key=True)
    openid: Mapped[WeChatId]
    due_at: Mapped[Instant] = mapped_column(index=True)
    attempts: Mapped[int] = mapped_column(default=0)
    trace_id: Mapped[Key | None] = mapped_column(unique=True)
    claimed_by: Mapped[Key | None]


class MediaKind(StrEnum):
    """What somebody sent in WeChat's chat that has to be fetched."""

    PICTURE = "picture"
    VOICE = "voice"


class MessageMedia(Base):
    """A message whose picture or voice has not been fetched from WeChat yet; `media_id` is WeChat's own name.

    Settled rows are deleted: what came of it is the message's.
    """

    __tablename__ = "message_media"

    message_id: Mapped[str] = mapped_column(ForeignKey("messages.id"), primary_key=True)
    medium: Mapped[Key]
    kind: Mapped[Key]
    media_id: Mapped[WeChatId]
    due_at: Mapped[Instant] = mapped_column(index=True)
    attempts: Mapped[int] = mapped_column(default=0)
    claimed_by: Mapped[Key | None]
