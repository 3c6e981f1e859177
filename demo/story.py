"""What every story has: people with their phones, one clock, and steps that are checked as they are told."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.domain.worktime import WorkingTime
from demo import people
from demo.json_client import JsonClient
from demo.narrator import Narrator
from demo.outcome import Outcome
from demo.people import Person
from demo.phone import CustomerPhone, StaffPhone
from demo.simulated_wechat import SimulatedWeChat
from demo.story_clock import StoryClock


class StoryFailedError(Exception):
    """A step was not as told; the text says which, for the reader of the demo."""


def expect(condition: object, what: str) -> None:
    """Hold the product to a step of the story. Raises `StoryFailedError`."""
    if not condition:
        raise StoryFailedError(what)


@dataclass(frozen=True, slots=True)
class ReceivedMessage:
    """A message that reached phones: when, its template's title, who got it (names), its labelled fields."""

    at: datetime
    title: str
    readers: frozenset[str]
    fields: Mapping[str, str]
    to_customer: bool


class StoryRun:
    """A story being told: moves the clock, prints what happens, remembers the messages that arrived."""

    def __init__(
        self,
        server: JsonClient,
        wechat: SimulatedWeChat,
        narrator: Narrator,
        line: WorkingTime,
        command: Callable[..., str],
    ) -> None:
        """`command` runs a `flask` command, as the utility's IT does, and gives what it printed."""
        self.server = server
        self.command = command
        self.line = line
        self.narrator = narrator
        self.received: list[ReceivedMessage] = []
        self.manager = ""
        self._wechat = wechat
        self._shown = 0
        self._time = StoryClock(server, self._show_messages)
        self._now = self._time.now()
        self._names = whose_openids()
        self.staff = {member.key: StaffPhone(member, server, wechat) for member in people.staff()}

    @property
    def now(self) -> datetime:
        """The instant of the story (aware, UTC)."""
        return self._now

    def customer(self, key: str) -> CustomerPhone:
        """The phone of a fictional customer."""
        return CustomerPhone(people.customer(key), self.server, self._wechat)

    def local(self, text: str) -> datetime:
        """An instant written in the city's time: `2026-09-18 09:00`."""
        return datetime.fromisoformat(text).replace(tzinfo=self.line.zone)

    def at(self, text: str) -> datetime:
        """Let time pass until then, showing every message on the way; the instant."""
        self._time.advance(self.local(text))
        self._now = self._time.now()
        return self._now

    def wait_for_jobs(self) -> None:
        """Let the jobs finish what this instant brought, and show the messages."""
        self._time.wait_until_idle()

    def event(self, text: str) -> None:
        """One line for what happens now."""
        self.narrator.event(self._now, text)

    def messages_to(self, title: str, since: datetime, *names: str) -> list[ReceivedMessage]:
        """The messages of that title since an instant that all of these people got."""
        wanted = set(names)
        return [
            message
            for message in self.received
            if message.title == title and message.at >= since and wanted <= message.readers
        ]

    def _show_messages(self, _at: datetime) -> None:
        messages = self.server.ask("GET", "/dev/messages")["items"]
        for same in _grouped(messages[self._shown :]):
            first = same[0]
            openids = [message["openid"] for message in same]
            self.narrator.message(first, openids, self.manager)
            self.received.append(
                ReceivedMessage(
                    at=datetime.fromisoformat(first["at"]),
                    title=first["title"],
                    readers=frozenset(self._names[openid] for openid in openids),
                    fields={field["label"]: field["value"] for field in first["fields"]},
                    to_customer=first["channel"] == "subscribe",
                )
            )
        self._shown = len(messages)


@dataclass(frozen=True, slots=True)
class Story:
    """A story that can be told: its program, when it begins (in the city's time), and how it goes."""

    key: str
    start: str
    play: Callable[[StoryRun], Outcome]


def whose_openids() -> dict[str, str]:
    """The name behind each openid of the fictional people, in both accounts."""
    everybody: Iterable[Person] = (*people.staff(), *people.customers())
    return {openid: person.name for person in everybody for openid in (person.openid, person.service_openid)}


def _grouped(messages: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """The very same message to several people, together; in the order of the first of each."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for message in messages:
        same = repr((message["channel"], message["template_id"], message["data"], message["page"]))
        groups.setdefault(same, []).append(message)
    return list(groups.values())
