"""Visits for customers: openings, reservations, visits and visitors."""

from datetime import datetime
from typing import Any

from apiflask.fields import Boolean, Float, Integer, List, Nested, String
from marshmallow import ValidationError, fields

from app.services.installation import city
from miniprogram_api.schemas.fields import BaseSchema, Moment, text

LONGEST_REASON = 200


class Start(fields.DateTime):
    """An instant in a request, with the city's own offset.

    Another offset is refused although it names an instant just as well: a client that sends one has most
    likely mistaken the time zone, and a visit at the wrong hour is worse than a refusal.
    """

    def __init__(self, *, required: bool = True, **kwargs: Any) -> None:
        super().__init__(
            format="iso",
            required=required,
            error_messages={
                "invalid": "时间应写成2026-09-21T10:00:00+08:00的形式。",
                "format": "时间应写成2026-09-21T10:00:00+08:00的形式。",
            },
            metadata={"example": "2026-09-21T10:00:00+08:00"},
            **kwargs,
        )

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> datetime:
        at = super()._deserialize(value, attr, data, **kwargs)
        try:
            local = at.astimezone(city.zone())
            fits = at.tzinfo is not None and local.utcoffset() == at.utcoffset()
        except OverflowError:
            fits = False
        if not fits:
            raise ValidationError("请使用本地时间并注明时区，如2026-09-21T10:00:00+08:00。")
        return local


class HoldIn(BaseSchema):
    """A purpose and one of its openings."""

    purpose = text(64, example="water_plan")
    starts_at = Start()


class RescheduleIn(BaseSchema):
    """One of the openings, and an optional reason."""

    starts_at = Start()
    reason = text(LONGEST_REASON, required=False)


class JoinIn(BaseSchema):
    """The other visit, which the same people make on the same day at the same place."""

    visit_id = text(64, example="kf8Jq0c3ZyWb7LxT")


class WaitlistIn(BaseSchema):
    """The purpose to wait for."""

    purpose = text(64, example="water_plan")


class NoShowIn(BaseSchema):
    """What happened, in the customer's words."""

    note = text(LONGEST_REASON, example="等到10点半无人上门")


class CancelIn(BaseSchema):
    """The reason for cancelling."""

    reason = text(LONGEST_REASON, example="当天临时有事")


class OpeningOut(BaseSchema):
    """A time that can be booked."""

    starts_at = Moment(required=True)
    ends_at = Moment(required=True)
    after_due = Boolean(required=True, metadata={"description": "Later than the due date of the stage"})
    stand_in = String(
        required=True, allow_none=True, metadata={"description": "Who comes instead of the manager"}
    )


class OpeningsOut(BaseSchema):
    """The openings of a purpose, in order."""

    purpose = String(required=True)
    purpose_name = String(required=True)
    minutes = Integer(required=True, metadata={"description": "Length of the visit"})
    hold_minutes = Integer(required=True, metadata={"description": "How long a chosen time is reserved"})
    due_at = Moment(required=True, allow_none=True)
    manager_name = String(required=True)
    said = List(String(), required=True, metadata={"description": "Sentences to show with the openings"})
    items = List(Nested(OpeningOut), required=True)


class PositionOut(BaseSchema):
    """A position in degrees, GCJ-02."""

    latitude_gcj02 = Float(required=True, attribute="latitude")
    longitude_gcj02 = Float(required=True, attribute="longitude")


class PlaceOut(BaseSchema):
    """Where a visit takes place: `site` or `office`."""

    kind = String(required=True)
    address = String(required=True)
    position = Nested(PositionOut, required=True, allow_none=True)


class VisitorOut(BaseSchema):
    """A member of staff who comes to a visit."""

    name = String(required=True)
    department = String(required=True)
    lead = Boolean(required=True, metadata={"description": "Whether they lead the visit"})
    instead_of = String(
        required=True, allow_none=True, metadata={"description": "The manager instead of whom they come"}
    )
    arrived_at = Moment(required=True, allow_none=True)


class VisitOut(BaseSchema):
    """A visit."""

    id = String(required=True)
    purpose = String(required=True)
    purpose_name = String(required=True)
    state = String(
        required=True,
        metadata={"description": "held, confirmed, expired, rescheduled, cancelled, done or no_show"},
    )
    offered = Boolean(required=True, metadata={"description": "Reserved from the waiting list"})
    starts_at = Moment(required=True)
    ends_at = Moment(required=True)
    hold_until = Moment(
        required=True,
        allow_none=True,
        metadata={"description": "When the reservation ends; null once confirmed"},
    )
    due_at = Moment(
        required=True, allow_none=True, metadata={"description": "Due date of the stage at booking"}
    )
    after_due = Boolean(required=True, metadata={"description": "Later than the due date of the stage"})
    expected_at = Moment(
        required=True, allow_none=True, metadata={"description": "When a late visitor expects to arrive"}
    )
    in_doubt = Boolean(
        required=True, metadata={"description": "The visit can't take place as booked; choose a new time"}
    )
    no_show_of = String(required=True, allow_none=True, metadata={"description": "customer or visitor"})
    reason = String(required=True, allow_none=True)
    changeable = Boolean(
        required=True, metadata={"description": "Whether the customer may move or cancel it now"}
    )
    joined_to = String(
        required=True,
        allow_none=True,
        metadata={"description": "The visit right after which the same people stay for this one"},
    )
    place = Nested(PlaceOut, required=True)
    visitors = List(Nested(VisitorOut), required=True)


class BookablePurposeOut(BaseSchema):
    """A purpose that can be booked now."""

    purpose = String(required=True, attribute="purpose.key")
    name = String(required=True, attribute="purpose.name")
    stage_name = String(
        required=True,
        allow_none=True,
        metadata={"description": "null for a purpose that belongs to no stage"},
    )
    due_at = Moment(required=True, allow_none=True)


class BookingsOut(BaseSchema):
    """What can be booked for a case, its visits, and its waiting lists."""

    needed = List(Nested(BookablePurposeOut), required=True)
    items = List(Nested(VisitOut), required=True)
    waiting = List(
        String(), required=True, metadata={"description": "Purposes on whose waiting list the customer is"}
    )


class PassVisitorOut(VisitorOut):
    """A visitor as shown on the staff badge."""

    number = String(required=True, metadata={"description": "Staff number"})
    photo_url = String(required=True)


class ArrivalPassOut(BaseSchema):
    """Who comes to a visit, and the code that both sides compare."""

    code = String(required=True)
    purpose_name = String(required=True)
    starts_at = Moment(required=True)
    expected_at = Moment(required=True, allow_none=True)
    visitors = List(Nested(PassVisitorOut), required=True)
