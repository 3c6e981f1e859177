"""Quotes and papers. All amounts are whole fen."""

from apiflask.fields import Boolean, Dict, Integer, List, Nested, String
from apiflask.validators import Regexp

from miniprogram_api.schemas.fields import BaseSchema, Moment, text, within

_ID = Regexp(r"[A-Za-z0-9_-]{16}\Z", error="标识有误，请返回上一页重试。")
_SHA256 = Regexp(r"[0-9A-Fa-f]{64}\Z", error="文件校验值有误，请重新打开文件。")
_MOST_UNITS = 1_000_000


class QuoteIn(BaseSchema):
    """Quantities measured from the drawings, by item of the estimate.

    Empty for a program with a fixed price list.
    """

    measured = Dict(
        keys=String(),
        values=Integer(strict=True, validate=within(0, _MOST_UNITS)),
        load_default=dict,
        metadata={"example": {}},
    )


class QuoteLineOut(BaseSchema):
    """One line of an option; amounts are in fen."""

    name = String(required=True)
    unit = String(required=True)
    quantity = Integer(required=True)
    unit_fen = Integer(required=True)
    amount_fen = Integer(required=True)


class QuotedOptionOut(BaseSchema):
    """An option of a quote; amounts are in fen."""

    key = String(required=True)
    name = String(required=True)
    note = String(required=True)
    total_fen = Integer(required=True)
    lines = List(Nested(QuoteLineOut), required=True)


class QuoteOut(BaseSchema):
    """A quote for a case."""

    id = String(required=True)
    version = Integer(required=True)
    in_force = Boolean(required=True, metadata={"description": "Whether it is the newest"})
    mark = String(required=True, metadata={"description": "Shown beside the amounts unless empty"})
    price_version = String(required=True, metadata={"description": "Version of the price list"})
    options = List(Nested(QuotedOptionOut), required=True)
    issued_at = Moment(required=True)
    chosen_key = String(required=True, allow_none=True)
    chosen_at = Moment(required=True, allow_none=True)
    chosen_name = String(required=True, allow_none=True, metadata={"description": "Who chose"})


class QuotesOut(BaseSchema):
    """All quotes of a case, newest first."""

    items = List(Nested(QuoteOut), required=True)


class QuoteChoiceIn(BaseSchema):
    """The quote that the customer read, and the key of the chosen option."""

    quote_id = String(required=True, validate=_ID, metadata={"example": "AAAAAAAAAAAAAAAA"})
    option = text(64, example="standard")


class PaperIn(BaseSchema):
    """Values for the paper, by output key of its task.

    Empty where the case has all of them.
    """

    outputs = Dict(keys=String(), load_default=dict, metadata={"example": {}})


class PaperOut(BaseSchema):
    """An agreement or contract.

    Its PDF has its own endpoint.
    """

    id = String(required=True)
    kind = String(required=True)
    name = String(required=True)
    version = Integer(required=True)
    number = String(required=True, metadata={"description": "Printed on the paper"})
    sha256 = String(
        required=True, metadata={"description": "Hash of the PDF, to be sent with the confirmation"}
    )
    in_force = Boolean(required=True, metadata={"description": "Whether it is the newest of its kind"})
    created_at = Moment(required=True)
    confirmed_at = Moment(required=True, allow_none=True)
    confirmed_name = String(required=True, allow_none=True, metadata={"description": "Who confirmed it"})


class PapersOut(BaseSchema):
    """All versions of all papers of a case, in the order in which they were made."""

    items = List(Nested(PaperOut), required=True)


class PaperConfirmationIn(BaseSchema):
    """The SHA-256 of the PDF that the customer read."""

    sha256 = String(required=True, validate=_SHA256, metadata={"example": "0" * 64})
