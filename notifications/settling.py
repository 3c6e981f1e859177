"""What becomes of a message after one attempt; pure.

Treatment of each fault: wechat.md, "Which error is what". Transient ones come back after a growing delay, a
used-up quota tomorrow, a person who can't be reached this way gets the next channel, a faulty configuration
fails and raises an alarm. Where the outcome is unknown, a template message is repeated as long as WeChat
would recognise it, and a subscribe message never.
"""

from dataclasses import dataclass
from datetime import datetime

from notifications import retry
from notifications.envelope import Envelope, Outcome, OutcomeKind, Route
from notifications.kinds import Channel
from notifications.models import DeliveryState
from notifications.retry import Chance


@dataclass(frozen=True, slots=True)
class Settlement:
    """The new state of a message. `reroute`: the channel it goes on with, after which those left follow."""

    state: DeliveryState
    attempts: int
    failure_class: str | None = None
    next_attempt_at: datetime | None = None
    unknown_since: datetime | None = None
    reroute: Route | None = None
    alarm: bool = False


def settle(message: Envelope, outcome: Outcome, chance: Chance) -> Settlement:
    """What becomes of `message`. `next_attempt_at` is set when it is to be sent again."""
    match outcome.kind:
        case OutcomeKind.ACCEPTED:
            return Settlement(DeliveryState.ACCEPTED, message.attempt)
        case OutcomeKind.LATE:
            return _again(message, message.attempt - 1, outcome.at)
        case OutcomeKind.QUOTA:
            return _again(message, message.attempt - 1, retry.tomorrow(outcome.at, chance), "quota")
        case OutcomeKind.RECIPIENT:
            return _next_channel(message, outcome)
        case OutcomeKind.CONFIGURATION:
            return Settlement(DeliveryState.FAILED, message.attempt, "configuration", alarm=True)
        case OutcomeKind.UNKNOWN:
            return unknown(message, message.unknown_since or outcome.at, outcome.at, chance)
        case OutcomeKind.TRANSIENT | OutcomeKind.TOKEN:
            return _after_fault(message, outcome, chance)


def unknown(message: Envelope, since: datetime, now: datetime, chance: Chance) -> Settlement:
    """A send of which nobody knows what became; `since` is the first such send."""
    at = now + retry.delay(message.attempt, chance)
    if message.route.channel is Channel.TEMPLATE and retry.may_repeat(since, at):
        return Settlement(
            DeliveryState.WAITING, message.attempt, "unknown_outcome", next_attempt_at=at, unknown_since=since
        )
    return Settlement(DeliveryState.UNKNOWN, message.attempt, "unknown_outcome", unknown_since=since)


def _after_fault(message: Envelope, outcome: Outcome, chance: Chance) -> Settlement:
    """Nothing was done this time; it is tried again, a bounded number of times."""
    token = outcome.kind is OutcomeKind.TOKEN
    if message.unknown_since is not None:
        # An earlier send may have arrived, so the time for repeating is bounded, whatever this one met.
        return unknown(message, message.unknown_since, outcome.at, chance)
    if retry.exhausted(message.attempt):
        # A token that is refused for hours is a configuration that somebody has to look at.
        return Settlement(DeliveryState.FAILED, message.attempt, outcome.kind.value, alarm=token)
    at = outcome.at + retry.delay(message.attempt, chance)
    return _again(message, message.attempt, at, outcome.kind.value)


def _again(message: Envelope, attempts: int, at: datetime, failure_class: str | None = None) -> Settlement:
    return Settlement(
        DeliveryState.WAITING,
        attempts,
        failure_class,
        next_attempt_at=at,
        unknown_since=message.unknown_since,
    )


def _next_channel(message: Envelope, outcome: Outcome) -> Settlement:
    if not message.next_routes:
        return Settlement(DeliveryState.REFUSED, message.attempt, "recipient")
    return Settlement(
        DeliveryState.WAITING,
        0,
        "recipient",
        next_attempt_at=outcome.at,
        reroute=message.next_routes[0],
    )
