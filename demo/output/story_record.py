"""What happened in a story, kept in order: for checks while it is played, and for the page afterwards."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(slots=True)
class Event:
    """Something that somebody did at an instant (aware); `details` say more about it."""

    at: datetime
    text: str
    details: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Message:
    """A message that reached phones at an instant (aware).

    `readers` are the names of everybody who got the very same one, `fields` its labelled values, `page` what
    it opens. `to_customer` distinguishes the mini-program's messages from those of the service account.
    """

    at: datetime
    title: str
    readers: tuple[str, ...]
    fields: Mapping[str, str]
    page: str | None
    manager: str
    to_customer: bool

    @property
    def channel(self) -> str:
        """What people call the way it came."""
        return "订阅消息" if self.to_customer else "模板消息"

    @property
    def subject(self) -> str:
        """What it is about, in a few words: its task, or its first value that is no number of a case."""
        about = (value for value in self.fields.values() if not value.isdecimal())
        return self.fields.get("任务") or next(about, "")


@dataclass(slots=True)
class Part:
    """A part of a story under its heading (in Chinese)."""

    heading: str
    entries: list[Event | Message] = field(default_factory=list)


@dataclass(slots=True)
class StoryRecord:
    """One story; `key` and `name` are its program's."""

    key: str
    name: str
    parts: list[Part] = field(default_factory=list)

    @property
    def messages(self) -> list[Message]:
        """Every message so far, in the order in which they arrived."""
        return [entry for entry in self._entries() if isinstance(entry, Message)]

    @property
    def events(self) -> list[Event]:
        """Every event so far."""
        return [entry for entry in self._entries() if isinstance(entry, Event)]

    @property
    def delivered(self) -> int:
        """How many phones rang."""
        return sum(len(message.readers) for message in self.messages)

    def _entries(self) -> Iterator[Event | Message]:
        return (entry for part in self.parts for entry in part.entries)
