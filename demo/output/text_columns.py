"""Setting mixed Chinese and Latin text in columns of a terminal."""

import unicodedata
from collections.abc import Sequence

_WIDE = frozenset("WF")


def width(text: str) -> int:
    """How many columns a terminal gives this text."""
    return sum(2 if unicodedata.east_asian_width(character) in _WIDE else 1 for character in text)


def pad(text: str, columns: int, *, right: bool = False) -> str:
    """`text` filled with blanks to so many columns, flush left or right; never cut."""
    blanks = " " * max(columns - width(text), 0)
    return blanks + text if right else text + blanks


def wrap(text: str, columns: int) -> list[str]:
    """`text` in lines of at most so many columns; Chinese breaks anywhere, and so does a long word."""
    lines = [""]
    for character in text:
        if width(lines[-1]) + width(character) > columns:
            lines.append("")
        lines[-1] += character
    return lines


def box(heading: str, lines: Sequence[str], columns: int) -> list[str]:
    """A frame of `columns` columns with a heading in its upper edge; longer lines are wrapped."""
    inner = columns - 4
    edge = f"╭─ {heading} "
    framed = [edge + "─" * max(columns - width(edge) - 1, 0) + "╮"]
    framed += [f"│ {pad(part, inner)} │" for line in lines for part in wrap(line, inner)]
    return [*framed, "╰" + "─" * (columns - 2) + "╯"]


def table(rows: Sequence[Sequence[str]], *, left: int = 1) -> list[str]:
    """Rows in columns under a ruled first row; the first `left` columns flush left, the rest right."""
    widths = [max(width(row[place]) for row in rows) for place in range(len(rows[0]))]
    lines = [
        "  ".join(pad(cell, widths[place], right=place >= left) for place, cell in enumerate(row)).rstrip()
        for row in rows
    ]
    rule = "─" * (sum(widths) + 2 * (len(widths) - 1))
    return [lines[0], rule, *lines[1:]]
