"""Every message as people read it, held by a snapshot: an edit of the words shows in the diff of wording.txt.

After an intended edit: STEWARD_REWRITE=yes pytest tests/notifications/test_wording.py
"""

import os
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from app.services.event_views.departures import DepartureView
from notifications.followup.gathered import Gathered, MorningCame
from notifications.followup.undelivered import Sum
from notifications.handlers.message_values import MessageValues
from notifications.wording.catalog import Catalog
from notifications.wording.kinds import Subject
from tests.notifications.people import CASE, CHASE, MANAGER, SKILL, TALK, TASK, TURN, VISIT, Registry

SNAPSHOT = Path(__file__).with_name("wording.txt")


def spoken(words: Catalog) -> str:
    said = MessageValues(words.wording, ZoneInfo("Asia/Shanghai"), datetime(2026, 3, 20, 2, 30, tzinfo=UTC))
    registry = Registry()
    values = {
        Subject.CASE: said.of_case(CASE),
        Subject.STAGE: said.of_stage(registry.stage),
        Subject.STOP: said.of_stop(registry.stop),
        Subject.TASK: said.of_task(TASK, reminders=("before_due",), occurrence=2),
        Subject.PROMISE: said.of_promise(registry.promise),
        Subject.DUE: said.of_due(registry.running_stage, datetime(2026, 3, 12, 9, tzinfo=UTC)),
        Subject.RATING: said.of_rating(CASE, 2),
        Subject.TURN: said.of_turn(TURN),
        Subject.VISIT: said.of_visit(VISIT),
        Subject.TALK: said.of_talk(TALK),
        Subject.CHASE: said.of_chase(CHASE),
        Subject.SKILL: said.of_skill(SKILL),
        Subject.TERMS: said.of_terms({"登录记录": 12, "通知": 3}),
        Subject.DEPARTURE: said.of_departure(DepartureView("D", "G001", "管家甲", None), 12, 3, 2),
        Subject.DELIVERY: said.of_undelivered(datetime(2026, 3, 19, 0, tzinfo=UTC), Sum(2, 3, 1, 1), 1, 4),
        Subject.DIGEST: said.of_digest(
            MorningCame(
                date(2026, 3, 20),
                "notice-1",
                MANAGER,
                [
                    Gathered("m-1", "case-1", CASE.project_name, "任务超期情况", 1),
                    Gathered("m-2", "case-1", CASE.project_name, "前一环节延误，请预留时间", 2),
                    Gathered("m-3", "", None, "有消息未能送达", 2),
                ],
            )
        ),
    }
    lines = []
    for kind, message in words.messages.items():
        rendered = words.render(
            kind, values[message.about], {"case_id": "C", "task_id": "T", "visit_id": "V", "notice_id": "N"}
        )
        lines += [f"== {kind} ({message.audience}) → {rendered.page}", rendered.title, rendered.body]
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
