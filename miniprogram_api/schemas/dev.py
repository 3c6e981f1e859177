"""Requests of the simulator's console."""

from apiflask.fields import AwareDateTime, Boolean, Integer

from miniprogram_api.schemas.fields import BaseSchema, text, within


class FaultIn(BaseSchema):
    """A fault to inject into the simulator: a WeChat error code, or a failure of the connection."""

    path = text(100)
    failure = text(20, required=False)
    errcode = Integer()
    latency_ms = Integer(validate=within(0, 60_000))
    times = Integer(validate=within(1, 1000))
    after_delivery = Boolean()


class ClockIn(BaseSchema):
    """The instant to set the clock to, ISO 8601 with its offset."""

    now = AwareDateTime(required=True)


class CodesIn(BaseSchema):
    """The fictional person whose phone gives the codes.

    What is left out stays as the simulator knows it.
    """

    openid = text(64, required=False, example="mini-qianquan")
    unionid = text(64, required=False)
    phone = text(15, required=False, example="13800000001")
