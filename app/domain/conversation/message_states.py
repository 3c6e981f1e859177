"""Where a message stands, and until when its sender may take it back."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Side(StrEnum):
    """The two sides of a conversation: the customer, and everybody of the utility."""

    CUSTOMER = "customer"
    STAFF = "staff"

    @property
    def other(self) -> "Side":
        """Whoever this side talks to."""
        return Side.STAFF if self is Side.CUSTOMER else Side.CUSTOMER


class MessageState(StrEnum):
    """What the sender sees beside a message."""

    SENDING = "sending"
    """It waits to be handed to WeChat's chat window."""
    SENT = "sent"
    """It is kept here; the other side's phone has not fetched it yet."""
    DELIVERED = "delivered"
    """It is on the other side's phone, or WeChat took it for their chat window."""
    READ = "read"
    FAILED = "failed"
    """It did not reach the other side, for the reason shown; it never looks sent."""
    RECALLED = "recalled"


@dataclass(frozen=True, slots=True)
class Fate:
    """What is known of a message by itself: taken back, refused, or on its way into WeChat's chat."""

    recalled: bool = False
    failed: bool = False
    sending: bool = False
    carried: bool = False


def state_of(seq: int, fate: Fate, *, delivered: int, read: int) -> MessageState:
    """The state of the message numbered `seq`.

    `delivered` and `read` are the other side's positions: what is numbered up to there has arrived, or was
    read.
    """
    if fate.recalled:
        return MessageState.RECALLED
    if fate.failed:
        return MessageState.FAILED
    if seq <= read:
        # Who has read it has it, whatever becomes of the other way to them.
        return MessageState.READ
    if fate.carried or seq <= delivered:
        return MessageState.DELIVERED
    return MessageState.SENDING if fate.sending else MessageState.SENT


def may_recall(sent_at: datetime, now: datetime, within: timedelta) -> bool:
    """Whether a message sent at `sent_at` can still be taken back; a clock that went back takes no right."""
    return now - sent_at <= within
