"""How what people are told is to reach them, as data: channels, importance, preferences, and what if not.

One set of rules is in use in a process; `wiring` installs it. `deliveryfile` reads and checks it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from notifications.wording.kinds import Audience, Channel

FIRST, ORDINARY, LAST = 1, 2, 3
IMPORTANCES = (FIRST, ORDINARY, LAST)

STAFF_CHAIN = (Channel.TEMPLATE,)
"""Staff follow the 服务号, and have their task lists beside it."""


class Unsettled(StrEnum):
    """What becomes of a message whose outcome stays unknown, because WeChat never reports of it."""

    PRESUMED = "presumed"
    """It is left at that: to tell the same twice would be worse than not to tell it by push."""
    NEXT_CHANNEL = "next_channel"
    """The person is told by the next channel, perhaps a second time."""


@dataclass(frozen=True, slots=True)
class Topic:
    """Messages that a customer may do without; what belongs to no topic is told in any case."""

    key: str
    name: str
    kinds: frozenset[str]


@dataclass(frozen=True, slots=True)
class SmsText:
    """The one text message: what the operator approved, and what is put in place of {1}, {2}, …"""

    text: str
    values: tuple[str, ...]

    def filled(self, values: Mapping[str, str]) -> dict[str, str]:
        """The parameters by their number. Raises `KeyError` for a value that `values` lacks."""
        return {str(place): text.format_map(values) for place, text in enumerate(self.values, start=1)}


@dataclass(frozen=True, slots=True)
class DeliveryRules:
    """The rules of a city."""

    importance: Mapping[str, int]
    default_chain: tuple[Channel, ...]
    chains: Mapping[str, tuple[Channel, ...]]
    topics: tuple[Topic, ...]
    sms: SmsText
    call_after: timedelta
    """How long a notice may stay unread in the app before the manager is asked to call."""
    settle_after: timedelta
    """How long WeChat's report is waited for when the outcome of a send is unknown."""
    unsettled: Unsettled
    unsettled_of: Mapping[str, Unsettled]
    """By template key, where it is another than `unsettled`."""
    drain_per_second: float
    """How many messages a second all processes together send by one channel after it was closed."""
    summary_at: str
    """When supervisors are told of what did not arrive, on working days, HH:MM in the city's zone."""

    def importance_of(self, kind: str) -> int:
        """From 1, which goes first, to 3."""
        return self.importance.get(kind, ORDINARY)

    def chain(self, kind: str, audience: Audience) -> tuple[Channel, ...]:
        """The channels by which this kind is told, in the order in which they are tried."""
        if audience is Audience.STAFF:
            return STAFF_CHAIN
        return self.chains.get(kind, self.default_chain)

    def topic_of(self, kind: str) -> str | None:
        """The topic a customer may have declined; None for what must be told."""
        return next((topic.key for topic in self.topics if kind in topic.kinds), None)

    def rule_of(self, template_key: str) -> Unsettled:
        """What becomes of a message of this template that stays of unknown outcome."""
        return self.unsettled_of.get(template_key, self.unsettled)


class NoRulesError(RuntimeError):
    """A message was to be delivered before `install` gave the rules."""


class _Installed:
    rules: DeliveryRules | None = None


def install(rules: DeliveryRules) -> None:
    """Let every message of this process be delivered by `rules`."""
    _Installed.rules = rules


def current() -> DeliveryRules:
    """The rules in use. Raises `NoRulesError` before `install`."""
    if _Installed.rules is None:
        raise NoRulesError
    return _Installed.rules
