"""Notes, quick replies, search, requests to hurry and complaints of a conversation."""

from apiflask.fields import Boolean, Integer, List, Nested, String
from marshmallow import validate

from miniprogram_api.schemas.fields import BaseSchema, Moment, one_of, text, within

# The city's own limit is lower. This one spares the database from texts that are refused anyway.
LONGEST_TEXT = 4000


class PartIn(BaseSchema):
    """Which part of a long PDF, from 1 on."""

    part = Integer(load_default=1, validate=within(1, 100_000))


class TextIn(BaseSchema):
    """A text of one or more lines; the city limits its length."""

    text = String(
        required=True,
        validate=validate.Length(1, LONGEST_TEXT, error=f"长度应为1至{LONGEST_TEXT}个字。"),
        metadata={"example": "已联系施工队，明天上午到场"},
    )


class NoteIn(TextIn):
    """An internal note.

    The kind `summary` is for the person who takes the conversation over.
    """

    kind = String(load_default="note", validate=one_of("note", "summary"))


class InvitationIn(BaseSchema):
    """The department to invite."""

    department = text(64, example="design_institute")


class QuickReplyIn(BaseSchema):
    """A quick reply.

    Its text may contain field names in braces, which are filled in for a conversation.
    """

    title = text(30, example="约上门")
    text = String(required=True, validate=validate.Length(1, 500, error="长度应为1至500个字。"))
    shared = Boolean(load_default=False, metadata={"description": "For everybody; supervisors only"})


class SearchIn(BaseSchema):
    """A search text: project, company, case number, whole phone number, or words of a message."""

    text = text(100, shortest=2, example="演示食品厂")


class NoteOut(BaseSchema):
    """An internal note."""

    id = Integer(required=True)
    kind = String(required=True, metadata={"description": "note or summary"})
    text = String(required=True)
    author_name = String(required=True)
    at = Moment(required=True)


class NotesOut(BaseSchema):
    """Internal notes, newest first."""

    items = List(Nested(NoteOut), required=True)


class InvitedDepartmentsOut(BaseSchema):
    """The departments that take part in a conversation."""

    items = List(String(), required=True)


class QuickReplyOut(BaseSchema):
    """A quick reply, filled in for a conversation."""

    id = String(required=True)
    title = String(required=True)
    text = String(required=True)
    shared = Boolean(required=True)
    missing = List(
        String(),
        required=True,
        metadata={"description": "Names of fields that are unknown in this conversation"},
    )


class QuickRepliesOut(BaseSchema):
    """Quick replies, the caller's own first."""

    items = List(Nested(QuickReplyOut), required=True)


class SearchResultOut(BaseSchema):
    """A conversation or message that was found."""

    conversation_id = String(required=True)
    topic = String(required=True)
    why = String(required=True, metadata={"description": "What matched"})
    seq = Integer(
        required=True,
        allow_none=True,
        metadata={"description": "Number of the message; null when no message matched"},
    )
    text = String(required=True)
    at = Moment(required=True, allow_none=True)


class SearchResultsOut(BaseSchema):
    """Everything that was found."""

    items = List(Nested(SearchResultOut), required=True)


class ChaseOut(BaseSchema):
    """A request to hurry (催办), with the working days of the stage at that time."""

    id = String(required=True)
    stage = String(required=True)
    stage_name = String(required=True)
    used = String(required=True, metadata={"description": "Used working days of the stage, decimal string"})
    allowed = String(
        required=True, metadata={"description": "Promised working days of the stage, decimal string"}
    )
    at = Moment(required=True)
    due_at = Moment(required=True, metadata={"description": "When the answer is due"})
    answer = String(required=True, allow_none=True)
    answered_at = Moment(required=True, allow_none=True)


class ChasesOut(BaseSchema):
    """Requests to hurry, newest first."""

    items = List(Nested(ChaseOut), required=True)


class ComplaintOut(BaseSchema):
    """A complaint and its state."""

    id = String(required=True)
    conversation_id = String(required=True)
    words = String(required=True)
    raised_at = Moment(required=True)
    responsible_name = String(required=True)
    due_at = Moment(required=True, metadata={"description": "When the answer is due"})
    state = String(required=True, metadata={"description": "open, answered or closed"})
    answer = String(required=True, allow_none=True)
    answered_at = Moment(required=True, allow_none=True)
    closed_at = Moment(required=True, allow_none=True)
    closed_by = String(required=True, allow_none=True)
    closed_reason = String(required=True, allow_none=True)


class ComplaintsOut(BaseSchema):
    """A list of complaints."""

    items = List(Nested(ComplaintOut), required=True)
