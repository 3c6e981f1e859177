"""Text messages to the verified phone of a customer; a carrier recognises no repetition."""

from types import MappingProxyType

from app.core import clock
from notifications.outgoing.envelope import Envelope, Outcome, OutcomeKind
from notifications.outgoing.sms import Sms, SmsError, SmsFault

_MEANING = MappingProxyType(
    {
        SmsFault.TRANSIENT: OutcomeKind.TRANSIENT,
        SmsFault.QUOTA: OutcomeKind.QUOTA,
        SmsFault.RECIPIENT: OutcomeKind.RECIPIENT,
        SmsFault.CONTENT: OutcomeKind.CONTENT,
        SmsFault.CONFIGURATION: OutcomeKind.CONFIGURATION,
        SmsFault.UNKNOWN: OutcomeKind.UNKNOWN,
    }
)


def send(carrier: Sms, message: Envelope) -> Outcome:
    """Send one text message once; somebody without a verified phone can't be reached this way."""
    if message.phone is None:
        return Outcome(OutcomeKind.RECIPIENT, clock.now())
    try:
        serial = carrier.send(phone=message.phone, values=message.route.data, reference=message.id)
    except SmsError as error:
        return Outcome(_MEANING[error.fault], clock.now())
    return Outcome(OutcomeKind.ACCEPTED, clock.now(), msgid=serial)
