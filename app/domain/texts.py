"""What text from outside may contain."""

import re
import unicodedata
from itertools import takewhile

# Format characters that join emoji are harmless; the others here reorder or hide what a person reads.
_HARMLESS_FORMAT = {"\u200d", "\ufe0f"}


# Letters by their category, and nothing to look at: the Hangul fillers and the empty Braille pattern.
_BLANK = {"\u115f", "\u1160", "\u3164", "\uffa0", "\u2800"}


# What XML 1.0 forbids (section 2.2): most controls, half characters, and U+FFFE and U+FFFF. PostgreSQL
# refuses NUL and half characters as well.
_NOT_STORABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# Code points that Unicode sets apart for good; a font has nothing for them, and XML forbids two.
_NEVER_CHARACTERS = re.compile("[\ufdd0-\ufdef\ufffe\uffff]")


_JOINER = "\u200d"
_SKIN_TONES = ("\U0001f3fb", "\U0001f3ff")


def storable(text: str) -> str:
    """`text` without the characters that XML, JSON or a database can't hold; everything else stays."""
    return _NOT_STORABLE.sub("", text)


def belong_together(before: str, following: str) -> bool:
    """Whether a text must not be cut between `before` and the character that follows it.

    A mark, a skin tone or a variation selector belongs to what it follows, a joiner to both sides, and a flag
    is two regional letters. The main rules of Unicode's text segmentation (UAX 29), for Chinese and emoji.
    """
    return (
        unicodedata.category(following) in {"Mn", "Mc", "Me"}
        or following == _JOINER
        or before.endswith(_JOINER)
        or _SKIN_TONES[0] <= following <= _SKIN_TONES[1]
        or (_is_regional(following) and _regional_at_end(before) % 2 == 1)
    )


def _is_regional(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"


def _regional_at_end(text: str) -> int:
    return len(list(takewhile(_is_regional, reversed(text))))


def shows_something(text: str) -> bool:
    """Whether a person sees anything of `text`: a letter, number, sign or symbol."""
    return any(character not in _BLANK and unicodedata.category(character)[0] in "LNPS" for character in text)


def has_control_characters(text: str, *, multiline: bool = False) -> bool:
    """Whether `text` holds control, direction-changing, half or no characters; line ends only if allowed."""
    allowed = _HARMLESS_FORMAT | ({"\n", "\r", "\t"} if multiline else set())
    return _NEVER_CHARACTERS.search(text) is not None or any(
        character not in allowed and unicodedata.category(character) in {"Cc", "Cf", "Cs"}
        for character in text
    )
