"""Filling in a quick reply: whatever has no value is named, and never sent with its braces."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from app.domain.conversation.vocabulary import REPLY_FIELDS

_FIELD = re.compile(r"\{(" + "|".join(sorted(REPLY_FIELDS)) + r")\}")


@dataclass(frozen=True, slots=True)
class Filled:
    """A text with what is known filled in, and the fields that nothing is known for."""

    text: str
    missing: tuple[str, ...]


def fill(text: str, values: Mapping[str, str]) -> Filled:
    """Fill in the fields of a reply. Values are text: braces in them are none of ours."""
    missing = tuple(dict.fromkeys(name for name in _FIELD.findall(text) if not values.get(name)))
    return Filled(_FIELD.sub(lambda found: values.get(found[1]) or found[0], text), missing)


def unfilled(text: str) -> tuple[str, ...]:
    """The fields that still stand in a text that is about to be sent."""
    return tuple(dict.fromkeys(_FIELD.findall(text)))
