"""A case in early service, for staff."""

from apiflask.fields import Boolean, Dict, List, Nested, String

from miniprogram_api.schemas.fields import BaseSchema, Moment


class OpinionOut(BaseSchema):
    """The opinion of one department."""

    department = String(required=True)
    task_id = String(required=True)
    task_name = String(required=True)
    assignee_name = String(required=True, allow_none=True)
    due_at = Moment(required=True, allow_none=True)
    completed_at = Moment(required=True, allow_none=True)
    opinion = Dict(
        required=True,
        allow_none=True,
        metadata={"description": "Outputs of the task by key; null while it is open"},
    )


class EarlyServiceOut(BaseSchema):
    """A consultation (设计方案意见征询), and the opinions of the departments."""

    partner_name = String(required=True)
    reference = String(required=True, metadata={"description": "The partner's own number"})
    received_at = Moment(required=True)
    developer = String(required=True)
    planned_facilities = List(String(), required=True)
    form_complete = Boolean(required=True)
    awaited = List(
        String(), required=True, metadata={"description": "Names of the departments that have not answered"}
    )
    opinions = List(Nested(OpinionOut), required=True)
