"""Visits: openings, holds, appointments and what becomes of them; what people send and get."""

from datetime import datetime
from typing import Any

from apiflask.fields import Boolean, Float, Integer, List, Nested, String
from marshmallow import ValidationError, fields

from app.services.installation import city
from miniprogram_api.schemas.fields import BaseSchema, Moment, text

LONGEST_REASON = 200


class Start(fields.DateTime):
    """An instant coming in, with the city's own offset.

    Another offset is refused although it names an instant just as well: an app that sends one has most likely
    taken the local time for that of another zone, and a visit at the wrong hour is worse than a refusal.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            format="iso",
            required=True,
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
    """What for, and one of the openings."""

    purpose = text(64, example="water_plan")
    starts_at = Start()


class RescheduleIn(BaseSchema):
    """One of the openings, and why, if there is something to say."""

    starts_at = Start()
    reason = text(LONGEST_REASON, required=False)


class WaitlistIn(BaseSchema):
    """What for."""

    purpose = text(64, example="water_plan")


class NoShowIn(BaseSchema):
    """What happened, in the customer's words."""

    note = text(LONGEST_REASON, example="等到10点半无人上门")


class CancelIn(BaseSchema):
    """Why: it helps us to do better."""

    reason = text(LONGEST_REASON, example="当天临时有事")


class OpeningOut(BaseSchema):
    """A time to choose. `after_due` misses the stage's due date; `stand_in` comes in the manager's place."""

    starts_at = Moment(required=True)
    ends_at = Moment(required=True)
    after_due = Boolean(required=True)
    stand_in = String(required=True, allow_none=True)


class OpeningsOut(BaseSchema):
    """The openings of a purpose, in order; `said` is what the customer should know of them."""

    purpose = String(required=True)
    purpose_name = String(required=True)
    minutes = Integer(required=True)
    hold_minutes = Integer(required=True)
    due_at = Moment(required=True, allow_none=True)
    manager_name = String(required=True)
    said = List(String(), required=True)
    items = List(Nested(OpeningOut), required=True)


class PositionOut(BaseSchema):
    """A place on WeChat's map."""

    latitude_gcj02 = Float(required=True, attribute="latitude")
    longitude_gcj02 = Float(required=True, attribute="longitude")


class PlaceOut(BaseSchema):
    """Where a visit takes place: `site` or `office`."""

    kind = String(required=True)
    address = String(required=True)
    position = Nested(PositionOut, required=True, allow_none=True)


class VisitorOut(BaseSchema):
    """Somebody who comes; `instead_of` names the manager in whose place they come."""

    name = String(required=True)
    department = String(required=True)
    lead = Boolean(required=True)
    instead_of = String(required=True, allow_none=True)
    arrived_at = Moment(required=True, allow_none=True)


class VisitOut(BaseSchema):
    """A visit."""

    id = String(required=True)
    purpose = String(required=True)
    purpose_name = String(required=True)
    state = String(required=True)
    offered = Boolean(required=True)
    starts_at = Moment(required=True)
    ends_at = Moment(required=True)
    hold_until = Moment(required=True, allow_none=True)
    due_at = Moment(required=True, allow_none=True)
    after_due = Boolean(required=True)
    expected_at = Moment(required=True, allow_none=True)
    in_doubt = Boolean(required=True)
    no_show_of = String(required=True, allow_none=True)
    reason = String(required=True, allow_none=True)
    changeable = Boolean(required=True)
    place = Nested(PlaceOut, required=True)
    visitors = List(Nested(VisitorOut), required=True)


class BookablePurposeOut(BaseSchema):
    """A visit that can be booked now."""

    purpose = String(required=True, attribute="purpose.key")
    name = String(required=True, attribute="purpose.name")
    stage_name = String(required=True, allow_none=True)
    due_at = Moment(required=True, allow_none=True)


class BookingsOut(BaseSchema):
    """What can be booked, the visits of a case, and the purposes it waits in line for."""

    needed = List(Nested(BookablePurposeOut), required=True)
    items = List(Nested(VisitOut), required=True)
    waiting = List(String(), required=True)


class PassVisitorOut(VisitorOut):
    """A visitor as the badge shows them."""

    number = String(required=True)
    photo_url = String(required=True)


class ArrivalPassOut(BaseSchema):
    """Who stands at the door, and the code that both sides compare."""

    code = String(required=True)
    purpose_name = String(required=True)
    starts_at = Moment(required=True)
    expected_at = Moment(required=True, allow_none=True)
    visitors = List(Nested(PassVisitorOut), required=True)
