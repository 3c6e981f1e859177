"""What tests of timers look at: the timers of a task, and who was told what how often."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from app.core.db import db
from app.models import Staff, Task, Timer
from tests.world import SHANGHAI, SINGLE_METER, World

FIRST_TASKS = {"site_visit", "network_survey", "design_opinion", "engineering_opinion"}
UNTIL_WATER = SINGLE_METER[:-1]
STOP = {"reason": "road_permit", "party": "authority", "evidence": "交警支队受理单"}

Line = tuple[str, str, str]


def timers(world: World, task_key: str) -> Sequence[Line]:
    """The timers of a task in order: local instant, kind, what falls on it."""
    with world.app.app_context():
        rows = db.session.execute(
            select(Timer.due_at, Timer.kind, Timer.reminders)
            .join(Task, Task.id == Timer.task_id)
            .where(Task.key == task_key)
            .order_by(Timer.due_at)
        ).all()
        db.session.remove()
    return [
        (row.due_at.astimezone(SHANGHAI).strftime("%m-%d %H:%M"), row.kind, row.reminders) for row in rows
    ]


def told(world: World, kind: str) -> Counter[str]:
    """How often each member of staff was told something of a kind."""
    notices = db.metadata.tables["notices"]
    with world.app.app_context():
        numbers = db.session.scalars(
            select(Staff.number).join(notices, notices.c.staff_id == Staff.id).where(notices.c.kind == kind)
        ).all()
        db.session.remove()
    return Counter(numbers)


def reminded(world: World) -> Counter[str]:
    return told(world, "task_reminder")


def overdue(world: World) -> Counter[str]:
    return told(world, "task_overdue")


# Everybody whom the first stage concerns: four departments' people and the manager.
CONCERNED = ("G001", "N001", "D001", "D002", "E001")


def each(people: Sequence[str], times: int) -> Counter[str]:
    """Each of them so many times; adding nothing takes away who was told of nothing."""
    return Counter(dict.fromkeys(people, times)) + Counter()


def watered(world: World, case: Any) -> None:
    """Water runs on Wednesday 30 September at 14:30; the office is closed from 1 to 7 October."""
    for key in UNTIL_WATER[: UNTIL_WATER.index("water_on")]:
        world.complete(case["id"], key)
    world.at("2026-09-30 14:30")
    world.complete(case["id"], "water_on")
