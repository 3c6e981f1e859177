"""Every message as people read it, held by a snapshot: an edit of the words shows in the diff of wording.txt.

After an intended edit: STEWARD_REWRITE=yes pytest tests/notifications/test_wording.py
"""

import os
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from notifications.followup.undelivered import Sum
from notifications.telling.values import Speech
from notifications.wording.catalog import Catalog
from notifications.wording.kinds import KINDS, Kind, Subject
from tests.notifications.people import CASE, CHASE, TALK, TASK, TURN, VISIT, Registry

SNAPSHOT = Path(__file__).with_name("wording.txt")


def spoken(words: Catalog) -> str:
    speech = Speech(words.wording, ZoneInfo("Asia/Shanghai"), datetime(2026, 3, 20, 2, 30, tzinfo=UTC))
    registry = Registry()
    values = {
        Subject.CASE: speech.of_case(CASE),
        Subject.STAGE: speech.of_stage(registry.stage),
        Subject.STOP: speech.of_stop(registry.stop),
        Subject.TASK: speech.of_task(TASK, reminders=("before_due",), occurrence=2),
        Subject.PROMISE: speech.of_promise(registry.promise),
        Subject.DUE: speech.of_due(registry.running_stage, datetime(2026, 3, 12, 9, tzinfo=UTC)),
        Subject.RATING: speech.of_rating(CASE, 2),
        Subject.TURN: speech.of_turn(TURN),
        Subject.VISIT: speech.of_visit(VISIT),
        Subject.TALK: speech.of_talk(TALK),
        Subject.CHASE: speech.of_chase(CHASE),
        Subject.DELIVERY: speech.of_undelivered(datetime(2026, 3, 19, 0, tzinfo=UTC), Sum(2, 3, 1, 1)),
    }
    lines = []
    for kind in Kind:
        spec = KINDS[kind]
        rendered = words.render(kind, values[spec.subject], {"case_id": "C", "task_id": "T", "visit_id": "V"})
        lines += [f"== {kind} ({spec.audience}) → {rendered.page}", rendered.title, rendered.body]
        for channel, filled in rendered.filled.items():
            template = words.templates[filled.template_key]
            lines.append(f"-- {channel}: {template.title}")
            lines += [f"{template.fields[key]}：{value}" for key, value in filled.data.items()]
        lines.append("")
    return "\n".join(lines)


def test_people_read_what_was_agreed(jinan: Catalog) -> None:
    found = spoken(jinan)
    if os.environ.get("STEWARD_REWRITE") == "yes":
        SNAPSHOT.write_text(found, encoding="utf-8")

    assert found == SNAPSHOT.read_text(encoding="utf-8")
