"""A backlog of overdue timers is drained, and what is due just now does not wait for its end."""

from datetime import timedelta

from sqlalchemy import insert, select

from app.core import clock
from app.core.atomic import atomic
from app.core.db import db
from app.models import Task, Timer, TimerKind
from app.services.timers import firing
from tests.world import World

BACKLOG = 60
JUST_NOW = 12
LIMIT = 16


def test_what_is_due_just_now_is_fired_beside_a_backlog(world: World) -> None:
    world.submitted(world.log_in("o_customer", "13800000001"))
    now = clock.now()
    ages = [timedelta(days=2, minutes=number) for number in range(BACKLOG)]
    ages += [timedelta(seconds=number) for number in range(JUST_NOW)]
    with world.app.app_context():
        with atomic():
            task = db.session.scalars(select(Task)).first()
            assert task is not None
            timers = [
                {
                    "due_at": now - age,
                    "kind": TimerKind.REMINDER,
                    "case_id": task.case_id,
                    "task_id": task.id,
                    "occurrence": 1000 + position,
                    "reminders": "before_due",
                }
                for position, age in enumerate(ages)
            ]
            db.session.execute(insert(Timer), timers)
        left: list[int] = []
        rounds = 0
        while firing.QUEUE.pending():
            db.session.rollback()
            with atomic():
                swept = firing.sweep(LIMIT)
            assert swept.taken >= min(LIMIT, BACKLOG + JUST_NOW - sum(left))
            left.append(swept.taken)
            rounds += 1
            if rounds == JUST_NOW * firing.FRESH_SHARE // LIMIT:
                recent = select(Timer.id).where(Timer.due_at > now - firing.FRESH, Timer.due_at <= now)
                assert db.session.scalars(recent).all() == []
        db.session.rollback()
    assert sum(left) == BACKLOG + JUST_NOW
