"""Text messages to the verified phone of a customer; a carrier recognises no repetition."""

import logging

from app.core import clock
from notifications.channels.envelope import Envelope, Outcome, OutcomeKind, Route
from notifications.channels.message_channel import Draft, MessageChannel
from notifications.channels.sms_carrier import SmsError
from notifications.wording.kinds import Audience, Channel

_log = logging.getLogger(__name__)

TEMPLATE = "sms"
"""The one text message has no key of its own; an attempt at it is written down under this."""


class SmsChannel(MessageChannel):
    """Addressed by the phone, which is looked up when a message is claimed; `openid` is empty."""

    key = Channel.SMS
    audiences = frozenset({Audience.CUSTOMER})

    @classmethod
    def route(cls, draft: Draft) -> Route:
        """Everybody may have a phone."""
        return Route(cls.key, TEMPLATE, "", draft.sms_values())

    def send(self, message: Envelope) -> Outcome:
        """Send one text message once; who has no phone that a text can go to can't be reached so."""
        if message.phone is None:
            return Outcome(OutcomeKind.RECIPIENT, clock.now())
        carrier = self.connections.sms
        try:
            serial = carrier.send(phone=message.phone, values=message.route.data, reference=message.id)
        except SmsError as error:
            # A carrier's codes are words, which no attempt has room for; here they can be looked up.
            _log.warning(
                "a text message was not taken", extra={"fault": error.fault.value, "code": error.code}
            )
            return Outcome(OutcomeKind(error.fault.value), clock.now())
        return Outcome(OutcomeKind.ACCEPTED, clock.now(), msgid=serial)
