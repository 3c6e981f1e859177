"""What a fault of WeChat's port means for a message that was being sent."""

from types import MappingProxyType

from app.core import clock
from app.wechat.errcodes import treatment_of
from app.wechat.port import SendReceipt, Treatment, WeChatError
from notifications.channels.envelope import Outcome, OutcomeKind

_MEANING = MappingProxyType(
    {
        Treatment.RETRY: OutcomeKind.TRANSIENT,
        Treatment.TOMORROW: OutcomeKind.QUOTA,
        Treatment.RENEW_TOKEN: OutcomeKind.TOKEN,
        Treatment.NEXT_CHANNEL: OutcomeKind.RECIPIENT,
        Treatment.STOP_TEMPLATE: OutcomeKind.TEMPLATE,
        Treatment.FAIL_MESSAGE: OutcomeKind.CONTENT,
        Treatment.FAIL_MESSAGE_ONLY: OutcomeKind.OWN_CONTENT,
        Treatment.COMPARE: OutcomeKind.UNCLEAR,
        Treatment.CLOSE_CHANNEL: OutcomeKind.CONFIGURATION,
        Treatment.SETTLE_LATER: OutcomeKind.UNKNOWN,
    }
)


def accepted(receipt: SendReceipt) -> Outcome:
    """WeChat took the message."""
    return Outcome(OutcomeKind.ACCEPTED, clock.now(), msgid=receipt.msgid)


def refused(error: WeChatError) -> Outcome:
    """WeChat did not take it, or nobody knows."""
    return Outcome(_MEANING[treatment_of(error.kind)], clock.now(), errcode=error.errcode)
