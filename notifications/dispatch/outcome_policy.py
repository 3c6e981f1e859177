"""What happens to a message after one attempt; pure.

Which error gets which treatment is data (app/wechat/errcodes.toml). Transient errors are retried after a
growing delay; a used-up quota or a faulty account waits until its channel opens again. A person who cannot be
reached, or whose message is refused while others are accepted, gets the next channel. A message of a disabled
template takes the next channel or waits. With an unknown outcome, a template message is repeated as long as
WeChat recognises the repetition; others wait for the report, then for the city's rule.
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
class Resolution:
    """The new state of a message. `reroute`: the channel it continues with, followed by the rest."""

    state: DeliveryState
    attempts: int
    failure_class: str | None = None
    next_attempt_at: datetime | None = None
    unknown_since: datetime | None = None
    reroute: Route | None = None
    alarm: bool = False


HELD_PAUSE = timedelta(minutes=15)
"""How long a message of a disabled template waits before the next look; releasing the template ends the
wait.
"""


def resolve(message: Envelope, outcome: Outcome, chance: Chance) -> Resolution:
    """Decides what happens to `message`. `next_attempt_at` is set when it is to be sent again."""
    match outcome.kind:
        case OutcomeKind.ACCEPTED:
            return Resolution(DeliveryState.ACCEPTED, message.attempt)
        case OutcomeKind.LATE | OutcomeKind.POSTPONED:
            return _again(message, message.attempt - 1, outcome.at)
        case OutcomeKind.CONFIGURATION:
            # No message was at fault. Its channel closes for as long as needed; that costs no attempt.
            return _again(message, message.attempt - 1, outcome.at, outcome.kind.value, alarm=True)
        case OutcomeKind.QUOTA | OutcomeKind.ACCOUNT_REFUSED | OutcomeKind.UNCLEAR:
            return _after_refusal(message, outcome, chance)
        case OutcomeKind.RECIPIENT | OutcomeKind.REFUSED_ALONE:
            return next_channel(message, outcome.at, outcome.kind.value)
        case OutcomeKind.TEMPLATE:
            return replace(resolve_held(message, outcome.at), alarm=True)
        case OutcomeKind.CONTENT | OutcomeKind.OWN_CONTENT:
            return replace(_failed(message, outcome.at, outcome.kind.value), alarm=True)
        case OutcomeKind.UNKNOWN:
            return resolve_unknown(message, message.unknown_since or outcome.at, outcome.at, chance)
        case OutcomeKind.TRANSIENT | OutcomeKind.TOKEN:
            return _after_fault(message, outcome, chance)
        case _:
            return _unsent(message, outcome)


def _unsent(message: Envelope, outcome: Outcome) -> Resolution:
    """Decides about a message that was skipped without being sent (again)."""
    match outcome.kind:
        case OutcomeKind.OVER | OutcomeKind.TASK_CLOSED | OutcomeKind.LEFT:
            return Resolution(DeliveryState.EXPIRED, message.attempt, outcome.kind.value)
        case OutcomeKind.GATHERED:
            return Resolution(DeliveryState.GATHERED, message.attempt - 1, "day_limit")
        case OutcomeKind.GIVEN_UP:
            return Resolution(
                DeliveryState.UNKNOWN, message.attempt, "unknown_outcome", unknown_since=message.unknown_since
            )
        case OutcomeKind.HELD:
            return resolve_held(message, outcome.at)
        case _:
            return next_channel(message, outcome.at, outcome.kind.value)


def resolve_reported(message: Envelope, outcome: Outcome, *, refused: bool) -> Resolution:
    """WeChat had accepted it and now reports that it did not arrive: next channel, or failed.

    `refused`: the person was the reason, not WeChat.
    """
    if message.next_routes:
        return next_channel(message, outcome.at, outcome.kind.value)
    state = DeliveryState.REFUSED if refused else DeliveryState.FAILED
    return Resolution(state, message.attempt, outcome.kind.value)


def resolve_held(message: Envelope, at: datetime) -> Resolution:
    """Its template is disabled: next channel, or wait for the release."""
    if message.next_routes:
        return next_channel(message, at, OutcomeKind.HELD.value)
    return _again(message, message.attempt - 1, at + HELD_PAUSE, OutcomeKind.HELD.value)


def next_channel(message: Envelope, at: datetime, why: str) -> Resolution:
    """Continues with the next channel at once; without one, the person could not be reached."""
    if not message.next_routes:
        return Resolution(DeliveryState.REFUSED, message.attempt, why)
    return Resolution(DeliveryState.WAITING, 0, why, next_attempt_at=at, reroute=message.next_routes[0])


def resolve_unknown(message: Envelope, since: datetime, now: datetime, chance: Chance) -> Resolution:
    """A send of unknown outcome; `since` is the first such send."""
    at = now + retry.delay(message.attempt, chance)
    if at - since < repeat_window(message.route.channel):
        return Resolution(
            DeliveryState.WAITING, message.attempt, "unknown_outcome", next_attempt_at=at, unknown_since=since
        )
    return Resolution(DeliveryState.UNKNOWN, message.attempt, "unknown_outcome", unknown_since=since)


def repeat_window(channel: Channel) -> timedelta:
    """How long a send of unknown outcome may be repeated on this channel without doubling it."""
    return CHANNELS[channel].repeat_window


def _after_fault(message: Envelope, outcome: Outcome, chance: Chance) -> Resolution:
    """Nothing was sent; it is retried a bounded number of times."""
    token = outcome.kind is OutcomeKind.TOKEN
    if message.unknown_since is not None:
        # An earlier send may have arrived, so the time for repeating is bounded, whatever this one met.
        return resolve_unknown(message, message.unknown_since, outcome.at, chance)
    if retry.exhausted(message.attempt):
        # A token that is refused for hours is a configuration fault that somebody must look at.
        return replace(_failed(message, outcome.at, outcome.kind.value), alarm=token)
    at = outcome.at + retry.delay(message.attempt, chance)
    return _again(message, message.attempt, at, outcome.kind.value)


def _after_refusal(message: Envelope, outcome: Outcome, chance: Chance) -> Resolution:
    """WeChat refused it for a cause that may be everybody's; it is tried a bounded number of times.

    While its channel is closed it waits without being tried, so that an attempt is used up once a day or once
    in a while.
    """
    account = outcome.kind is not OutcomeKind.UNCLEAR
    alarm = outcome.kind is OutcomeKind.ACCOUNT_REFUSED
    if retry.exhausted(message.attempt):
        return replace(_failed(message, outcome.at, outcome.kind.value), alarm=True)
    at = outcome.at if account else outcome.at + retry.delay(message.attempt, chance)
    return _again(message, message.attempt, at, outcome.kind.value, alarm=alarm)


def _failed(message: Envelope, at: datetime, why: str) -> Resolution:
    """Sending by its channel has failed for good; another one may still reach the person."""
    if message.next_routes:
        return next_channel(message, at, why)
    return Resolution(DeliveryState.FAILED, message.attempt, why)


def _again(
    message: Envelope, attempts: int, at: datetime, failure_class: str | None = None, *, alarm: bool = False
) -> Resolution:
    return Resolution(
        DeliveryState.WAITING,
        attempts,
        failure_class,
        next_attempt_at=at,
        unknown_since=message.unknown_since,
        alarm=alarm,
    )
