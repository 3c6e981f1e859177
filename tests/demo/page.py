"""The demo's page as its reader finds it."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Self

_VOID = frozenset({"meta", "br"})


@dataclass(slots=True)
class Page:
    """What stands on the page.

    `messages` are (readers, title), `events` their texts, `days` those of each clock statement as (date,
    kind, text), all in order; `links` are the addresses that it leads to.
    """

    text: str
    links: list[str] = field(default_factory=list)
    messages: list[tuple[str, str]] = field(default_factory=list)
    events: list[str] = field(default_factory=list)
    days: list[list[tuple[str, str, str]]] = field(default_factory=list)

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read the file."""
        page = cls(path.read_text(encoding="utf-8"))
        reader = _Reader(page)
        reader.feed(page.text)
        reader.close()
        assert reader.open == [], "every element is closed"
        return page


class _Reader(HTMLParser):
    def __init__(self, page: Page) -> None:
        super().__init__()
        self.open: list[tuple[str, dict[str, str | None]]] = []
        self._page = page
        self._texts: list[list[str]] = []
        self._readers = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        if tag == "a":
            self._page.links.append(attributes["href"] or "")
        if attributes.get("class") == "calendar":
            self._page.days.append([])
        if tag not in _VOID:
            self.open.append((tag, attributes))
            self._texts.append([])

    def handle_data(self, data: str) -> None:
        if data.strip():
            for texts in self._texts:
                texts.append(data.strip())

    def handle_endtag(self, tag: str) -> None:
        opened, attributes = self.open.pop()
        assert opened == tag, f"<{opened}> is closed by </{tag}>"
        texts = self._texts.pop()
        kind = (attributes.get("class") or "").split()
        if kind[:1] == ["day"]:
            self._page.days[-1].append((attributes["data-date"] or "", kind[1], " ".join(texts)))
        elif kind == ["to"]:
            self._readers = " ".join(texts).removeprefix("客户 ").removesuffix(" 的手机")
        elif kind == ["title"]:
            self._page.messages.append((self._readers, texts[0]))
        elif tag == "p" and self.open[-1][1].get("class") == "event":
            self._page.events += [text for text in [" ".join(texts)] if text != "到点自动推送"]
