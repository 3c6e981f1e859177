"""What is done once for an occasion is done once, however many jobs processes there are."""

from datetime import timedelta

from flask.testing import FlaskClient
from sqlalchemy import func, select

from app.core import clock
from app.core.atomic import atomic
from app.core.db import db
from app.jobs import timetable
from app.models import JobRun
from app.services.operations import idempotency
from app.services.operations.idempotency import KeptAnswer
from notifications.models import DeliveryState, Notice
from notifications.oversight import morning_summary
from notifications.wording.kinds import Channel
from tests.api.conversations.conversation_phones import start_conversation
from tests.api.database_rows import count
from tests.at_once import at_once
from tests.notifications.outgoing import put, rows
from tests.world import World

PROCESSES = 4


def test_the_morning_summary_is_written_by_one_process(world: World) -> None:
    failed = {"failure_class": "content", "errcode": 47003, "settled_at": clock.now()}
    with world.app.app_context():
        put(rows(1, Channel.TEMPLATE, state=DeliveryState.FAILED, **failed))
        db.session.remove()
    world.at("2026-09-21 08:00")

    def tell(_client: FlaskClient) -> None:
        with world.app.app_context():
            timetable.send_morning_messages()
            db.session.remove()

    at_once(world.app, [tell] * PROCESSES)
    with world.app.app_context(), atomic(read_only=True):
        runs = db.session.scalar(
            select(func.count()).select_from(JobRun).where(JobRun.job == morning_summary.JOB)
        )
        told = db.session.scalar(select(func.count()).select_from(Notice).where(Notice.kind == "undelivered"))
    assert (runs, told) == (1, 1)


def test_processes_that_forget_at_the_same_moment_do_not_stand_in_each_others_way(world: World) -> None:
    scene = start_conversation(world)
    scene.ask("您好")
    scene.customer.post(f"{scene.theirs}/withdrawal", {"reason": "不建了"})
    with world.app.app_context(), atomic():
        for number in range(50):
            idempotency.store_answer("somebody", f"key-{number:04d}", "print", KeptAnswer(200, "{}"))
    world.clock.set(world.clock.now() + timedelta(days=5 * 365))

    def forget(_client: FlaskClient) -> None:
        with world.app.app_context():
            timetable.delete_old_records()
            db.session.remove()

    at_once(world.app, [forget] * PROCESSES)
    assert {name: count(world.app, name) for name in ("conversations", "messages")} == {
        "conversations": 0,
        "messages": 0,
    }
    assert count(world.app, "idempotency_records") == 0
