"""What staff see of a case in early service."""

from apiflask.fields import Boolean, Dict, List, Nested, String

from miniprogram_api.schemas.fields import BaseSchema, Moment


class OpinionOut(BaseSchema):
    """One department's part; `opinion` is null while it is awaited."""

    department = String(required=True)
    task_id = String(required=True)
    task_name = String(required=True)
    assignee_name = String(required=True, allow_none=True)
    due_at = Moment(required=True, allow_none=True)
    completed_at = Moment(required=True, allow_none=True)
    opinion = Dict(required=True, allow_none=True)


class EarlyServiceOut(BaseSchema):
    """What the consultation asked, who has answered and who is awaited."""

    partner_name = String(required=True)
    reference = String(required=True)
    received_at = Moment(required=True)
    developer = String(required=True)
    planned_facilities = List(String(), required=True)
    form_complete = Boolean(required=True)
    awaited = List(String(), required=True)
    opinions = List(Nested(OpinionOut), required=True)
