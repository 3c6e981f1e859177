"""How soon a phone should ask for news again."""

from datetime import datetime, timedelta

from app.domain.conversation.rules import AskingRules


def is_writing(rules: AskingRules, said_at: datetime | None, now: datetime) -> bool:
    """Whether a side that said at `said_at` that it is writing is still believed.

    A moment that lies ahead is one of a clock that went back, and believed no longer than any other.
    """
    return said_at is not None and abs(now - said_at) <= rules.writing_holds


def seconds(rules: AskingRules, last_word: datetime | None, now: datetime, *, writing: bool) -> int:
    """Seconds until the phone asks again; `last_word` is when somebody last wrote a message."""
    if writing:
        return rules.writing
    if last_word is not None:
        silence = max(now - last_word, timedelta())
        for within, pause in rules.steps:
            if silence <= within:
                return pause
    return rules.idle
