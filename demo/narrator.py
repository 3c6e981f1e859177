"""StoryRun a story on the terminal: a line for each event, each WeChat message as the phone shows it."""

import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, TextIO

from app.domain.workdays import DayKind
from app.domain.worktime import WorkingTime
from demo import text_columns

_WEEKDAYS = "一二三四五六日"
_MARKS = {
    DayKind.WORKDAY: "班",
    DayKind.MAKE_UP_WORKDAY: "班·调休",
    DayKind.WEEKEND: "休",
    DayKind.HOLIDAY: "休·假日",
}
_CHANNELS = {"subscribe": "小程序 · 订阅消息", "template": "服务号 · 模板消息"}
_COLUMNS = 64
_INDENT = " " * 6
_MOMENT_COLUMNS = 32
_LABEL_COLUMNS = 10

_BOLD, _DIM, _GREEN, _RED, _CYAN = "1", "2", "32", "31", "36"


class Narrator:
    """Prints a story; coloured on a terminal only. `whose` names the person behind an openid."""

    def __init__(self, line: WorkingTime, whose: Mapping[str, str], output: TextIO | None = None) -> None:
        self._line = line
        self._whose = whose
        self._output = output or sys.stdout
        self._coloured = self._output.isatty()
        self._day = ""
        self.messages = 0

    def title(self, text: str) -> None:
        """A story begins, or what came of all of them is told."""
        rule = "═" * (_COLUMNS + 10)
        for line in ("", rule, f"  {text}", rule):
            self._print(self._in(_BOLD, line) if line else line)

    def heading(self, text: str) -> None:
        """A part of the story begins."""
        self._print()
        self._print(self._in(_BOLD, f"━━ {text} " + "━" * max(_COLUMNS + 6 - text_columns.width(text), 4)))

    def event(self, at: datetime, text: str) -> None:
        """Something happens at `at`."""
        self._print(f"{self._in(_CYAN, text_columns.pad(self._moment(at), _MOMENT_COLUMNS))}{text}")

    def detail(self, text: str) -> None:
        """More about the event above it."""
        self._print(" " * _MOMENT_COLUMNS + self._in(_DIM, "· ") + text)

    def message(self, message: Mapping[str, Any], to: Sequence[str], manager: str) -> None:
        """A message as the phone shows it; `to` are the openids of all who got the very same one."""
        self.messages += len(to)
        readers = "、".join(self._whose.get(openid, openid) for openid in to)
        lines = [
            f"发给：{readers}",
            f"来自：客户管家 {manager}",
            *(
                f"{text_columns.pad(field['label'], _LABEL_COLUMNS)}{field['value']}"
                for field in message["fields"]
            ),
        ]
        if message["page"]:
            lines.append(f"{text_columns.pad('点开', _LABEL_COLUMNS)}{message['page']}")
        at = datetime.fromisoformat(message["at"])
        heading = f"{_CHANNELS[message['channel']]}「{message['title']}」{self._clock(at)}"
        for line in text_columns.box(heading, lines, _COLUMNS):
            self._print(_INDENT + self._in(_GREEN, line))

    def lines(self, lines: Iterable[str]) -> None:
        """Lines as they are, such as a table."""
        for line in lines:
            self._print("  " + line)

    def failure(self, text: str) -> None:
        """The story is not as told."""
        self._print()
        self._print(self._in(_RED, f"✗ {text}"))

    def success(self, text: str) -> None:
        """The story is as told."""
        self._print()
        self._print(self._in(_BOLD, f"✓ {text}"))

    def _moment(self, at: datetime) -> str:
        local = at.astimezone(self._line.zone)
        mark = _MARKS[self._line.day(local.date()).kind]
        return f"{local:%Y-%m-%d} 周{_WEEKDAYS[local.weekday()]} {local:%H:%M} {mark}"

    def _clock(self, at: datetime) -> str:
        return f"{at.astimezone(self._line.zone):%m-%d %H:%M}"

    def _in(self, style: str, text: str) -> str:
        return f"\x1b[{style}m{text}\x1b[0m" if self._coloured else text

    def _print(self, text: str = "") -> None:
        self._output.write(text + "\n")
        self._output.flush()
