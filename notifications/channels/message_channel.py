"""What a channel is: how it is addressed, what it makes of a message, and how it sends one.

A channel is a class that names its `key`; `registry.py` lists them all. It touches no database.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import ClassVar

from app.wechat.errcodes import TABLE
from app.wechat.port import Accounts
from notifications.channels.envelope import Envelope, Outcome, Route
from notifications.channels.sms_carrier import NullSms, Sms
from notifications.wording import catalog
from notifications.wording.catalog import Rendered
from notifications.wording.kinds import Audience, Channel


@dataclass(frozen=True, slots=True)
class Connections:
    """Everything through which messages leave."""

    wechat: Accounts
    sms: Sms = field(default_factory=NullSms)
    template_ids: Mapping[str, str] = field(default_factory=lambda: catalog.current().template_ids)


@dataclass(frozen=True, slots=True)
class Draft:
    """A message to one person before its channel is chosen.

    `address` is how the channel knows the person, None where it does not. `page_url` opens the message's page
    from outside of WeChat; `sms_values` gives the places of the city's one text message.
    """

    rendered: Rendered
    address: str | None = field(repr=False)
    page_url: str
    sms_values: Callable[[], Mapping[str, str]] = field(repr=False)


@dataclass(frozen=True, slots=True)
class MemberLimit:
    """At most so many messages to one person within any such time; more are postponed."""

    most: int
    within: timedelta


class MessageChannel(ABC):
    """One way to a phone, for all threads of a process. Answers and refusals are outcomes; none is raised."""

    key: ClassVar[Channel]
    audiences: ClassVar[frozenset[Audience]]
    errcodes: ClassVar[Path] = TABLE
    """What the channel's error codes mean."""
    has_templates: ClassVar[bool] = True
    """Whether messages of one template key fill one approved template, which can be wrong for them all."""
    limits: ClassVar[tuple[MemberLimit, ...]] = ()
    repeat_window: ClassVar[timedelta] = timedelta(0)
    """How long after a send of unknown outcome it may be repeated without reaching the person twice."""

    def __init__(self, connections: Connections) -> None:
        self.connections = connections

    @classmethod
    def route(cls, draft: Draft) -> Route | None:
        """What this channel would carry; None when it can't reach the person, or has no words for them."""
        filled = draft.rendered.filled.get(cls.key)
        if filled is None or draft.address is None:
            return None
        return Route(cls.key, filled.template_key, draft.address, filled.data)

    @abstractmethod
    def send(self, message: Envelope) -> Outcome:
        """Send one message once, in a thread of the pool."""
