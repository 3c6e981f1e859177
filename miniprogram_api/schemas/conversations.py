"""Conversations: messages, receipts, headers and lists."""

from apiflask.fields import Boolean, Float, Integer, List, Nested, String
from marshmallow import validate

from miniprogram_api.schemas.conversation_tools import LONGEST_TEXT, NoteOut
from miniprogram_api.schemas.fields import BaseSchema, Moment, text, within

LARGEST_NUMBER = 2**53
LONGEST_PAGE = 100


class MessagesPageIn(BaseSchema):
    """Which messages to return: the changes since `after`, the page before `before`, or the newest page."""

    after = Integer(
        validate=within(0, LARGEST_NUMBER), metadata={"description": "The `cursor` of the last answer"}
    )
    before = Integer(
        validate=within(1, LARGEST_NUMBER), metadata={"description": "The `before` of the last answer"}
    )
    limit = Integer(load_default=50, validate=within(1, LONGEST_PAGE))


class LocationIn(BaseSchema):
    """A place in degrees, GCJ-02 as WeChat's map gives it."""

    latitude_gcj02 = Float(required=True, allow_nan=False, validate=within(-90, 90))
    longitude_gcj02 = Float(required=True, allow_nan=False, validate=within(-180, 180))
    name = text(200, required=False, example="小区南门")


class MessageIn(BaseSchema):
    """A message: exactly one of `text`, `location` and `document_id`."""

    client_id = String(
        required=True,
        validate=validate.Regexp(r"^[A-Za-z0-9_-]{8,64}\Z", error="应为8至64位字母、数字、_或-。"),
        metadata={
            "example": "m-20260918-0001",
            "description": "Chosen by the client; the same id again is the same message",
        },
    )
    text = String(
        validate=validate.Length(1, LONGEST_TEXT, error=f"长度应为1至{LONGEST_TEXT}个字。"),
        metadata={"example": "请问什么时候可以上门？"},
    )
    location = Nested(LocationIn)
    document_id = String(
        validate=validate.Regexp(r"^[A-Za-z0-9_-]{16}\Z", error="应为资料编号。"),
        metadata={"description": "A document that was uploaded to the case before"},
    )


class StaffMessageIn(MessageIn):
    """A message of the utility: exactly one of `text`, `location` and `document_id`."""

    urgent = Boolean(load_default=False, metadata={"description": "Notify the customer at night, too"})


class ReadReceiptsIn(BaseSchema):
    """Up to which message number (`seq`) messages were delivered to the client, and read."""

    delivered = Integer(load_default=0, validate=within(0, LARGEST_NUMBER))
    read = Integer(load_default=0, validate=within(0, LARGEST_NUMBER))


class AttachmentOut(BaseSchema):
    """A document in a message.

    Its download link has its own endpoint.
    """

    id = String(required=True)
    name = String(required=True)
    media_type = String(required=True)
    size = Integer(required=True, metadata={"description": "In bytes"})


class LocationOut(BaseSchema):
    """A place in degrees, GCJ-02."""

    latitude_gcj02 = Float(required=True)
    longitude_gcj02 = Float(required=True)
    name = String()


class MessageOut(BaseSchema):
    """A message of a conversation."""

    id = String(required=True)
    seq = Integer(required=True, metadata={"description": "Number in the conversation, from 1"})
    client_id = String(required=True, allow_none=True, metadata={"description": "Only for the sender"})
    author = String(required=True, metadata={"description": "customer, staff or engine (the product itself)"})
    author_name = String(required=True)
    kind = String(
        required=True, metadata={"description": "text, document, location or card (an event of the case)"}
    )
    text = String(required=True)
    card = String(
        required=True,
        allow_none=True,
        metadata={"description": "The kind of event; null unless `kind` is card"},
    )
    location = Nested(LocationOut, required=True, allow_none=True)
    document = Nested(AttachmentOut, required=True, allow_none=True)
    medium = String(
        required=True,
        metadata={"description": "app, service (WeChat official account) or miniprogram (WeChat chat)"},
    )
    urgent = Boolean(required=True)
    sent_at = Moment(required=True)
    state = String(
        required=True,
        allow_none=True,
        metadata={"description": "For the sender: sending, sent, delivered, read, failed or recalled"},
    )
    note = String(
        required=True, metadata={"description": "For the sender: how the message travelled, if unusual"}
    )
    review = Boolean(
        required=True, metadata={"description": "For staff: the content check advises a closer look"}
    )


class MessagesOut(BaseSchema):
    """Messages in order, and how to continue.

    Send `cursor` as `after` for changes, and `before` for the page before (null at the first). `delivered`
    and `read` are the positions of the other side, `own_read` that of the caller.
    """

    items = List(Nested(MessageOut), required=True)
    cursor = Integer(required=True)
    before = Integer(required=True, allow_none=True)
    more = Boolean(required=True, metadata={"description": "More changes are ready; poll again at once"})
    ask_again = Integer(required=True, metadata={"description": "Seconds until the next poll"})
    writing = Boolean(required=True, metadata={"description": "The other side is typing"})
    delivered = Integer(required=True)
    read = Integer(required=True)
    own_read = Integer(required=True)


class CustomerConversationHeaderOut(BaseSchema):
    """Who answers the customer."""

    manager_name = String(required=True)
    manager_phone = String(required=True)
    answering_name = String(
        required=True, metadata={"description": "The manager, or the deputy during leave"}
    )
    returns_at = Moment(
        required=True,
        allow_none=True,
        metadata={"description": "When the office opens; null during office hours"},
    )
    unread = Integer(required=True)


class ConversationSummaryOut(BaseSchema):
    """A conversation in a list."""

    id = String(required=True)
    case_id = String(required=True, allow_none=True, metadata={"description": "null for a general enquiry"})
    case_number = String(required=True, allow_none=True)
    topic = String(required=True)
    holder_name = String(required=True, metadata={"description": "Who has to answer"})
    last_at = Moment(required=True, allow_none=True)
    waiting_since = Moment(
        required=True, allow_none=True, metadata={"description": "null when no customer waits"}
    )
    answer_due_at = Moment(required=True, allow_none=True, metadata={"description": "When the answer is due"})
    overdue = Boolean(required=True)
    unread = Integer(required=True)


class ConversationPageOut(BaseSchema):
    """A page of conversations.

    `cursor` leads to the next page; it is null on the last one.
    """

    items = List(Nested(ConversationSummaryOut), required=True)
    cursor = String(required=True, allow_none=True)


class ReplyWindowOut(BaseSchema):
    """How long WeChat accepts replies in the customer's chat, and how many."""

    closes_at = Moment(required=True)
    left = Integer(required=True, metadata={"description": "Number of replies that WeChat still accepts"})


class StaffConversationHeaderOut(BaseSchema):
    """The header of a conversation."""

    line = Nested(
        ConversationSummaryOut,
        required=True,
        allow_none=True,
        metadata={"description": "null before the first message"},
    )
    guests = List(String(), required=True, metadata={"description": "Names of the invited departments"})
    summary = Nested(
        NoteOut, required=True, allow_none=True, metadata={"description": "The latest handover summary"}
    )
    window = Nested(
        ReplyWindowOut,
        required=True,
        allow_none=True,
        metadata={"description": "null while WeChat accepts no replies"},
    )
