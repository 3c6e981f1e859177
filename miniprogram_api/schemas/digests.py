"""A morning's message to a member of staff."""

from apiflask.fields import Integer, List, Nested, String

from miniprogram_api.schemas.fields import BaseSchema, Moment

IMPORTANCE = "1 (most important) to 3"


class DigestNoticeOut(BaseSchema):
    """One notice of a morning's message."""

    id = String(required=True)
    kind = String(required=True)
    title = String(required=True)
    body = String(required=True)
    importance = Integer(required=True, metadata={"description": IMPORTANCE})
    created_at = Moment(required=True)
    read_at = Moment(required=True, allow_none=True)


class DigestCaseOut(BaseSchema):
    """The notices of one case, the most important first.

    `number` and `project_name` are null for an enquiry without a case, and for what is about no case.
    """

    case_id = String(required=True, allow_none=True)
    number = String(required=True, allow_none=True)
    project_name = String(required=True, allow_none=True)
    importance = Integer(
        required=True, metadata={"description": f"Of its most important notice: {IMPORTANCE}"}
    )
    notices = List(Nested(DigestNoticeOut), required=True)


class DigestOut(BaseSchema):
    """A morning's message: its cases, those with the most important notice first."""

    id = String(required=True)
    body = String(required=True)
    created_at = Moment(required=True)
    read_at = Moment(required=True, allow_none=True)
    cases = List(Nested(DigestCaseOut), required=True)
