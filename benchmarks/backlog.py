"""A million timers: a tick that finds nothing due among them, and the drain when all of them are overdue."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any
from unittest.mock import patch

from sqlalchemy import func, insert, select, update

from app.core import clock, eventbus
from app.core.atomic import atomic
from app.core.db import db
from app.domain.events import ReminderDue
from app.jobs.timetable import fire_timers
from app.models import Task, TaskState, Timer, TimerKind
from benchmarks import ground, table
from benchmarks.ground import Ground
from benchmarks.sweep import apscheduler, do_nothing, drain
from benchmarks.table import Figure, Ratio, Table
from miniprogram_api.flask_app import StewardApp
from notifications.models import OutboxMessage

AGAINST_APSCHEDULER = 30.0
EMPTY_TICK_MS = {"sqlite": 0.5, "postgresql": 1.5}
WRITTEN_PER_SECOND = 5000.0
GROWTH_MB = 20.0
TICKS = 200
FIRST = 1000
"""No timer that a case has set by itself has had so many before it."""
PER_STATEMENT = 10_000


@dataclass(frozen=True, slots=True)
class Size:
    """How many timers there are, how many of them write messages, and how many jobs APScheduler is given."""

    timers: int = 1_000_000
    told: int = 10_000
    jobs: int = 1000
    databases: Sequence[str] = ground.DATABASES


def run(grounds: Ground, size: Size) -> list[Table]:
    """A table for each database."""
    return [_measure(grounds, kind, size) for kind in size.databases]


def _measure(grounds: Ground, kind: str, size: Size) -> Table:
    store = grounds.database(kind)
    with ground.application(grounds.database(kind)) as app:
        table.say(f"backlog on {kind}: walking cases")
        cases = [owned.case_id for owned in ground.cases_with_a_stop(app, 4)]
        ground.follow_all(app)
        table.say(f"backlog on {kind}: setting {size.timers} timers")
        _set(app, cases, size.timers)
        tick = _empty_tick(app)
        with app.app_context(), atomic():
            # All of them at once; the cases' own timers, which set the ones that follow them, stay away.
            overdue = update(Timer).values(due_at=clock.now() - timedelta(days=2))
            db.session.execute(overdue.where(Timer.occurrence >= FIRST))
        table.say(f"backlog on {kind}: draining")
        before = _resident_mb()
        with patch.dict(eventbus._listeners, {ReminderDue: [do_nothing]}):  # noqa: SLF001 - see benchmarks/sweep.py
            drained = drain(app)
        grown = max(_resident_mb() - before, 0.0)
        table.say(f"backlog on {kind}: telling")
        _set(app, cases, size.told, overdue=True)
        with app.app_context():
            rows_before = _messages()
            seconds = drain(app)
            written = (_messages() - rows_before) / seconds
        jobs = apscheduler(store, size.jobs)
    table.say("")
    ours = drained / size.timers
    return Table(
        f"{size.timers:,} timers, {kind}",
        [
            Figure("a tick that finds nothing due", tick * 1000, "ms"),
            Figure("drained, each event handled, nothing to do", ours * 1_000_000, "µs each"),
            Figure("APScheduler's jobs from its store", jobs / size.jobs * 1_000_000, "µs each"),
            Figure("growth of the process while draining", grown, "MB"),
            Figure("outbox rows written while draining with messages", written, "rows/s"),
        ],
        [
            Ratio("APScheduler / drained", jobs / size.jobs / ours, AGAINST_APSCHEDULER),
            Ratio("aimed at / tick", EMPTY_TICK_MS[kind] / (tick * 1000), 1.0),
            Ratio(
                "outbox rows / aimed at",
                written / WRITTEN_PER_SECOND,
                1.0 if kind == "postgresql" else None,
            ),
            Ratio("aimed at / growth", GROWTH_MB / max(grown, 0.1), 1.0),
        ],
    )


def _set(app: StewardApp, cases: list[str], number: int, *, overdue: bool = False) -> None:
    """Reminders of open tasks of these cases: in a year, or `overdue`, each at an instant of its own."""
    now = clock.now()
    base = now - timedelta(days=2) if overdue else now + timedelta(days=365)
    with app.app_context():
        with atomic():
            tasks = db.session.execute(
                select(Task.id, Task.case_id).where(Task.case_id.in_(cases), Task.state == TaskState.OPEN)
            ).all()
            first = max(db.session.scalar(select(func.max(Timer.occurrence))) or 0, FIRST) + 1
        for start in range(0, number, PER_STATEMENT):
            with atomic():
                db.session.connection().execute(insert(Timer), _rows(tasks, first, base, start, number))
        with atomic():
            db.session.connection().exec_driver_sql("ANALYZE")


def _rows(tasks: Sequence[Any], first: int, base: Any, start: int, number: int) -> list[dict[str, Any]]:
    return [
        {
            "due_at": base - timedelta(seconds=place),
            "kind": TimerKind.REMINDER,
            "case_id": tasks[place % len(tasks)].case_id,
            "task_id": tasks[place % len(tasks)].id,
            "occurrence": first + place,
            # A reminder of what is still to come loses its point at the due date, and would not be written.
            "reminders": "at_due",
        }
        for place in range(start, min(start + PER_STATEMENT, number))
    ]


def _empty_tick(app: StewardApp) -> float:
    """The median seconds of a job's run that finds nothing due."""
    with app.app_context():
        fire_timers()
        measured = []
        for _ in range(TICKS):
            begun = perf_counter()
            fire_timers()
            measured.append(perf_counter() - begun)
    return median(measured)


def _resident_mb() -> float:
    """What this process holds of the machine's memory; Linux only, like the figures of the page."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1024**2


def _messages() -> int:
    with atomic(read_only=True):
        return db.session.scalar(select(func.count()).select_from(OutboxMessage)) or 0
