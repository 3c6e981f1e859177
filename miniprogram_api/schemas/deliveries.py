"""What supervisors see and do about messages that did not arrive, and what customers wish to be told."""

from apiflask.fields import Boolean, Dict, Integer, List, Nested, String

from miniprogram_api.schemas.fields import BaseSchema, Moment


class FailureCauseOut(BaseSchema):
    """So many messages that did not arrive in one way, for one reason."""

    channel = String(required=True)
    state = String(required=True)
    failure_class = String(required=True, allow_none=True)
    errcode = Integer(required=True, allow_none=True)
    errcode_said = String(required=True, allow_none=True)
    messages = Integer(required=True)


class ChannelProblemOut(BaseSchema):
    """A channel that is closed (until when), or lets out what piled up."""

    channel = String(required=True)
    reason = String(required=True, allow_none=True)
    closed_until = Moment(required=True, allow_none=True)
    draining = Boolean(required=True)


class DisabledTemplateOut(BaseSchema):
    """A template that WeChat refused, and how many messages wait for it."""

    template_key = String(required=True)
    errcode = Integer(required=True, allow_none=True)
    stopped_at = Moment(required=True)
    waiting = Integer(required=True)


class DeliveryOverviewOut(BaseSchema):
    """The last thirty days by cause, and what is in trouble now."""

    causes = List(Nested(FailureCauseOut), required=True)
    channels = List(Nested(ChannelProblemOut), required=True)
    templates = List(Nested(DisabledTemplateOut), required=True)


class UndeliveredOut(BaseSchema):
    """One message that did not arrive."""

    id = String(required=True)
    kind = String(required=True)
    case_id = String(required=True)
    channel = String(required=True)
    state = String(required=True)
    failure_class = String(required=True, allow_none=True)
    errcode = Integer(required=True, allow_none=True)
    errcode_said = String(required=True, allow_none=True)
    created_at = Moment(required=True)
    settled_at = Moment(required=True)
    replayable = Boolean(required=True)


class UndeliveredPageOut(BaseSchema):
    """A page of what did not arrive, the newest first."""

    items = List(Nested(UndeliveredOut), required=True)
    cursor = String(required=True, allow_none=True)


class EnabledTemplateOut(BaseSchema):
    """How many messages had waited for a template."""

    released = Integer(required=True)


class PreferenceOut(BaseSchema):
    """One topic of messages, and whether the customer wants to be pushed it."""

    key = String(required=True)
    name = String(required=True)
    wanted = Boolean(required=True)


class PreferencesOut(BaseSchema):
    """Every topic that can be declined."""

    items = List(Nested(PreferenceOut), required=True)


class PreferencesIn(BaseSchema):
    """Topic to whether it is wanted; a topic that is left out stays as it was."""

    wanted = Dict(keys=String(), values=Boolean(), required=True)
