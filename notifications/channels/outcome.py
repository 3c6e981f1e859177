"""What a fault of WeChat's port means for a message that was being sent."""

from types import MappingProxyType

from app.core import clock
from app.wechat.port import FaultKind, SendReceipt, WeChatError
from notifications.envelope import Outcome, OutcomeKind

_MEANING = MappingProxyType(
    {
        FaultKind.TRANSIENT: OutcomeKind.TRANSIENT,
        FaultKind.QUOTA: OutcomeKind.QUOTA,
        FaultKind.TOKEN: OutcomeKind.TOKEN,
        FaultKind.RECIPIENT: OutcomeKind.RECIPIENT,
        # WeChat lets nothing be done for a person it holds to be high-risk.
        FaultKind.BLOCKED: OutcomeKind.RECIPIENT,
        FaultKind.CONFIGURATION: OutcomeKind.CONFIGURATION,
        # Sending takes no login code: a complaint about one says that the call itself is wrong.
        FaultKind.LOGIN: OutcomeKind.CONFIGURATION,
        FaultKind.UNKNOWN_OUTCOME: OutcomeKind.UNKNOWN,
    }
)


def accepted(receipt: SendReceipt) -> Outcome:
    """WeChat took the message."""
    return Outcome(OutcomeKind.ACCEPTED, clock.now(), msgid=receipt.msgid)


def refused(error: WeChatError) -> Outcome:
    """WeChat did not take it, or nobody knows."""
    return Outcome(_MEANING[error.kind], clock.now(), errcode=error.errcode)
