"""When a message has lost its point: the instant that it carries, and what happened to its subject."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest

from app.core import clock
from app.core.clock import FixedClock
from app.services.installation import city
from notifications.handlers.expiry import expires_at
from notifications.wording.catalog import Catalog, PointLost
from tests.notifications.people import CHASE, TALK, TASK, VISIT

# What these say stays worth knowing whenever it arrives: a decision, an answer, or a fact of the case.
WITHOUT_END = {
    "case_accepted",
    "early_service",
    "stage_completed",
    "clock_resumed",
    "water_on",
    "case_closed",
    "stop_entered",
    "stop_upheld",
    "stop_struck",
    "case_withdrawn",
    "case_refused",
    "manager_changed",
    "stage_sent_back",
    "program_changed",
    "visit_missed",
    "visit_wait_ended",
    "low_rating",
    "case_ended",
    "case_handed_over",
    "staff_visit_ended",
    "staff_visit_missed",
    "complaint_answered",
    "talk_invited",
    "skill_lapsing",
    "return_visit_unreached",
    "case_taken_over",
    "data_deleted",
    "staff_left",
    "handover_proposed",
    "task_taken_back",
    "low_rating_info",
    "case_ended_info",
    "talk_invited_info",
    # A morning without it would leave what it told unheard.
    "morning_digest",
}


def test_every_other_kind_names_when_it_loses_its_point(jinan: Catalog) -> None:
    never = {kind for kind, message in jinan.messages.items() if message.loses_point is PointLost.NEVER}
    assert never - WITHOUT_END == set()


NEAR = SimpleNamespace(kinds=("before_due",), at=datetime(2026, 3, 11, 4, 0, tzinfo=UTC))
NOW = datetime(2026, 3, 11, 4, 0, tzinfo=UTC)
DUE, SOON = TASK.due_at, NOW + timedelta(hours=1)


@pytest.mark.parametrize(
    ("loses", "event", "brief", "until"),
    [
        # Midnight in Jinan is 16:00 UTC of the day before.
        (PointLost.VISIT_DAY, None, VISIT, datetime(2026, 3, 11, 16, 0, tzinfo=UTC)),
        (PointLost.VISIT_START, None, VISIT, VISIT.starts_at),
        (PointLost.VISIT_END, None, VISIT, VISIT.ends_at),
        (PointLost.VISIT_TIME, None, VISIT, VISIT.ends_at),
        (PointLost.ARRIVAL, None, VISIT, datetime(2026, 3, 12, 16, 0, tzinfo=UTC)),
        (PointLost.EXPECTED_ARRIVAL, None, VISIT, VISIT.expected_at),
        (PointLost.HOLD_END, None, VISIT, VISIT.hold_until),
        (PointLost.TASK_DUE, NEAR, TASK, DUE),
        # At the due date itself, and where nothing is due.
        (PointLost.TASK_DUE, SimpleNamespace(kinds=("at_due",), at=DUE), TASK, None),
        (
            PointLost.TASK_DUE,
            SimpleNamespace(kinds=("before_due",), at=NOW),
            replace(TASK, due_at=None),
            None,
        ),
        (
            PointLost.ANSWER_DUE,
            None,
            replace(TALK, due_at=NOW + timedelta(hours=1)),
            NOW + timedelta(hours=1),
        ),
        (PointLost.ANSWER_DUE, None, replace(CHASE, due_at=NOW - timedelta(hours=1)), None),
        (PointLost.NEXT_DAY, None, None, datetime(2026, 3, 11, 16, 0, tzinfo=UTC)),
        (PointLost.TASK_CLOSED, None, TASK, None),
        (PointLost.NEVER, None, TASK, None),
    ],
)
def test_the_instant_after_which_it_is_of_no_use(
    monkeypatch: pytest.MonkeyPatch,
    loses: PointLost,
    event: object,
    brief: object,
    until: datetime | None,
) -> None:
    monkeypatch.setattr(city, "zone", lambda: ZoneInfo("Asia/Shanghai"))
    clock.use(FixedClock(NOW))
    assert expires_at(loses, event, brief) == until
