"""Values that were let pass although they break a rule."""

from apiflask.fields import Integer, List, Nested, Raw, String

from miniprogram_api.schemas.fields import BaseSchema, Moment, text


class ExceptionIn(BaseSchema):
    """Which value of a task is let pass, and why."""

    field = text(64, example="peak_pressure_mpa")
    value = Raw(
        allow_none=True,
        metadata={"description": "The value to be delivered; left out for what a completed task delivered"},
    )
    reason = text(500, example="二次供水泵房已落实，压力由泵房保证。")


class ExceptionOut(BaseSchema):
    """A value that was let pass: where, which, why, by whom and when."""

    id = Integer(required=True)
    case_id = String(required=True)
    case_number = String(required=True)
    project_name = String(required=True)
    task_id = String(required=True)
    task = String(required=True, metadata={"description": "Name of the task"})
    field = String(required=True)
    name = String(required=True, metadata={"description": "Name of the output"})
    value = Raw(required=True, metadata={"description": "The value that was let pass"})
    level = String(required=True, metadata={"description": "What the rule asks for: reason or supervisor"})
    reason = String(required=True)
    passed_by = String(required=True)
    passed_at = Moment(required=True)


class ExceptionsOut(BaseSchema):
    """A page of exceptions, newest first.

    `cursor` is null on the last page.
    """

    items = List(Nested(ExceptionOut), required=True)
    cursor = String(required=True, allow_none=True)
