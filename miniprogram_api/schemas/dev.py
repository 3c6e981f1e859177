"""What the simulator's console sends."""

from apiflask.fields import AwareDateTime, Boolean, Integer

from miniprogram_api.schemas.fields import BaseSchema, text, within


class FaultIn(BaseSchema):
    """A fault to inject: an errcode, or what happens to the connection."""

    path = text(100)
    failure = text(20, required=False)
    errcode = Integer()
    latency_ms = Integer(validate=within(0, 60_000))
    times = Integer(validate=within(1, 1000))
    after_delivery = Boolean()


class ClockIn(BaseSchema):
    """An instant with offset."""

    now = AwareDateTime(required=True)


class CodesIn(BaseSchema):
    """A fictional person whose phone is to give codes; what is left out stays as the simulator knows it."""

    openid = text(64, required=False, example="mini-qianquan")
    unionid = text(64, required=False)
    phone = text(15, required=False, example="13800000001")
