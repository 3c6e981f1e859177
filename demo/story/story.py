"""What every story has: people with their phones, one clock, and steps that are checked."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.domain.worktime import WorkingTime
from demo.environment.json_client import JsonClient
from demo.environment.stack import Stack
from demo.environment.story_clock import StoryClock
from demo.output.outcome import Outcome
from demo.output.story_record import Event, Message, Part, StoryRecord
from demo.output.terminal import Terminal
from demo.people import fictional_people as people
from demo.people.fictional_people import Person
from demo.people.participants import Participants
from demo.people.phone import CustomerPhone


class StoryFailedError(Exception):
    """A step was not as told; the text says which, for the reader of the demo."""


def expect(condition: object, what: str) -> None:
    """Hold the product to a step of the story. Raises `StoryFailedError`."""
    if not condition:
        raise StoryFailedError(what)


class StoryRun:
    """A story being played: moves the clock, prints and records what happens and every message."""

    def __init__(
        self,
        stack: Stack,
        participants: Participants,
        line: WorkingTime,
        record: StoryRecord,
        terminal: Terminal,
    ) -> None:
        """`line` is the working time that figures are held to; `record` is filled on the way."""
        self.server = JsonClient(stack.url)
        self.command = stack.run
        self.participants = participants
        self.staff = participants.staff
        self.line = line
        self.record = record
        self.manager = ""
        self._terminal = terminal
        self._phones = stack.wechat
        self._shown = len(self._phones.messages())
        self._time = StoryClock(self.server, stack.look_for_work, self._show_messages)
        self._now = self._time.now()
        self._names = whose_openids()

    @property
    def now(self) -> datetime:
        """The instant of the story (aware, UTC)."""
        return self._now

    def customer(self, key: str) -> CustomerPhone:
        """The phone of a fictional customer."""
        return self.participants.customer(key)

    def local(self, text: str) -> datetime:
        """An instant written in the city's time: `2026-09-18 09:00`."""
        return datetime.fromisoformat(text).replace(tzinfo=self.line.zone)

    def shown(self, written: str) -> str:
        """An instant of an answer (ISO 8601) as people read it, in the city's time."""
        return f"{datetime.fromisoformat(written).astimezone(self.line.zone):%Y-%m-%d %H:%M}"

    def at(self, text: str) -> datetime:
        """Let time pass until then, showing every message on the way; the instant."""
        self._now = self._time.advance(self.local(text))
        return self._now

    def wait_for_jobs(self) -> None:
        """Let the jobs finish what this instant brought, and show the messages."""
        self._time.wait_until_idle()

    def heading(self, chinese: str, english: str) -> None:
        """A part of the story begins."""
        self.record.parts.append(Part(chinese))
        self._terminal.heading(f"{chinese} {english}")

    def event(self, text: str) -> None:
        """Something happens now."""
        event = Event(self._now, text)
        self._part().entries.append(event)
        self._terminal.event(event)

    def detail(self, text: str) -> None:
        """More about the newest event."""
        self.record.events[-1].details.append(text)
        self._terminal.detail(text)

    def messages_to(self, title: str, since: datetime, *names: str) -> list[Message]:
        """The messages of that title since an instant that all of these people got."""
        wanted = set(names)
        return [
            message
            for message in self.record.messages
            if message.title == title and message.at >= since and wanted <= set(message.readers)
        ]

    def _show_messages(self) -> None:
        arrived = self._phones.messages(after=self._shown)
        self._shown += len(arrived)
        for same in _grouped(arrived):
            message = self._read(same)
            self._part().entries.append(message)
            self._terminal.message(message)

    def _part(self) -> Part:
        if not self.record.parts:
            self.heading("开始", "the beginning")
        return self.record.parts[-1]

    def _read(self, same: list[dict[str, Any]]) -> Message:
        first = same[0]
        return Message(
            at=datetime.fromisoformat(first["at"]),
            title=first["title"],
            readers=tuple(self._names[message["openid"]] for message in same),
            fields={field["label"]: field["value"] for field in first["fields"]},
            page=first["page"],
            manager=self.manager,
            to_customer=first["channel"] == "subscribe",
        )


@dataclass(frozen=True, slots=True)
class Story:
    """A story that can be played.

    `key` is its program, `start` when it begins (in the city's time), `about` one line on what will be shown.
    """

    key: str
    start: str
    about: str
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
