"""Quotes and papers as they are sent and got; all amounts are whole fen."""

from typing import Any

from apiflask.fields import Boolean, Dict, Integer, List, Nested, String
from apiflask.validators import Regexp

from miniprogram_api.schemas.fields import BaseSchema, Moment, text, within

_ID = Regexp(r"[A-Za-z0-9_-]{16}\Z", error="标识有误，请返回上一页重试。")
_SHA256 = Regexp(r"[0-9A-Fa-f]{64}\Z", error="文件校验值有误，请重新打开文件。")
_MOST_UNITS = 1_000_000
_PDF_ANSWER: dict[str, Any] = {
    "description": "PDF 文件",
    "content": {"application/pdf": {"schema": {"type": "string", "format": "binary"}}},
}


READ_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: _PDF_ANSWER,
    409: {"description": "文件与生成时不一致，已停止使用"},
}


class QuoteIn(BaseSchema):
    """Quantities taken from the drawings, by item of the estimate; none for the one-price list."""

    measured = Dict(
        keys=String(),
        values=Integer(strict=True, validate=within(0, _MOST_UNITS)),
        load_default=dict,
        metadata={"example": {}},
    )


class QuoteLineOut(BaseSchema):
    """A line of what an option costs."""

    name = String(required=True)
    unit = String(required=True)
    quantity = Integer(required=True)
    unit_fen = Integer(required=True)
    amount_fen = Integer(required=True)


class QuotedOptionOut(BaseSchema):
    """One thing to choose."""

    key = String(required=True)
    name = String(required=True)
    note = String(required=True)
    total_fen = Integer(required=True)
    lines = List(Nested(QuoteLineOut), required=True)


class QuoteOut(BaseSchema):
    """A quote; `mark` is shown beside its sums unless it is empty."""

    id = String(required=True)
    version = Integer(required=True)
    in_force = Boolean(required=True)
    mark = String(required=True)
    price_version = String(required=True)
    options = List(Nested(QuotedOptionOut), required=True)
    issued_at = Moment(required=True)
    chosen_key = String(required=True, allow_none=True)
    chosen_at = Moment(required=True, allow_none=True)
    chosen_name = String(required=True, allow_none=True)


class QuotesOut(BaseSchema):
    """Every quote of a case, the newest first."""

    items = List(Nested(QuoteOut), required=True)


class QuoteChoiceIn(BaseSchema):
    """The quote that was read, and the option chosen from it."""

    quote_id = String(required=True, validate=_ID, metadata={"example": "AAAAAAAAAAAAAAAA"})
    option = text(64, example="standard")


class PaperIn(BaseSchema):
    """What will stand in the paper, by output key of its task; none where the case says it all."""

    outputs = Dict(keys=String(), load_default=dict, metadata={"example": {}})


class PaperOut(BaseSchema):
    """A paper; its PDF is read at its own address."""

    id = String(required=True)
    kind = String(required=True)
    name = String(required=True)
    version = Integer(required=True)
    number = String(required=True)
    sha256 = String(required=True)
    in_force = Boolean(required=True)
    created_at = Moment(required=True)
    confirmed_at = Moment(required=True, allow_none=True)
    confirmed_name = String(required=True, allow_none=True)


class PapersOut(BaseSchema):
    """Every version of every paper of a case, in the order they were made."""

    items = List(Nested(PaperOut), required=True)


class PaperConfirmationIn(BaseSchema):
    """The hash of the PDF that was read."""

    sha256 = String(required=True, validate=_SHA256, metadata={"example": "0" * 64})
