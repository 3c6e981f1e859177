"""Undelivered messages for supervisors, and the message settings of customers."""

from apiflask.fields import Boolean, Dict, Integer, List, Nested, String

from miniprogram_api.schemas.fields import BaseSchema, Moment


class FailureCauseOut(BaseSchema):
    """How many messages were not delivered for one reason."""

    channel = String(required=True, metadata={"description": "subscribe, template, sms or call"})
    state = String(required=True, metadata={"description": "refused, failed, unknown, to_call or expired"})
    failure_class = String(required=True, allow_none=True)
    errcode = Integer(required=True, allow_none=True, metadata={"description": "WeChat's error code"})
    errcode_said = String(
        required=True, allow_none=True, metadata={"description": "WeChat's error code, explained in Chinese"}
    )
    messages = Integer(required=True)


class ChannelProblemOut(BaseSchema):
    """A channel that is disabled, or that is sending its backlog."""

    channel = String(required=True)
    reason = String(
        required=True, allow_none=True, metadata={"description": "outage, quota or configuration"}
    )
    closed_until = Moment(required=True, allow_none=True)
    draining = Boolean(required=True, metadata={"description": "The channel is sending its backlog slowly"})


class DisabledTemplateOut(BaseSchema):
    """A template that WeChat refused and that is disabled."""

    template_key = String(required=True)
    errcode = Integer(required=True, allow_none=True)
    stopped_at = Moment(required=True)
    waiting = Integer(required=True, metadata={"description": "Number of messages that wait for it"})


class DeliveryOverviewOut(BaseSchema):
    """Undelivered messages of the last 30 days by cause, and what is disabled now."""

    causes = List(Nested(FailureCauseOut), required=True)
    channels = List(Nested(ChannelProblemOut), required=True)
    templates = List(Nested(DisabledTemplateOut), required=True)


class UndeliveredOut(BaseSchema):
    """A message that was not delivered, without its text."""

    id = String(required=True)
    kind = String(required=True)
    case_id = String(required=True)
    channel = String(required=True)
    state = String(required=True, metadata={"description": "refused, failed, unknown, to_call or expired"})
    failure_class = String(required=True, allow_none=True)
    errcode = Integer(required=True, allow_none=True)
    errcode_said = String(
        required=True, allow_none=True, metadata={"description": "WeChat's error code, explained in Chinese"}
    )
    created_at = Moment(required=True)
    settled_at = Moment(required=True, metadata={"description": "When the last attempt ended"})
    replayable = Boolean(required=True, metadata={"description": "Whether it may be sent again"})


class UndeliveredPageOut(BaseSchema):
    """A page of undelivered messages, newest first."""

    items = List(Nested(UndeliveredOut), required=True)
    cursor = String(required=True, allow_none=True)


class UnreachableStaffOut(BaseSchema):
    """A member of staff whom no channel reaches."""

    number = String(required=True, metadata={"description": "Staff number"})
    name = String(required=True)
    department = String(required=True, metadata={"description": "Name of the department"})
    logged_in = Boolean(required=True, metadata={"description": "Whether they have ever logged in"})


class UnreachableStaffListOut(BaseSchema):
    """The members of staff whom no channel reaches, by staff number."""

    items = List(Nested(UnreachableStaffOut), required=True)


class EnabledTemplateOut(BaseSchema):
    """How many messages had waited for the template."""

    released = Integer(required=True)


class PreferenceOut(BaseSchema):
    """A message topic, and whether the customer wants its messages on the phone."""

    key = String(required=True)
    name = String(required=True)
    wanted = Boolean(required=True)


class PreferencesOut(BaseSchema):
    """All topics that may be declined."""

    items = List(Nested(PreferenceOut), required=True)


class PreferencesIn(BaseSchema):
    """Topic key to whether it is wanted.

    A topic that is left out keeps its setting.
    """

    wanted = Dict(keys=String(), values=Boolean(), required=True)
