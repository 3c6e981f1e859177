"""Leave and closures that are entered: lists and changes."""

from apiflask.fields import Boolean, Integer, List, Nested, String

from miniprogram_api.schemas.fields import BaseSchema, Moment, text
from miniprogram_api.schemas.visits import Start


class LeavesIn(BaseSchema):
    """Whose leave; one's own, or everybody's for a supervisor, when left out."""

    staff_number = text(64, required=False, example="G001")


class LeaveOut(BaseSchema):
    """A leave that lasts or is to come."""

    id = Integer(required=True)
    staff_number = String(required=True)
    staff_name = String(required=True)
    deputy_number = String(required=True)
    deputy_name = String(required=True)
    starts_at = Moment(required=True)
    ends_at = Moment(required=True)


class LeavesOut(BaseSchema):
    """Leave, by its beginning."""

    items = List(Nested(LeaveOut), required=True)


class ClosureOut(BaseSchema):
    """A closure that lasts or is to come."""

    id = String(required=True)
    department = String(
        required=True, allow_none=True, metadata={"description": "Its name; null when all are closed"}
    )
    starts_at = Moment(required=True)
    ends_at = Moment(required=True)
    reason = String(required=True)


class ClosuresOut(BaseSchema):
    """Closures, by their beginning."""

    items = List(Nested(ClosureOut), required=True)


class ClosureChangeIn(BaseSchema):
    """What to change; what is left out stays.

    With `taken_back` it ends now, or never begins, and the other fields count for nothing.
    """

    starts_at = Start(required=False)
    ends_at = Start(required=False)
    taken_back = Boolean(load_default=False)
    ask = Boolean(
        load_default=False,
        metadata={"description": "Ask the customers for a new time instead of moving the visits"},
    )


class LeaveChangeIn(ClosureChangeIn):
    """What to change of a leave; what is left out stays.

    With `taken_back` it ends now, or never begins, and the other fields count for nothing.
    """

    deputy_number = text(64, required=False, example="G002")
