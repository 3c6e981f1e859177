"""A message as the sending threads get it: plain values, and what came of sending it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import overload

import orjson

from app.core.crypto import decrypt
from notifications.wording.kinds import Channel


@dataclass(frozen=True, slots=True)
class Route:
    """A channel by which the person can be reached, with the fields filled for it.

    `openid` is empty where the channel knows people otherwise: by their phone, or not at all.
    """

    channel: Channel
    template_key: str
    openid: str = field(repr=False)
    data: Mapping[str, str] = field(repr=False)


class LaterRoutes(Sequence[Route]):
    """The channels still to be tried, read from their encrypted column when somebody asks: hardly ever."""

    def __init__(self, sealed: bytes) -> None:
        self._sealed = sealed

    @cached_property
    def _routes(self) -> tuple[Route, ...]:
        document = orjson.loads(decrypt(self._sealed))
        return tuple(
            Route(Channel(route["channel"]), route["template_key"], route["openid"], route["data"])
            for route in document["routes"]
        )

    @overload
    def __getitem__(self, place: int) -> Route: ...

    @overload
    def __getitem__(self, place: slice) -> tuple[Route, ...]: ...

    def __getitem__(self, place: int | slice) -> Route | tuple[Route, ...]:
        """The route at a place, or those of a slice."""
        return self._routes[place]

    def __len__(self) -> int:
        """How many there are."""
        return len(self._routes)


@dataclass(frozen=True, slots=True)
class Envelope:
    """One claimed message. `attempt` counts this send on its route, from 1; `lease_until` ends the claim.

    `phone` (E.164) is looked up for the channels that need one.
    """

    id: str
    kind: str
    case_id: str
    recipient_id: str
    route: Route
    next_routes: Sequence[Route] = field(repr=False)
    page: str
    attempt: int
    lease_until: datetime
    unknown_since: datetime | None
    phone: str | None = field(default=None, repr=False)


class OutcomeKind(StrEnum):
    """What is known after trying to send."""

    ACCEPTED = "accepted"
    TRANSIENT = "transient"
    QUOTA = "quota"
    TOKEN = "token"  # noqa: S105 - the name of a fault, not a credential
    RECIPIENT = "recipient"
    TEMPLATE = "template"
    CONTENT = "content"
    OWN_CONTENT = "own_content"
    """Refused for its words, or for a cause unknown here; that says nothing of its template."""
    UNCLEAR = "unclear"
    """Refused, and nobody knows yet whether for the person, the text or the whole account."""
    REFUSED_ALONE = "refused_alone"
    """Refused while others are accepted: it is this person or this text."""
    ACCOUNT_REFUSED = "account_refused"
    """Refused like everybody else's: it is the account."""
    CONFIGURATION = "configuration"
    UNKNOWN = "unknown"
    LATE = "late"
    """Not sent: the lease was about to run out, so another worker may have claimed the message."""
    POSTPONED = "postponed"
    """Not sent: the channel carries no more to this person just now; `at` is when it does again."""
    GATHERED = "gathered"
    """Not sent alone: the person got as many today as they may, and it can wait for the next morning."""
    HELD = "template_stopped"
    """Not sent: its template is stopped."""
    NO_CONSENT = "no_consent"
    """Not sent: no consent is left, or the last one is kept for something more important."""
    OVER = "over"
    """Not sent: its time was over, such as that of a reminder of a visit that has begun."""
    TASK_CLOSED = "task_closed"
    """Not sent: the task that it speaks of was done meanwhile."""
    LEFT = "left"
    """Not sent: the member of staff has left."""
    GIVEN_UP = "given_up"
    """Not sent again: an earlier send may have arrived, and WeChat would no longer know a repetition."""
    RULED = "ruled"
    """Not sent: the outcome stayed unknown, and the city's rule for it was applied."""
    REPORTED = "reported"
    """WeChat had taken it, and reported afterwards that it did not arrive."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one attempt at the instant `at`; `errcode` and `msgid` are WeChat's, if it gave any."""

    kind: OutcomeKind
    at: datetime
    errcode: int | None = None
    msgid: str | None = None
