"""What text from outside may contain."""

import unicodedata

# Format characters that join emoji are harmless; the others here reorder or hide what a person reads.
_HARMLESS_FORMAT = {"\u200d", "\ufe0f"}


# Letters by their category, and nothing to look at: the Hangul fillers and the empty Braille pattern.
_BLANK = {"\u115f", "\u1160", "\u3164", "\uffa0", "\u2800"}


def shows_something(text: str) -> bool:
    """Whether a person sees anything of `text`: a letter, number, sign or symbol."""
    return any(character not in _BLANK and unicodedata.category(character)[0] in "LNPS" for character in text)


def has_control_characters(text: str, *, multiline: bool = False) -> bool:
    """Whether `text` holds control, direction-changing or half characters; line ends only if allowed."""
    allowed = _HARMLESS_FORMAT | ({"\n", "\r", "\t"} if multiline else set())
    return any(
        character not in allowed and unicodedata.category(character) in {"Cc", "Cf", "Cs"}
        for character in text
    )
