"""What text from outside may contain."""

import unicodedata

# Format characters that join emoji are harmless; the others here reorder or hide what a person reads.
_HARMLESS_FORMAT = {"\u200d", "\ufe0f"}


def has_control_characters(text: str, *, multiline: bool = False) -> bool:
    """Whether `text` holds control, direction-changing or half characters; line ends only if allowed."""
    allowed = _HARMLESS_FORMAT | ({"\n", "\r", "\t"} if multiline else set())
    return any(
        character not in allowed and unicodedata.category(character) in {"Cc", "Cf", "Cs"}
        for character in text
    )
