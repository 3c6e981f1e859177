"""What is wanted, for whoever works on a task; nothing here says who the customer is."""

from apiflask.fields import Integer, List, Nested, Raw, String

from miniprogram_api.schemas.fields import BaseSchema, Moment
from miniprogram_api.schemas.visits import PositionOut


class DemandLineOut(BaseSchema):
    """One answer of the application form."""

    key = String(required=True)
    name = String(required=True, metadata={"description": "The field's label"})
    value = Raw(required=True, metadata={"description": "A choice by its name"})


class DrawingOut(BaseSchema):
    """A drawing, to open through the link of the case's documents."""

    id = String(required=True)
    kind = String(required=True)
    kind_name = String(required=True)
    media_type = String(required=True)
    size = Integer(required=True, metadata={"description": "In bytes"})
    created_at = Moment(required=True)


class DemandOut(BaseSchema):
    """The customer's demand, without the customer's identity."""

    case_id = String(required=True)
    case_number = String(required=True)
    program_name = String(required=True)
    calibre_mm = Integer(
        required=True,
        allow_none=True,
        metadata={"description": "Of the water plan; before that the one applied for"},
    )
    answers = List(Nested(DemandLineOut), required=True)
    address = String(required=True, metadata={"description": "Masked, or in full where the read is recorded"})
    position = Nested(
        PositionOut,
        required=True,
        allow_none=True,
        metadata={"description": "Null where the read is not recorded"},
    )
    drawings = List(Nested(DrawingOut), required=True)
