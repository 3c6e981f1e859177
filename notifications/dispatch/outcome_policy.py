"""What becomes of a message after one attempt; pure.

Which fault gets which treatment is data (app/wechat/errcodes.toml). Transient ones come back after a growing
delay, a used-up quota or a faulty account when its channel opens again, a person who can't be reached this
way gets the next channel. A stopped template's message takes the next channel or waits. Where the outcome is
unknown, a template message is repeated as long as WeChat would recognise it, and others are left to the
report and to the city's rule.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from notifications.channels.envelope import Envelope, Outcome, OutcomeKind, Route
from notifications.channels.registry import CHANNELS
from notifications.dispatch import retry
from notifications.dispatch.retry import Chance
from notifications.models import DeliveryState
from notifications.wording.kinds import Channel


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


HELD_PAUSE = timedelta(minutes=15)
"""How long a message of a stopped template waits before it is looked at again; its release ends the wait."""


def settle(message: Envelope, outcome: Outcome, chance: Chance) -> Settlement:
    """What becomes of `message`. `next_attempt_at` is set when it is to be sent again."""
    match outcome.kind:
        case OutcomeKind.ACCEPTED:
            return Settlement(DeliveryState.ACCEPTED, message.attempt)
        case OutcomeKind.LATE:
            return _again(message, message.attempt - 1, outcome.at)
        case OutcomeKind.QUOTA | OutcomeKind.CONFIGURATION:
            # Its channel closes for as long as it takes; to have met that closing costs no attempt.
            alarm = outcome.kind is OutcomeKind.CONFIGURATION
            return _again(message, message.attempt - 1, outcome.at, outcome.kind.value, alarm=alarm)
        case OutcomeKind.RECIPIENT:
            return next_channel(message, outcome.at, "recipient")
        case OutcomeKind.TEMPLATE:
            return replace(held(message, outcome.at), alarm=True)
        case OutcomeKind.CONTENT:
            return replace(_failed(message, outcome.at, "content"), alarm=True)
        case OutcomeKind.UNKNOWN:
            return unknown(message, message.unknown_since or outcome.at, outcome.at, chance)
        case OutcomeKind.TRANSIENT | OutcomeKind.TOKEN:
            return _after_fault(message, outcome, chance)
        case _:
            return _unsent(message, outcome)


def _unsent(message: Envelope, outcome: Outcome) -> Settlement:
    """What becomes of a message that was put aside without having been sent (again)."""
    match outcome.kind:
        case OutcomeKind.OVER | OutcomeKind.TASK_CLOSED:
            return Settlement(DeliveryState.EXPIRED, message.attempt, outcome.kind.value)
        case OutcomeKind.GIVEN_UP:
            return Settlement(
                DeliveryState.UNKNOWN, message.attempt, "unknown_outcome", unknown_since=message.unknown_since
            )
        case OutcomeKind.HELD:
            return held(message, outcome.at)
        case _:
            return next_channel(message, outcome.at, outcome.kind.value)


def reported(message: Envelope, outcome: Outcome, *, refused: bool) -> Settlement:
    """WeChat had taken it and now says that it did not arrive: the next channel, else an end.

    `refused` says that the person was the reason, and not WeChat.
    """
    if message.next_routes:
        return next_channel(message, outcome.at, outcome.kind.value)
    state = DeliveryState.REFUSED if refused else DeliveryState.FAILED
    return Settlement(state, message.attempt, outcome.kind.value)


def held(message: Envelope, at: datetime) -> Settlement:
    """Its template is stopped: the person is told by the next channel, or else when it is released."""
    if message.next_routes:
        return next_channel(message, at, OutcomeKind.HELD.value)
    return _again(message, message.attempt - 1, at + HELD_PAUSE, OutcomeKind.HELD.value)


def next_channel(message: Envelope, at: datetime, why: str) -> Settlement:
    """Go on with the next channel, at once; without one, the person could not be reached."""
    if not message.next_routes:
        return Settlement(DeliveryState.REFUSED, message.attempt, why)
    return Settlement(DeliveryState.WAITING, 0, why, next_attempt_at=at, reroute=message.next_routes[0])


def unknown(message: Envelope, since: datetime, now: datetime, chance: Chance) -> Settlement:
    """A send of which nobody knows what became; `since` is the first such send."""
    at = now + retry.delay(message.attempt, chance)
    if at - since < repeat_window(message.route.channel):
        return Settlement(
            DeliveryState.WAITING, message.attempt, "unknown_outcome", next_attempt_at=at, unknown_since=since
        )
    return Settlement(DeliveryState.UNKNOWN, message.attempt, "unknown_outcome", unknown_since=since)


def repeat_window(channel: Channel) -> timedelta:
    """How long a send of unknown outcome may be repeated on this channel without doubling it."""
    return CHANNELS[channel].repeat_window


def _after_fault(message: Envelope, outcome: Outcome, chance: Chance) -> Settlement:
    """Nothing was done this time; it is tried again, a bounded number of times."""
    token = outcome.kind is OutcomeKind.TOKEN
    if message.unknown_since is not None:
        # An earlier send may have arrived, so the time for repeating is bounded, whatever this one met.
        return unknown(message, message.unknown_since, outcome.at, chance)
    if retry.exhausted(message.attempt):
        # A token that is refused for hours is a configuration that somebody has to look at.
        return replace(_failed(message, outcome.at, outcome.kind.value), alarm=token)
    at = outcome.at + retry.delay(message.attempt, chance)
    return _again(message, message.attempt, at, outcome.kind.value)


def _failed(message: Envelope, at: datetime, why: str) -> Settlement:
    """Sending by its channel has failed for good; another one may still reach the person."""
    if message.next_routes:
        return next_channel(message, at, why)
    return Settlement(DeliveryState.FAILED, message.attempt, why)


def _again(
    message: Envelope, attempts: int, at: datetime, failure_class: str | None = None, *, alarm: bool = False
) -> Settlement:
    return Settlement(
        DeliveryState.WAITING,
        attempts,
        failure_class,
        next_attempt_at=at,
        unknown_since=message.unknown_since,
        alarm=alarm,
    )
