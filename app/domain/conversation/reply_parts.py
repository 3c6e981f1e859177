"""Cutting a reply into parts that WeChat's chat takes: at the end of a paragraph, a sentence or a clause."""

from collections.abc import Sequence

from app.domain.texts import belong_together

# From the best place to the worst: what a part may end with.
_ENDS: Sequence[str] = ("\n", "。！？!?…", "；;：:", "，,、）)”", " ")
_LOOKED_AT = 2
"""A part is cut in its last half, so that a full stop near the beginning does not make ten parts."""


def split(text: str, most_bytes: int) -> list[str]:
    """`text` in parts of at most `most_bytes` of UTF-8, in their order; one part for a text that fits.

    Nothing is lost but blanks and line ends at a cut. Never within a character, nor between a letter and its
    mark or the halves of an emoji, unless one such sign alone is longer than a part.
    """
    parts, rest = [], text.strip()
    while len(rest.encode()) > most_bytes:
        cut = _cut(rest, most_bytes)
        parts.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip()
    return [part for part in (*parts, rest) if part] or [""]


def _cut(text: str, most_bytes: int) -> int:
    """After how many characters the first part ends."""
    longest = _fitting(text, most_bytes)
    for ends in _ENDS:
        for place in range(longest, longest // _LOOKED_AT, -1):
            if text[place - 1] in ends and not belong_together(text[:place], text[place]):
                return place
    whole = longest
    while whole and belong_together(text[:whole], text[whole]):
        whole -= 1
    return whole or longest


def _fitting(text: str, most_bytes: int) -> int:
    """How many characters fit, one at least."""
    size = 0
    for place, character in enumerate(text):
        size += len(character.encode())
        if size > most_bytes:
            return max(place, 1)
    return len(text)
