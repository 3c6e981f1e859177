"""The metrics: any web process can answer, to whoever has the token."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from prometheus_client.parser import text_string_to_metric_families

from app.core import clock
from app.core.db import db
from app.core.settings import Settings
from app.factory import create_app
from notifications.models import DeliveryState
from notifications.wording.kinds import Channel
from tests.api.answers import refused
from tests.notifications.outgoing import put, rows
from tests.world import World

TOKEN = "a-token-of-thirty-two-characters-or-more"


@pytest.fixture
def watched(database_url: str) -> Iterator[World]:
    application = create_app(Settings.for_tests(database_url=database_url, metrics_token=TOKEN))
    before = clock.in_use()
    yield World(application)
    clock.use(before)
    with application.app_context():
        db.session.remove()
        db.engine.dispose()


def figures(world: World) -> dict[str, float]:
    answer = world.client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 200, answer.text
    return {
        sample.name.removeprefix("steward_") + "".join(f"/{value}" for value in sample.labels.values()): (
            sample.value
        )
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def test_due_and_late_work_is_counted(watched: World) -> None:
    assert figures(watched)["overdue_cases"] == 0
    watched.submitted(watched.log_in("o_customer", "13800000001"))
    found = figures(watched)
    assert (found["open_tasks"], found["unassigned_tasks"], found["due_soon_cases"]) == (4, 3, 1)
    assert (found["timers_due"], found["timers_lag_seconds"]) == (0, 0)
    # Nobody fires timers for a day and a half: the first are those of the lower bound, on Friday 14:00.
    watched.at("2026-09-20 14:00")
    found = figures(watched)
    assert found["timers_lag_seconds"] == timedelta(days=2).total_seconds()
    assert (found["overdue_cases"], found["due_soon_cases"]) == (1, 0)
    # Of the whole and of the headline.
    assert found["warnings_due"] == 2
    watched.work()
    assert figures(watched)["timers_due"] == 0


def test_waiting_and_undelivered_messages_are_counted(watched: World) -> None:
    failed = {"failure_class": "content", "errcode": 47003, "settled_at": clock.now()}
    with watched.app.app_context():
        put(rows(3, Channel.TEMPLATE))
        put(rows(2, Channel.TEMPLATE, state=DeliveryState.FAILED, **failed))
    watched.at("2026-09-18 09:10")
    found = figures(watched)
    assert (found["messages_waiting/template"], found["messages_oldest_seconds/template"]) == (3, 600)
    assert found["undelivered/failed"] == 2
    assert found["templates_stopped"] == 0


def test_attempts_are_counted_by_outcome_and_tokens_by_account(watched: World) -> None:
    with watched.app.app_context():
        put(rows(1, Channel.TEMPLATE))
    watched.work()
    found = figures(watched)
    assert sum(value for name, value in found.items() if name.startswith("attempts_last/")) > 0
    assert any(0 < value <= 7200 for name, value in found.items() if name.startswith("token_seconds/"))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_metrics_need_the_token(watched: World) -> None:
    for header in ("", "Bearer", "Bearer wrong", f"Basic {TOKEN}"):
        refused(watched.client.get("/metrics", headers={"Authorization": header}), 401, "not_signed_in")
    refused(watched.client.get("/metrics"), 401, "not_signed_in")
