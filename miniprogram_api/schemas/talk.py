"""Talking with one's manager: messages going in and out, receipts, and what the manager needs for it."""

from apiflask.fields import Boolean, Float, Integer, List, Nested, String
from marshmallow import validate

from miniprogram_api.schemas.fields import Moment, Shape, text, within

LARGEST_NUMBER = 2**53
LONGEST_PAGE = 100
# The city's own limit is lower; this one keeps what is not even looked at out of the database's way.
LONGEST_TEXT = 4000


class NewsIn(Shape):
    """`after`: what is new since that change; `before`: the page before that message; neither: the last."""

    after = Integer(validate=within(0, LARGEST_NUMBER))
    before = Integer(validate=within(1, LARGEST_NUMBER))
    limit = Integer(load_default=50, validate=within(1, LONGEST_PAGE))


class SentPlaceIn(Shape):
    """A place as WeChat's map gives it (GCJ-02)."""

    latitude_gcj02 = Float(required=True, allow_nan=False, validate=within(-90, 90))
    longitude_gcj02 = Float(required=True, allow_nan=False, validate=within(-180, 180))
    name = text(200, required=False, example="小区南门")


class MessageIn(Shape):
    """One of text, location or document; `client_id` is the phone's own name for it."""

    client_id = String(
        required=True,
        validate=validate.Regexp(r"^[A-Za-z0-9_-]{8,64}\Z", error="应为8至64位字母、数字、_或-。"),
        metadata={"example": "m-20260918-0001"},
    )
    text = String(
        validate=validate.Length(1, LONGEST_TEXT, error=f"长度应为1至{LONGEST_TEXT}个字。"),
        metadata={"example": "请问什么时候可以上门？"},
    )
    location = Nested(SentPlaceIn)
    document_id = String(validate=validate.Regexp(r"^[A-Za-z0-9_-]{16}\Z", error="应为资料编号。"))


class StaffMessageIn(MessageIn):
    """`urgent` lets its push through at night."""

    urgent = Boolean(load_default=False)


class ReceiptIn(Shape):
    """Numbers of messages: fetched up to `delivered`, read up to `read`."""

    delivered = Integer(load_default=0, validate=within(0, LARGEST_NUMBER))
    read = Integer(load_default=0, validate=within(0, LARGEST_NUMBER))


class AttachedOut(Shape):
    """A document in a message; its link is asked for in the case."""

    id = String(required=True)
    name = String(required=True)
    media_type = String(required=True)
    size = Integer(required=True)


class SentPlaceOut(Shape):
    """A place (GCJ-02)."""

    latitude_gcj02 = Float(required=True)
    longitude_gcj02 = Float(required=True)
    name = String()


class MessageOut(Shape):
    """A message; `state` is given to the side that sent it, `note` is what is particular about its way."""

    id = String(required=True)
    seq = Integer(required=True)
    client_id = String(required=True, allow_none=True)
    author = String(required=True)
    author_name = String(required=True)
    kind = String(required=True)
    text = String(required=True)
    card = String(required=True, allow_none=True)
    location = Nested(SentPlaceOut, required=True, allow_none=True)
    document = Nested(AttachedOut, required=True, allow_none=True)
    medium = String(required=True)
    urgent = Boolean(required=True)
    sent_at = Moment(required=True)
    state = String(required=True, allow_none=True)
    note = String(required=True)
    review = Boolean(required=True)


class MessagesOut(Shape):
    """Messages in order, and how to go on: `cursor` for what is new, `before` for the page before.

    `ask_again` is in seconds; `delivered` and `read` are how far the other side is, `own_read` one's own.
    """

    items = List(Nested(MessageOut), required=True)
    cursor = Integer(required=True)
    before = Integer(required=True, allow_none=True)
    more = Boolean(required=True)
    ask_again = Integer(required=True)
    writing = Boolean(required=True)
    delivered = Integer(required=True)
    read = Integer(required=True)
    own_read = Integer(required=True)
