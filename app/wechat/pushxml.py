"""The XML of WeChat's message push: read into plain values without trusting it, and written.

The standard library's parsers expand entities that a document declares, so a few bytes can become
gigabytes. No document type is ever needed here, so every document with one is refused.
"""

import re
import sys
from collections.abc import Mapping
from typing import NoReturn
from xml.parsers import expat
from xml.sax.saxutils import escape

from app.domain.texts import storable

DEEPEST = 8

_REFERENCE = re.compile(r"&#(?:x(?P<hex>[0-9A-Fa-f]{1,8})|(?P<decimal>[0-9]{1,8}));")


class XmlFault(ValueError):
    """The bytes are not a document of the shape that WeChat sends."""


def read(document: bytes) -> dict[str, object]:
    """The children of the root `<xml>` as a dict; an element with children is a dict, a repeated one a list.

    Everything else is text. Raises XmlFault for a document type, for any other root, for more than
    eight levels and for whatever is not well-formed UTF-8 XML.
    """
    reader = _Reader()
    # The encoding is ours to say: a declaration inside the document could make harmless bytes mean
    # something else.
    parser = expat.ParserCreate(encoding="utf-8")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = reader.doctype
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    try:
        parser.Parse(document, True)
    except expat.ExpatError as error:
        raise XmlFault(str(error)) from error
    return reader.result()


def read_tolerant(document: str) -> dict[str, object]:
    """The same as `read` for a document that people's words may have spoiled.

    Characters that XML forbids are dropped, written out or as references such as `&#2;`: WeChat passes on
    whatever somebody's keyboard produces. Raises XmlFault as `read` does.
    """
    document = storable(document)
    try:
        return read(document.encode())
    except XmlFault:
        # Only now: inside CDATA such a reference is what somebody wrote.
        return read(_REFERENCE.sub(_allowed, document).encode())


def write(values: Mapping[str, object]) -> str:
    """`values` as WeChat would push them; the inverse of `read` for texts, dicts and lists of these."""
    return f"<xml>{_children(values)}</xml>"


class _Reader:
    """Builds the values while expat reads; a stack of (name, children, text parts)."""

    def __init__(self) -> None:
        self._open: list[tuple[str, dict[str, object], list[str]]] = []
        self._root: tuple[str, object] | None = None

    def doctype(self, *_declaration: object) -> NoReturn:
        raise XmlFault("a document type is not accepted")

    def start(self, name: str, _attributes: Mapping[str, str]) -> None:
        if len(self._open) >= DEEPEST:
            raise XmlFault("nested too deeply")
        self._open.append((name, {}, []))

    def end(self, _name: str) -> None:
        name, children, parts = self._open.pop()
        value: object = children or "".join(parts).strip()
        if not self._open:
            self._root = (name, value)
            return
        siblings = self._open[-1][1]
        if name not in siblings:
            siblings[name] = value
            return
        there = siblings[name]
        if isinstance(there, list):
            there.append(value)
        else:
            siblings[name] = [there, value]

    def text(self, data: str) -> None:
        self._open[-1][2].append(data)

    def result(self) -> dict[str, object]:
        if self._root is None or self._root[0] != "xml" or not isinstance(self._root[1], dict):
            raise XmlFault("the root is no <xml> with children")
        return self._root[1]


def _allowed(reference: re.Match[str]) -> str:
    """A character reference, or nothing when XML forbids its character."""
    number = int(reference["hex"], 16) if reference["hex"] else int(reference["decimal"])
    return reference[0] if number <= sys.maxunicode and storable(chr(number)) else ""


def _children(values: Mapping[str, object]) -> str:
    return "".join(
        _element(name, item)
        for name, value in values.items()
        for item in (value if isinstance(value, list) else [value])
    )


def _element(name: str, value: object) -> str:
    inner = _children(value) if isinstance(value, Mapping) else escape(str(value))
    return f"<{name}>{inner}</{name}>"
