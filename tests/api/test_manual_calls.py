"""The task to call a customer whom no message reached: for whom, once, and due when."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app.core.atomic import atomic
from app.core.db import db
from app.jobs import timetable
from app.models import Case, CaseState, Task, TaskState
from notifications.wording.kinds import Channel
from tests.api.test_calendar_desk import EARLY, draft, published
from tests.api.test_case_changes import ACCEPTANCE, turn
from tests.notifications.outgoing import put, rows
from tests.world import World

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def put_call_message(world: World, case_id: str) -> None:
    """A message to the customer for which only the manager's call is left."""
    with world.app.app_context():
        put(rows(1, Channel.CALL, case_id=case_id, openid=""))
        timetable.ask_managers_to_call()


def calls(world: World, case_id: str) -> list[tuple[str, str | None]]:
    """The state of each call, and when it is due (Shanghai)."""
    tasks: list[Any] = world.staff("G001").get(f"/staff/cases/{case_id}/tasks")["items"]
    found = [task for task in tasks if task["key"] == "call_customer"]
    return [(task["state"], task["due_at"] and task["due_at"][:16]) for task in found]


def test_a_customer_who_can_not_be_reached_is_called_by_the_manager(world: World) -> None:
    case_id = world.submitted(world.log_in("o_customer", "13800000001"))["id"]
    for _ in range(2):
        # A second message that does not arrive is told in the same call.
        put_call_message(world, case_id)
        assert [state for state, _ in calls(world, case_id)] == ["open"]
    world.complete(case_id, "call_customer", told="已电话告知")
    assert [state for state, _ in calls(world, case_id)] == ["done"]

    world.clock.set(world.clock.now() + timedelta(hours=1))
    put_call_message(world, case_id)
    assert [state for state, _ in calls(world, case_id)] == ["done", "open"]
    # Nobody waits for a call: the stage goes its own way.
    for key in ACCEPTANCE:
        world.complete(case_id, key)
    stages = world.staff("G001").get(f"/staff/cases/{case_id}")["stages"]
    assert [stage["state"] for stage in stages if stage["key"] == "acceptance_plan"] == ["done"]


def test_of_a_case_that_has_ended_nobody_is_called(world: World) -> None:
    case_id = world.submitted(world.log_in("o_customer", "13800000001"))["id"]
    with world.app.app_context(), atomic():
        db.session.get_one(Case, case_id).state = CaseState.WITHDRAWN
    put_call_message(world, case_id)

    assert calls(world, case_id) == []


def called_before(world: World) -> str:
    """A case whose customer was called once, in its first stage, which is still open."""
    case_id: str = world.submitted(world.log_in("o_customer", "13800000001"))["id"]
    put_call_message(world, case_id)
    world.complete(case_id, "call_customer", told="已电话告知")
    return case_id


def test_a_second_call_in_a_stage_is_dated_anew_with_the_calendar(world: World) -> None:
    case_id = called_before(world)
    world.at("2026-09-20 16:00")
    put_call_message(world, case_id)
    assert calls(world, case_id)[1] == ("open", "2026-09-21T16:00")

    published(world, draft(world, office_hours=[EARLY]))
    assert calls(world, case_id)[1] == ("open", "2026-09-21T15:00")


def test_a_second_call_task_waits_while_the_clock_is_paused(world: World) -> None:
    case_id = called_before(world)
    world.at("2026-09-18 16:00")
    put_call_message(world, case_id)
    manager = world.staff("G001")
    stop = {"reason": "site_not_ready_construction", "party": "customer", "evidence": "现场未清理"}
    stopped = manager.post(f"/staff/cases/{case_id}/stops", stop)
    assert calls(world, case_id)[1] == ("open", None)

    world.at("2026-09-20 16:00")
    world.staff("G001").post(f"/staff/cases/{case_id}/stops/{stopped['id']}/end")
    assert calls(world, case_id)[1] == ("open", "2026-09-21T16:00")


def test_a_call_has_its_own_day_however_long_ago_the_stage_was_due(world: World) -> None:
    case_id = world.submitted(world.log_in("o_customer", "13800000001"))["id"]
    for key in ACCEPTANCE:
        world.complete(case_id, key)
    world.at("2026-10-12 10:00")
    put_call_message(world, case_id)

    assert calls(world, case_id) == [("open", "2026-10-13T10:00")]


def test_a_case_that_is_sent_back_still_has_its_customer_called(world: World) -> None:
    case_id = called_before(world)
    world.at("2026-09-18 16:00")
    put_call_message(world, case_id)
    for key in ACCEPTANCE:
        world.complete(case_id, key)
    answer = turn(world.staff("G001"), case_id, "returns", stage="acceptance_plan", reason="现场情况有变")
    assert answer.status_code == 200, answer.text

    states = [state for state, _ in calls(world, case_id)]
    assert (states[0], states.count("open")) == ("done", 1)
    with world.app.app_context(), atomic(read_only=True):
        keys = db.session.scalars(
            select(Task.key).where(Task.case_id == case_id, Task.state == TaskState.OPEN)
        ).all()
    assert keys.count("call_customer") == 1
