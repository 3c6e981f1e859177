"""The city's delivery rules: channels, importance, preferences, and what happens when nothing arrives.

One set of rules is in use in a process; `wiring` installs it, `delivery_rules_file` reads and checks it.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from urllib.parse import quote

from notifications.wording.kinds import Audience, Channel

FIRST, ORDINARY, LAST = 1, 2, 3
IMPORTANCES = (FIRST, ORDINARY, LAST)
PAGE_PLACE = "{page}"


class Unsettled(StrEnum):
    """What happens to a message of unknown outcome that WeChat never reports on."""

    PRESUMED = "presumed"
    """It stays as it is: telling twice would be worse than not pushing."""
    NEXT_CHANNEL = "next_channel"
    """The next channel is used, so that the person may be told twice."""


class Urgency(StrEnum):
    """How a kind of message reaches members of staff."""

    NOW = "now"
    """Alone and at once; no limit holds it back."""
    ALONE = "alone"
    """Alone and at once, within the limit of the day. Beyond it, it waits for the next morning if it can."""
    GATHERED = "gathered"
    """Only to be known: told with others in one message each working morning."""


URGENCIES = tuple(Urgency)
"""The most urgent first."""


@dataclass(frozen=True, slots=True)
class Topic:
    """Messages that a customer may decline; a kind without a topic is always sent."""

    key: str
    name: str
    kinds: frozenset[str]


@dataclass(frozen=True, slots=True)
class SmsText:
    """The one text message: the operator's approved text, and the values of {1}, {2}, …"""

    text: str
    values: tuple[str, ...]
    countries: tuple[str, ...] = ("86",)
    """The calling codes of the countries to which the operator's contract sends."""

    def reaches(self, phone: str) -> bool:
        """Whether a text message goes to this number (E.164)."""
        return phone.startswith(tuple(f"+{code}" for code in self.countries))

    def filled(self, values: Mapping[str, str]) -> dict[str, str]:
        """The parameters by their number. Raises `KeyError` for a value that `values` lacks."""
        return {str(place): text.format_map(values) for place, text in enumerate(self.values, start=1)}


@dataclass(frozen=True, slots=True)
class DeliveryRules:
    """The rules of a city."""

    importance: Mapping[str, int]
    default_chain: tuple[Channel, ...]
    staff_chain: tuple[Channel, ...]
    """Staff have their task lists beside it."""
    chains: Mapping[str, tuple[Channel, ...]]
    topics: tuple[Topic, ...]
    sms: SmsText
    page_link: str
    """The address that opens a {page} of the mini-program from outside of WeChat."""
    call_after: timedelta
    """How long a notice may stay unread in the app before the manager is asked to call."""
    settle_after: timedelta
    """How long to wait for WeChat's report when the outcome of a send is unknown."""
    unsettled: Unsettled
    unsettled_of: Mapping[str, Unsettled]
    """By template key, where it differs from `unsettled`."""
    drain_per_second: float
    """How many messages a second all processes together send on one channel after it was closed."""
    urgent: frozenset[str]
    """Kinds that go at any hour of the night."""
    answers: frozenset[str]
    """Kinds that answer what the person has just done: at night they go while `answers_within` lasts."""
    answers_within: timedelta
    summary_at: str
    """When staff get the morning's message, on working days, HH:MM in the city's zone."""
    urgency: Mapping[str, Urgency]
    """Of every kind to staff."""
    most_a_day: int
    """How many messages one member of staff gets a day before what can wait does."""
    asked_first: int
    """How many people of a department's queue are told of its work alone; the others read of it together."""

    def importance_of(self, kind: str) -> int:
        """From 1 (sent first) to 3."""
        return self.importance.get(kind, ORDINARY)

    def is_gathered(self, kind: str, audience: Audience) -> bool:
        """Whether it has no message of its own."""
        return audience is Audience.STAFF and self.urgency[kind] is Urgency.GATHERED

    def chain(self, kind: str, audience: Audience) -> tuple[Channel, ...]:
        """The channels for this kind, in the order in which they are tried."""
        if audience is Audience.STAFF:
            return self.staff_chain
        return self.chains.get(kind, self.default_chain)

    def page_url(self, page: str) -> str:
        """The address that opens this page (its path and query) from outside of WeChat."""
        return self.page_link.replace(PAGE_PLACE, quote(page, safe=""))

    def without(self, channels: Collection[Channel]) -> "DeliveryRules":
        """The same rules where these channels do not exist."""
        return replace(
            self,
            default_chain=_left(self.default_chain, channels),
            staff_chain=_left(self.staff_chain, channels),
            chains={kind: _left(chain, channels) for kind, chain in self.chains.items()},
        )

    def topic_of(self, kind: str) -> str | None:
        """The topic that a customer may have declined; None for what is always sent."""
        return next((topic.key for topic in self.topics if kind in topic.kinds), None)

    def rule_of(self, template_key: str) -> Unsettled:
        """What happens to a message of this template that stays of unknown outcome."""
        return self.unsettled_of.get(template_key, self.unsettled)


def _left(chain: tuple[Channel, ...], channels: Collection[Channel]) -> tuple[Channel, ...]:
    return tuple(channel for channel in chain if channel not in channels)


class NoRulesError(RuntimeError):
    """A message was to be delivered before `install` gave the rules."""


class _Installed:
    rules: DeliveryRules | None = None


def install(rules: DeliveryRules) -> None:
    """Makes `rules` the rules of this process."""
    _Installed.rules = rules


def current() -> DeliveryRules:
    """The rules in use. Raises `NoRulesError` before `install`."""
    if _Installed.rules is None:
        raise NoRulesError
    return _Installed.rules
