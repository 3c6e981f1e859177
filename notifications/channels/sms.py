"""Text messages to the verified phone of a customer; a carrier recognises no repetition."""

import logging

from app.core import clock
from notifications.channels.envelope import Envelope, Outcome, OutcomeKind
from notifications.channels.sms_carrier import Sms, SmsError

_log = logging.getLogger(__name__)


def send(carrier: Sms, message: Envelope) -> Outcome:
    """Send one text message once; somebody without a verified phone can't be reached this way."""
    if message.phone is None:
        return Outcome(OutcomeKind.RECIPIENT, clock.now())
    try:
        serial = carrier.send(phone=message.phone, values=message.route.data, reference=message.id)
    except SmsError as error:
        # A carrier's codes are words, which no attempt has room for; here they can be looked up.
        _log.warning("a text message was not taken", extra={"fault": error.fault.value, "code": error.code})
        return Outcome(OutcomeKind(error.fault.value), clock.now())
    return Outcome(OutcomeKind.ACCEPTED, clock.now(), msgid=serial)
