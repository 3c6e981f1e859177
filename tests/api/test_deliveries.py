"""Undelivered messages, as supervisors see and resend them, and the topics that customers decline."""

import re

import pytest
from sqlalchemy import select

from app.core import clock
from app.core.atomic import atomic
from app.core.db import db
from app.jobs import timetable
from app.models import Case
from app.services.people import followers
from notifications.models import DeliveryState, Notice, OutboxMessage
from notifications.outbox import disabled_templates
from notifications.outbox.outbox import NewNotice, Recipient, enqueue
from notifications.wording.kinds import Audience, Channel, Subject
from notifications.wording.vocabulary import VALUES
from tests.notifications.outgoing import put, rows
from tests.world import World

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

OVERVIEW = "/staff/deliveries/overview"
UNREACHABLE = "/staff/deliveries/unreachable-staff"


def one_fails(world: World) -> str:
    """A message was refused by WeChat for what it says."""
    failed = {"failure_class": "content", "errcode": 47003, "settled_at": clock.now()}
    with world.app.app_context():
        (message,) = put(rows(1, Channel.TEMPLATE, state=DeliveryState.FAILED, **failed))
    return message


def test_a_supervisor_sees_failures_by_cause_and_sends_again(world: World) -> None:
    message = one_fails(world)
    supervisor = world.staff("S001")

    (cause,) = supervisor.get(OVERVIEW)["causes"]
    assert (cause["failure_class"], cause["errcode"], cause["messages"]) == ("content", 47003, 1)
    assert cause["errcode_said"] == "模板内容缺项，或超出微信规定的长度或格式"
    (line,) = supervisor.get("/staff/deliveries")["items"]
    assert (line["id"], line["replayable"]) == (message, True)

    assert supervisor.send("POST", f"/staff/deliveries/{message}/replays").status_code == 204
    assert supervisor.get("/staff/deliveries")["items"] == []
    again = supervisor.send("POST", f"/staff/deliveries/{message}/replays")
    assert (again.status_code, again.get_json()["code"]) == (409, "conflict")


def test_nobody_else_sees_or_touches_them(world: World) -> None:
    message = one_fails(world)
    manager = world.staff("G001")

    for path in (OVERVIEW, "/staff/deliveries"):
        assert manager.send("GET", path).status_code == 403
    assert manager.send("POST", f"/staff/deliveries/{message}/replays").status_code == 404
    assert manager.send("POST", "/staff/deliveries/templates/staff_task/releases").status_code == 403


def test_a_stopped_template_is_shown_and_released(world: World) -> None:
    with world.app.app_context(), atomic():
        disabled_templates.disable("staff_task", 40037, clock.now())
    supervisor = world.staff("S001")

    (stopped,) = supervisor.get(OVERVIEW)["templates"]
    assert (stopped["template_key"], stopped["errcode"]) == ("staff_task", 40037)
    path = "/staff/deliveries/templates/staff_task/releases"
    assert supervisor.send("POST", path).status_code == 201
    assert supervisor.send("POST", path).status_code == 404
    assert supervisor.get(OVERVIEW)["templates"] == []


def test_what_a_customer_declines_is_not_pushed_but_there_to_read(world: World) -> None:
    customer = world.log_in("o_customer", "13800000001")
    case = world.submitted(customer)
    topics = customer.get("/customer/message-preferences")["items"]
    assert [(topic["key"], topic["wanted"]) for topic in topics] == [
        ("progress", True),
        ("visits", True),
        ("thanks", True),
    ]
    answer = customer.send("PUT", "/customer/message-preferences", {"wanted": {"progress": False}})
    assert [topic["wanted"] for topic in answer.get_json()["items"]] == [False, True, True]
    wrong = customer.send("PUT", "/customer/message-preferences", {"wanted": {"weather": False}})
    assert wrong.status_code == 422

    with world.app.app_context():
        with atomic():
            found = db.session.get_one(Case, case["id"])
            to = Recipient(
                Audience.CUSTOMER,
                found.customer_id or "",
                {"subscribe": "o_customer", "template": "s_customer"},
            )
            values = dict.fromkeys([*VALUES[Subject.STAGE], *VALUES[Subject.STOP]], "演示")
            for kind in ("stage_completed", "clock_stopped"):
                enqueue(NewNotice(kind, "test", found.id, values), [to])
        told = select(Notice.kind).where(Notice.dedupe_key.contains(":test:"))
        pushed = select(OutboxMessage.kind).where(OutboxMessage.dedupe_key.contains(":test:"))
        assert set(db.session.scalars(told)) == {"stage_completed", "clock_stopped"}
        assert set(db.session.scalars(pushed)) == {"clock_stopped"}
        db.session.rollback()


def test_supervisors_get_one_summary_of_undelivered_messages_each_working_morning(world: World) -> None:
    one_fails(world)

    def told() -> int:
        with world.app.app_context():
            timetable.send_morning_messages()
            found = db.session.scalars(select(Notice.body).where(Notice.kind == "undelivered")).all()
            db.session.rollback()
        assert all("1条消息未能送达" in body for body in found)
        return len(found)

    world.at("2026-09-19 07:59")
    before = told()
    # A Saturday; the next day is a Sunday that is worked for the holiday (调休).
    world.at("2026-09-19 09:00")
    on_saturday = told()
    world.at("2026-09-21 08:00")
    on_monday = [told(), told()]
    assert (before, on_saturday) == (0, 0)
    assert on_monday == [1, 1]
    world.at("2026-09-22 08:00")
    assert told() == 1


def test_supervisors_see_whom_no_channel_reaches_and_why(world: World) -> None:
    supervisor = world.staff("S001")
    world.staff("G001")

    def unreachable() -> dict[str, bool]:
        items = supervisor.get(UNREACHABLE)["items"]
        return {each["number"]: each["logged_in"] for each in items}

    before = unreachable()
    assert (before["G001"], before["S001"], before["N001"]) == (True, True, False)
    with world.app.app_context(), atomic():
        followers.follow("svc_G001", "union_G001")
    assert unreachable() == {number: known for number, known in before.items() if number != "G001"}
    assert world.staff("G001").send("GET", UNREACHABLE).status_code == 403


def test_the_morning_summary_counts_who_had_something_to_hear_and_no_channel(world: World) -> None:
    def told() -> list[str]:
        with world.app.app_context():
            timetable.send_morning_messages()
            found = db.session.scalars(select(Notice.body).where(Notice.kind == "undelivered")).all()
            db.session.rollback()
        return list(found)

    world.at("2026-09-21 08:00")
    assert told() == []
    world.at("2026-09-21 09:00")
    # The manager of the new case and their colleagues hear of it in the app alone.
    world.submitted(world.log_in("o_customer", "13800000001"))
    world.at("2026-09-22 08:00")
    (body, *_) = told()
    assert re.search("[1-9][0-9]*名员工收不到任何推送", body)
    # The summary to a supervisor whom nothing reaches is no reason for another one.
    world.at("2026-09-23 08:00")
    assert len(set(told())) == 1
