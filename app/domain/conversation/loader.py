"""Reading a city's talk.toml: every number with its citation, every sentence with the values it may name."""

from collections.abc import Mapping
from datetime import time, timedelta
from fractions import Fraction
from pathlib import Path
from string import Formatter

from app.domain.conversation.rules import (
    Allowance,
    AnswerRules,
    AskingRules,
    ComplaintRules,
    ConversationRules,
    MediaRules,
    MessageRules,
    PushRules,
    SafetyRules,
    SearchRules,
    SharedReply,
    WindowRules,
)
from app.domain.conversation.vocabulary import CARDS, CAUSES, REPLY_FIELDS, TEXTS
from app.domain.document_kinds import DocumentRules, Uploader
from app.domain.file_types import LARGEST_FILE
from app.domain.toml_reader import Source, Table, check_unique

FILE = "talk.toml"
MOST_CHARACTERS = 2500
"""As many as WeChat's content check takes at once."""

# Room for a sentence: what is shorter would cut every word into a message of its own.
_SHORTEST_PART = 200


def load_talk(folder: Path, documents: DocumentRules) -> ConversationRules:
    """The rules of talking of the city in `folder`, whose files in WeChat's chat become such `documents`.

    :raises ConfigError: with every fault: missing or unknown keys, numbers without citation, hours
        that are none, sentences that name what is not known.
    """
    source = Source(folder / FILE)
    root = source.root
    rules = ConversationRules(
        message=_message(_section(source, "message")),
        asking=_asking(_section(source, "asking")),
        push=_push(_section(source, "push")),
        window=_window(_section(source, "window")),
        answer=_answer(_section(source, "answer")),
        chase_due=_days(_section(source, "chase"), "due"),
        complaint=_complaint(_section(source, "complaint")),
        safety=_safety(_section(source, "safety")),
        media=_media(_section(source, "media"), documents),
        search=_search(_section(source, "search")),
        texts=_sentences(root, "texts", TEXTS),
        causes=_sentences(root, "causes", CAUSES),
        cards=_sentences(root, "cards", CARDS),
        shared_replies=_replies(root),
    )
    source.finish()
    return rules


def unknown_fields(text: str, known: frozenset[str]) -> list[str] | None:
    """The names between braces that are not `known`; None when the braces themselves are wrong."""
    try:
        parts = list(Formatter().parse(text))
    except ValueError:
        return None
    named = [(name, layout or conversion) for _, name, layout, conversion in parts if name is not None]
    if any(decoration for _, decoration in named):
        return None
    return [name for name, _ in named if name not in known]


def _section(source: Source, key: str) -> Table:
    """A table of numbers with its citation; without it, every number that it lacks is noted."""
    table = source.root.table(key) or Table(source, {}, key)
    table.cite()
    return table


def _message(table: Table) -> MessageRules:
    longest = _above_zero(table, "longest")
    if longest > MOST_CHARACTERS:
        table.fault("longest", f"WeChat checks at most {MOST_CHARACTERS} characters")
    return MessageRules(longest, timedelta(minutes=_above_zero(table, "recall_minutes")))


def _asking(table: Table) -> AskingRules:
    steps = [
        (timedelta(minutes=_above_zero(row, "within_minutes")), _above_zero(row, "seconds"))
        for row in table.tables("steps")
    ]
    if steps != sorted(steps):
        table.fault("steps", "must grow: the longer the silence, the later one asks again")
    return AskingRules(
        writing=_above_zero(table, "writing"),
        steps=tuple(steps),
        idle=_above_zero(table, "idle"),
        writing_holds=timedelta(seconds=_above_zero(table, "writing_holds_seconds")),
    )


def _push(table: Table) -> PushRules:
    quiet_from, quiet_to = _hour(table, "quiet_from"), _hour(table, "quiet_to")
    if quiet_from == quiet_to:
        table.fault("quiet_to", "is the hour at which the quiet begins, too")
    return PushRules(
        after=timedelta(seconds=_above_zero(table, "after_seconds")),
        burst=timedelta(minutes=_above_zero(table, "burst_minutes")),
        quiet_from=quiet_from,
        quiet_to=quiet_to,
    )


def _window(table: Table) -> WindowRules:
    return WindowRules(
        message=Allowance(
            _above_zero(table, "message_sends"), timedelta(hours=_above_zero(table, "message_hours"))
        ),
        entry=Allowance(
            _above_zero(table, "entry_sends"), timedelta(minutes=_above_zero(table, "entry_minutes"))
        ),
        text_bytes=_text_bytes(table),
    )


def _text_bytes(table: Table) -> int:
    value = _above_zero(table, "text_bytes")
    if value < _SHORTEST_PART:
        table.fault("text_bytes", f"must be at least {_SHORTEST_PART}, or every word is a message of its own")
    return value


def _answer(table: Table) -> AnswerRules:
    rules = AnswerRules(due=_days(table, "due"), remind=_days(table, "remind"))
    if rules.remind >= rules.due:
        table.fault("remind", "must come before the answer is due")
    return rules


def _complaint(table: Table) -> ComplaintRules:
    rules = ComplaintRules(due=_days(table, "due"), remind_before=_days(table, "remind_before"))
    if rules.remind_before >= rules.due:
        table.fault("remind_before", "must be less than the time for the answer")
    return rules


def _safety(table: Table) -> SafetyRules:
    return SafetyRules(
        scene=_above_zero(table, "scene"),
        tries=_above_zero(table, "tries"),
        answer_within=timedelta(minutes=_above_zero(table, "answer_within_minutes")),
    )


def _media(table: Table, documents: DocumentRules) -> MediaRules:
    kind, largest = table.text("document_kind"), _above_zero(table, "largest_mb") * 1024 * 1024
    kinds = {known.key: known for known in documents.kinds}
    if kind and (kind not in kinds or Uploader.CUSTOMER not in kinds[kind].uploaders):
        table.fault("document_kind", "must be a kind of documents.toml that customers bring")
    if largest > LARGEST_FILE:
        table.fault("largest_mb", f"documents have at most {LARGEST_FILE // 1024 // 1024} MB")
    return MediaRules(timedelta(days=_above_zero(table, "kept_days")), largest, kind)


def _search(table: Table) -> SearchRules:
    return SearchRules(newest=_above_zero(table, "newest"), shown=_above_zero(table, "shown"))


def _sentences(root: Table, key: str, wanted: Mapping[str, frozenset[str]]) -> dict[str, str]:
    table = root.table(key)
    if table is None:
        return dict.fromkeys(wanted, "")
    return {name: _sentence(table, name, known) for name, known in wanted.items()}


def _replies(root: Table) -> tuple[SharedReply, ...]:
    rows = root.tables("shared_replies", optional=True)
    replies = tuple(
        SharedReply(row.text("key"), row.text("title"), _sentence(row, "text", REPLY_FIELDS)) for row in rows
    )
    check_unique(rows, [reply.key for reply in replies])
    return replies


def _sentence(table: Table, key: str, known: frozenset[str]) -> str:
    text = table.text(key)
    unknown = unknown_fields(text, known)
    if unknown is None:
        table.fault(key, "a value is a name between braces and nothing else")
    elif unknown:
        names = ", ".join(sorted(known)) or "none"
        table.fault(key, f"unknown value {{{unknown[0]}}}; known here: {names}")
    return text


def _above_zero(table: Table, key: str) -> int:
    value = table.whole(key)
    if value == 0:
        table.fault(key, "must be above zero")
    return value or 1


def _days(table: Table, key: str) -> Fraction:
    """Working days, any exact fraction above zero."""
    value = table.number(key, optional=False)
    if value is not None and value <= 0:
        table.fault(key, "must be working days above zero, such as 0.25")
        return Fraction(1)
    return value or Fraction(1)


def _hour(table: Table, key: str) -> time:
    text = table.text(key)
    try:
        return time.fromisoformat(text)
    except ValueError:
        if text:
            table.fault(key, "must be a time of day such as 21:00")
        return time()
