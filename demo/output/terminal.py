"""The stories on the terminal: a line for each event and each message, and a message of each kind in full."""

import sys
from collections.abc import Iterable
from datetime import datetime
from typing import TextIO

from app.domain.workdays import DayKind
from app.domain.worktime import WorkingTime
from demo.output import text_columns
from demo.output.story_record import Event, Message

COLUMNS = 74
_WEEKDAYS = "一二三四五六日"
_DAY_MARKS = {
    DayKind.WORKDAY: "",
    DayKind.MAKE_UP_WORKDAY: "调休上班",
    DayKind.WEEKEND: "周末",
    DayKind.HOLIDAY: "假日",
}
_BOX_COLUMNS = 64
_BOX_INDENT = " " * 6
_MOMENT_COLUMNS = 26
_LABEL_COLUMNS = 10

_BOLD, _DIM, _GREEN, _RED, _CYAN = "1", "2", "32", "31", "36"


class Terminal:
    """Prints stories; coloured on a terminal only.

    With `boxes` every message is shown as the phone shows it, and every event with its details; without, the
    first message of each kind.
    """

    def __init__(self, line: WorkingTime, *, boxes: bool = False, output: TextIO | None = None) -> None:
        self._line = line
        self._boxes = boxes
        self._output = output or sys.stdout
        self._coloured = self._output.isatty()
        self._kinds_shown: set[tuple[bool, str]] = set()

    def title(self, text: str) -> None:
        """A story begins, or the results are shown."""
        rule = "═" * COLUMNS
        self._print()
        for line in (rule, f"  {text}", rule):
            self._print(self._in(_BOLD, line))

    def heading(self, text: str) -> None:
        """A part of a story begins."""
        self._print()
        self._print(self._in(_BOLD, f"━━ {text} " + "━" * max(COLUMNS - 4 - text_columns.width(text), 4)))

    def event(self, event: Event) -> None:
        """A line for something that happens."""
        self._print(
            f"{self._in(_CYAN, text_columns.pad(self._moment(event.at), _MOMENT_COLUMNS))}{event.text}"
        )

    def detail(self, text: str) -> None:
        """More about the event above, where everything is shown."""
        if self._boxes:
            self._print(" " * _MOMENT_COLUMNS + self._in(_DIM, "· ") + text)

    def message(self, message: Message) -> None:
        """A line for a message; in full when it is the first of its kind, or when everything is shown."""
        readers = "、".join(message.readers)
        text = f"→ {readers} · {message.channel} · {message.title}"
        self._print(" " * _MOMENT_COLUMNS + self._in(_GREEN, text))
        kind = (message.to_customer, message.title)
        if self._boxes or kind not in self._kinds_shown:
            self._kinds_shown.add(kind)
            self._box(message)

    def lines(self, lines: Iterable[str]) -> None:
        """Lines as they are, such as a table."""
        for line in lines:
            self._print(f"  {line}" if line else "")

    def failure(self, text: str) -> None:
        """A story is not as told."""
        self._print()
        self._print(self._in(_RED, f"✗ {text}"))

    def success(self, text: str) -> None:
        """Every story is as told."""
        self._print()
        self._print(self._in(_BOLD, f"✓ {text}"))

    def _box(self, message: Message) -> None:
        lines = [
            f"发给：{'、'.join(message.readers)}",
            f"来自：客户管家 {message.manager}",
            *(f"{text_columns.pad(label, _LABEL_COLUMNS)}{value}" for label, value in message.fields.items()),
        ]
        if message.page:
            lines.append(f"{text_columns.pad('点开', _LABEL_COLUMNS)}{message.page}")
        account = "小程序" if message.to_customer else "服务号"
        local = message.at.astimezone(self._line.zone)
        heading = f"{account} · {message.channel}「{message.title}」{local:%m-%d %H:%M}"
        for line in text_columns.box(heading, lines, _BOX_COLUMNS):
            self._print(_BOX_INDENT + self._in(_GREEN, line))

    def _moment(self, at: datetime) -> str:
        local = at.astimezone(self._line.zone)
        mark = _DAY_MARKS[self._line.day(local.date()).kind]
        return f"{local:%m-%d} 周{_WEEKDAYS[local.weekday()]} {local:%H:%M} {mark}"

    def _in(self, style: str, text: str) -> str:
        return f"\x1b[{style}m{text}\x1b[0m" if self._coloured else text

    def _print(self, text: str = "") -> None:
        self._output.write(text + "\n")
        self._output.flush()
