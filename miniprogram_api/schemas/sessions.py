"""Logins as their owner sees them."""

from apiflask.fields import Boolean, Integer, List, Nested, String

from miniprogram_api.schemas.fields import BaseSchema, Moment


class LoginOut(BaseSchema):
    """A login that is still valid."""

    id = String(required=True)
    created_at = Moment(required=True)
    seen_at = Moment(required=True, metadata={"description": "When it was last used, roughly"})
    expires_at = Moment(required=True)
    current = Boolean(required=True, metadata={"description": "Whether this request is of it"})


class LoginsOut(BaseSchema):
    """The caller's logins, the last used first."""

    items = List(Nested(LoginOut), required=True)


class EndedOut(BaseSchema):
    """How many logins have been ended."""

    ended = Integer(required=True)
