"""Talking with one's manager: messages going in and out, receipts, and what the manager needs for it."""

from apiflask.fields import Boolean, Float, Integer, List, Nested, String
from marshmallow import validate

from miniprogram_api.schemas.fields import BaseSchema, Moment, one_of, text, within

LARGEST_NUMBER = 2**53
LONGEST_PAGE = 100
# The city's own limit is lower; this one keeps what is not even looked at out of the database's way.
LONGEST_TEXT = 4000


class MessagesPageIn(BaseSchema):
    """`after`: what is new since that change; `before`: the page before that message; neither: the last."""

    after = Integer(validate=within(0, LARGEST_NUMBER))
    before = Integer(validate=within(1, LARGEST_NUMBER))
    limit = Integer(load_default=50, validate=within(1, LONGEST_PAGE))


class LocationIn(BaseSchema):
    """A place as WeChat's map gives it (GCJ-02)."""

    latitude_gcj02 = Float(required=True, allow_nan=False, validate=within(-90, 90))
    longitude_gcj02 = Float(required=True, allow_nan=False, validate=within(-180, 180))
    name = text(200, required=False, example="小区南门")


class MessageIn(BaseSchema):
    """One of text, location or document; `client_id` is the phone's own name for it."""

    client_id = String(
        required=True,
        validate=validate.Regexp(r"^[A-Za-z0-9_-]{8,64}\Z", error="应为8至64位字母、数字、_或-。"),
        metadata={"example": "m-20260918-0001"},
    )
    text = String(
        validate=validate.Length(1, LONGEST_TEXT, error=f"长度应为1至{LONGEST_TEXT}个字。"),
        metadata={"example": "请问什么时候可以上门？"},
    )
    location = Nested(LocationIn)
    document_id = String(validate=validate.Regexp(r"^[A-Za-z0-9_-]{16}\Z", error="应为资料编号。"))


class StaffMessageIn(MessageIn):
    """`urgent` lets its push through at night."""

    urgent = Boolean(load_default=False)


class ReadReceiptsIn(BaseSchema):
    """Numbers of messages: fetched up to `delivered`, read up to `read`."""

    delivered = Integer(load_default=0, validate=within(0, LARGEST_NUMBER))
    read = Integer(load_default=0, validate=within(0, LARGEST_NUMBER))


class AttachmentOut(BaseSchema):
    """A document in a message; its link is asked for in the case."""

    id = String(required=True)
    name = String(required=True)
    media_type = String(required=True)
    size = Integer(required=True)


class LocationOut(BaseSchema):
    """A place (GCJ-02)."""

    latitude_gcj02 = Float(required=True)
    longitude_gcj02 = Float(required=True)
    name = String()


class MessageOut(BaseSchema):
    """A message; `state` is given to the side that sent it, `note` is what is particular about its way."""

    id = String(required=True)
    seq = Integer(required=True)
    client_id = String(required=True, allow_none=True)
    author = String(required=True)
    author_name = String(required=True)
    kind = String(required=True)
    text = String(required=True)
    card = String(required=True, allow_none=True)
    location = Nested(LocationOut, required=True, allow_none=True)
    document = Nested(AttachmentOut, required=True, allow_none=True)
    medium = String(required=True)
    urgent = Boolean(required=True)
    sent_at = Moment(required=True)
    state = String(required=True, allow_none=True)
    note = String(required=True)
    review = Boolean(required=True)


class MessagesOut(BaseSchema):
    """Messages in order, and how to go on: `cursor` for what is new, `before` for the page before.

    `ask_again` is in seconds; `delivered` and `read` are how far the other side is, `own_read` one's own.
    """

    items = List(Nested(MessageOut), required=True)
    cursor = Integer(required=True)
    before = Integer(required=True, allow_none=True)
    more = Boolean(required=True)
    ask_again = Integer(required=True)
    writing = Boolean(required=True)
    delivered = Integer(required=True)
    read = Integer(required=True)
    own_read = Integer(required=True)


class TextIn(BaseSchema):
    """Something to say, of one or more lines; the city limits its length."""

    text = String(
        required=True,
        validate=validate.Length(1, LONGEST_TEXT, error=f"长度应为1至{LONGEST_TEXT}个字。"),
        metadata={"example": "已联系施工队，明天上午到场"},
    )


class NoteIn(TextIn):
    """A note among staff; `summary` is for whoever goes on."""

    kind = String(load_default="note", validate=one_of("note", "summary"))


class InvitationIn(BaseSchema):
    """A department to ask in."""

    department = text(64, example="design_institute")


class QuickReplyIn(BaseSchema):
    """A reply to keep; its text may name fields in braces."""

    title = text(30, example="约上门")
    text = String(required=True, validate=validate.Length(1, 500, error="长度应为1至500个字。"))
    shared = Boolean(load_default=False)


class SearchIn(BaseSchema):
    """A project, a company, a case number, a whole phone number, or words that were said."""

    text = text(100, shortest=2, example="演示食品厂")


class CustomerConversationHeaderOut(BaseSchema):
    """Whom the customer talks to; `returns_at` is null while the office is open."""

    manager_name = String(required=True)
    manager_phone = String(required=True)
    answering_name = String(required=True)
    returns_at = Moment(required=True, allow_none=True)
    unread = Integer(required=True)


class NoteOut(BaseSchema):
    """A note among staff."""

    id = Integer(required=True)
    kind = String(required=True)
    text = String(required=True)
    author_name = String(required=True)
    at = Moment(required=True)


class NotesOut(BaseSchema):
    """Notes, the newest first."""

    items = List(Nested(NoteOut), required=True)


class ConversationSummaryOut(BaseSchema):
    """A conversation in a list."""

    id = String(required=True)
    case_id = String(required=True, allow_none=True)
    case_number = String(required=True, allow_none=True)
    topic = String(required=True)
    holder_name = String(required=True)
    last_at = Moment(required=True, allow_none=True)
    waiting_since = Moment(required=True, allow_none=True)
    answer_due_at = Moment(required=True, allow_none=True)
    overdue = Boolean(required=True)
    unread = Integer(required=True)


class ConversationPageOut(BaseSchema):
    """Conversations; `cursor` leads on, null at the end."""

    items = List(Nested(ConversationSummaryOut), required=True)
    cursor = String(required=True, allow_none=True)


class ReplyWindowOut(BaseSchema):
    """WeChat's window: until when it is open, and how many replies it still lets through."""

    closes_at = Moment(required=True)
    left = Integer(required=True)


class StaffConversationHeaderOut(BaseSchema):
    """Above a conversation: null lines before its first message, a null window where none is open."""

    line = Nested(ConversationSummaryOut, required=True, allow_none=True)
    guests = List(String(), required=True)
    summary = Nested(NoteOut, required=True, allow_none=True)
    window = Nested(ReplyWindowOut, required=True, allow_none=True)


class InvitedDepartmentsOut(BaseSchema):
    """The departments in a conversation."""

    items = List(String(), required=True)


class QuickReplyOut(BaseSchema):
    """A quick reply, filled in for the conversation; `missing` names what is not known there."""

    id = String(required=True)
    title = String(required=True)
    text = String(required=True)
    shared = Boolean(required=True)
    missing = List(String(), required=True)


class QuickRepliesOut(BaseSchema):
    """Quick replies, one's own first."""

    items = List(Nested(QuickReplyOut), required=True)


class SearchResultOut(BaseSchema):
    """Something that was found: of something said its number and what is around it."""

    conversation_id = String(required=True)
    topic = String(required=True)
    why = String(required=True)
    seq = Integer(required=True, allow_none=True)
    text = String(required=True)
    at = Moment(required=True, allow_none=True)


class SearchResultsOut(BaseSchema):
    """What was found."""

    items = List(Nested(SearchResultOut), required=True)


class ChaseOut(BaseSchema):
    """A chase, with the stage's working days when the customer asked."""

    id = String(required=True)
    stage = String(required=True)
    stage_name = String(required=True)
    used = String(required=True)
    allowed = String(required=True)
    at = Moment(required=True)
    due_at = Moment(required=True)
    answer = String(required=True, allow_none=True)
    answered_at = Moment(required=True, allow_none=True)


class ChasesOut(BaseSchema):
    """Chases, the newest first."""

    items = List(Nested(ChaseOut), required=True)


class ComplaintOut(BaseSchema):
    """A complaint and how it stands."""

    id = String(required=True)
    conversation_id = String(required=True)
    words = String(required=True)
    raised_at = Moment(required=True)
    responsible_name = String(required=True)
    due_at = Moment(required=True)
    state = String(required=True)
    answer = String(required=True, allow_none=True)
    answered_at = Moment(required=True, allow_none=True)
    closed_at = Moment(required=True, allow_none=True)
    closed_by = String(required=True, allow_none=True)
    closed_reason = String(required=True, allow_none=True)


class ComplaintsOut(BaseSchema):
    """Complaints."""

    items = List(Nested(ComplaintOut), required=True)
