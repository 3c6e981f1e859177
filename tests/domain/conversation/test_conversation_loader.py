"""A city's talk.toml is read strictly: every fault is named with its key."""

from pathlib import Path

import pytest

from app.domain.city_folder import city_folder
from app.domain.config_error import ConfigError
from app.domain.conversation.loader import load_talk
from app.domain.document_kinds import load_document_rules

JINAN = city_folder({}) / "talk.toml"
DOCUMENTS = load_document_rules(JINAN.parent)


@pytest.mark.parametrize(
    ("old", "new", "key", "fault"),
    [
        ("recall_minutes = 2", "", "message.recall_minutes", "missing"),
        ("longest = 2000", "longest = 9000", "message.longest", "at most 2500"),
        ('quiet_from = "21:00"', 'quiet_from = "25:00"', "push.quiet_from", "time of day"),
        ('quiet_to = "08:00"', 'quiet_to = "21:00"', "push.quiet_to", "begins, too"),
        ("remind = 0.125", "remind = 0.5", "answer.remind", "before the answer is due"),
        ("remind_before = 1", "remind_before = 3", "complaint.remind_before", "less than"),
        ("within_minutes = 2,", "within_minutes = 90,", "asking.steps", "must grow"),
        ("message_sends = 5", "message_sends = 0", "window.message_sends", "above zero"),
        ("{returns_at}", "{return_at}", "texts.out_of_hours", "unknown value {return_at}"),
        ("{rating}分", "{rating!r}分", "cards.case_rated", "nothing else"),
        ('key = "progress"', 'key = "hello"', "shared_replies[1].key", "duplicate"),
        (
            'document_kind = "chat_media"',
            'document_kind = "sketch"',
            "media.document_kind",
            "customers bring",
        ),
        ('document_kind = "chat_media"', 'document_kind = "photo"', "media.document_kind", "customers bring"),
        ("largest_mb = 10", "largest_mb = 21", "media.largest_mb", "at most 20 MB"),
        ("shown = 50", "shown = 50\nmisspelt = 1", "search.misspelt", "unknown key"),
        ('cite = "本产品约定：催办须在半个工作日内答复"', "", "chase.cite", "citation is missing"),
    ],
)
def test_a_fault_is_named_with_its_key(tmp_path: Path, old: str, new: str, key: str, fault: str) -> None:
    text = JINAN.read_text(encoding="utf-8")
    assert old in text
    (tmp_path / "talk.toml").write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ConfigError) as raised:
        load_talk(tmp_path, DOCUMENTS)
    assert (raised.value.key, fault in raised.value.fault) == (key, True), str(raised.value)
