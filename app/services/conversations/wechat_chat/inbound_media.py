"""Pictures and voice messages from WeChat's chat: downloaded by the jobs while WeChat keeps them.

The message exists from the beginning and says that the file is on its way. Then the file is an attachment,
checked and stored like any document. If it cannot be had, both sides are told.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from app.core import clock
from app.core.db import db
from app.core.queue import Lease, Queue
from app.domain import file_types
from app.domain.document_kinds import Uploader
from app.domain.errors import DocumentRefusedError
from app.models import (
    Actor,
    Conversation,
    Document,
    MediaKind,
    Message,
    MessageKind,
    MessageMedia,
)
from app.services.conversations import content_checks
from app.services.conversations.append_message import append_text, mark_changed
from app.services.documents import upload
from app.services.documents.upload import CheckedUpload
from app.services.history.timeline import By
from app.services.installation import city

LEASE = timedelta(minutes=2)
"""Longer than a slow file takes."""

QUEUE = Queue(
    "media",
    MessageMedia,
    falls_due=MessageMedia.due_at,
    lease=Lease(MessageMedia.claimed_by, MessageMedia.due_at, LEASE, MessageMedia.attempts),
)

LONGEST_ID = 128
_TYPES = {MediaKind.PICTURE: file_types.PICTURES, MediaKind.VOICE: file_types.VOICES}
_COMING = "coming"


@dataclass(frozen=True, slots=True)
class Media:
    """A file in WeChat's chat, by WeChat's media id."""

    kind: MediaKind
    media_id: str


@dataclass(frozen=True, slots=True)
class ClaimedMedia:
    """One file to fetch from the account `medium`. `last`: WeChat keeps it no longer than this."""

    message_id: str
    medium: str
    kind: MediaKind
    media_id: str = field(repr=False)
    attempts: int
    last: datetime


def words(media: Media, heard: str) -> dict[str, object]:
    """The text of a message until its file is there: for a voice message the words WeChat recognised,
    if any.
    """
    texts = city.current().talk.texts
    if heard:
        return {"text": texts["voice_heard"].format(words=heard)}
    return {"text": texts[f"{media.kind}_coming"], _COMING: True}


def schedule_download(message: Message, media: Media) -> None:
    """Schedules the download of the file of a new message."""
    db.session.add(
        MessageMedia(
            message_id=message.id,
            medium=message.medium,
            kind=media.kind,
            media_id=media.media_id,
            due_at=clock.now(),
        )
    )


def claim(owner: str, limit: int) -> Sequence[ClaimedMedia]:
    """Take up to `limit` that are due."""
    claimed = []
    for row in QUEUE.claim(owner, limit):
        last = db.session.get_one(Message, row.message_id).sent_at + city.current().talk.media.kept
        claimed.append(
            ClaimedMedia(
                row.message_id, row.medium, MediaKind(row.kind), row.media_id, row.attempts + 1, last
            )
        )
    return claimed


def accept(claimed: ClaimedMedia, content: bytes) -> CheckedUpload:
    """What is kept of a file that has been fetched. Raises `DocumentRefusedError`, as for any upload."""
    rules = city.current().talk
    message = db.session.get(Message, claimed.message_id)
    conversation = None if message is None else db.session.get(Conversation, message.conversation_id)
    if message is None or conversation is None:
        raise DocumentRefusedError("该消息已不存在。")
    if len(content) > rules.media.largest_bytes:
        raise DocumentRefusedError("文件过大。")
    sent = message.sent_at.astimezone(city.zone())
    return upload.check(
        conversation.case_id,
        rules.media.document_kind,
        f"{rules.texts[f'{claimed.kind}_name']}{sent:%Y%m%d-%H%M%S}",
        content,
        Uploader.CUSTOMER,
        _TYPES[claimed.kind],
    )


def attach_file(owner: str, message_id: str, arrived: CheckedUpload) -> None:
    """Attach a file whose bytes are kept, if it is still this worker's; it is checked like any picture."""
    row = QUEUE.owned(owner, message_id)
    if row is None:
        return
    message, conversation = _locked(message_id)
    db.session.delete(row)
    if message.recalled_at is not None:
        # Its bytes go with those that no row speaks of.
        return
    by = By(Actor.CUSTOMER, message.sender_id)
    message.document_id = upload.record(conversation.case_id, arrived, by).id
    message.kind = MessageKind.DOCUMENT
    message.content = {} if message.content.get(_COMING) else message.content
    mark_changed(conversation, message)
    if row.kind == MediaKind.PICTURE:
        content_checks.ask(message, content_checks.openid_of(conversation))


def postpone(owner: str, message_id: str, again_at: datetime) -> None:
    """WeChat could not be asked; try again at `again_at`, for as long as WeChat keeps the file."""
    QUEUE.release(owner, message_id, due_at=again_at)


def give_up(owner: str, message_id: str, *, refused: bool) -> None:
    """It can't be had, or, if `refused`, is none that is taken; both sides are told what to do."""
    row = QUEUE.owned(owner, message_id)
    if row is None:
        return
    message, conversation = _locked(message_id)
    db.session.delete(row)
    if message.recalled_at is not None:
        return
    texts = city.current().talk.texts
    if message.content.get(_COMING):
        message.content = {"text": texts[f"{row.kind}_{'refused' if refused else 'lost'}"]}
    mark_changed(conversation, message)
    append_text(conversation, texts[f"{row.kind}_again"], clock.now(), in_chat=True)


def move(messages: Sequence[Message], case_id: str) -> None:
    """Moves the messages of an enquiry to a case, with their documents."""
    for message in messages:
        if message.document_id is not None:
            db.session.get_one(Document, message.document_id).case_id = case_id


def _locked(message_id: str) -> tuple[Message, Conversation]:
    """A message and its conversation, locked until the transaction ends."""
    found = db.session.get_one(Message, message_id)
    conversation = db.session.get_one(
        Conversation, found.conversation_id, with_for_update=True, populate_existing=True
    )
    db.session.refresh(found)
    return found, conversation
