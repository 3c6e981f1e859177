"""Requests and answers about a customer's own data."""

from apiflask.fields import Dict, Float, Integer, List, Nested, String

from miniprogram_api.schemas.fields import BaseSchema, Moment, one_of, text


class HeldKindOut(BaseSchema):
    """One kind of data with purpose, legal basis and term; the newest items, and how many there are."""

    kind = String(required=True)
    name = String(required=True)
    purpose = String(required=True)
    basis = String(required=True)
    term = String(required=True)
    cite = String(required=True)
    total = Integer(required=True)
    items = List(Dict(), required=True)


class HeldOut(BaseSchema):
    """Everything that is held about the customer, by kind."""

    kinds = List(Nested(HeldKindOut), required=True)


class ReadOut(BaseSchema):
    """One read of the customer's data by staff."""

    at = Moment(required=True)
    reader = String(required=True, metadata={"description": "The role, never a name"})
    department = String(required=True)
    what = String(required=True)
    case_number = String(required=True)


class ReadsOut(BaseSchema):
    """Who has read the customer's data, newest first."""

    items = List(Nested(ReadOut), required=True)
    cursor = String(required=True, allow_none=True)


class CopyOut(BaseSchema):
    """A copy of the customer's data."""

    id = String(required=True)
    state = String(required=True, metadata={"description": "waiting, ready or failed"})
    requested_at = Moment(required=True)


class CopyFormatIn(BaseSchema):
    """JSON for machines, PDF for people."""

    format = String(load_default="json", validate=one_of("json", "pdf"))


class PositionIn(BaseSchema):
    """A position in GCJ-02."""

    latitude_gcj02 = Float(required=True)
    longitude_gcj02 = Float(required=True)


class ContactIn(BaseSchema):
    """What is to be corrected; what is left out stays. Address and position come together."""

    contact_name = text(50, required=False)
    contact_phone = text(40, required=False, example="13800000002")
    address = text(200, required=False)
    location = Nested(PositionIn)


class ContactOut(BaseSchema):
    """The present values."""

    contact_name = String(required=True, allow_none=True)
    contact_phone = String(required=True, allow_none=True)
    address = String(required=True, allow_none=True)
    location = Dict(required=True, allow_none=True)


class ErasureOut(BaseSchema):
    """What was deleted and what the law asks to keep, each by kind."""

    deleted = Dict(keys=String(), values=Integer(), required=True)
    kept = Dict(keys=String(), values=String(), required=True)
