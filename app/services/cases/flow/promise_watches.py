"""Watching the promise of a case as a whole: the published total, and the headline with its own budget.

What a single stage is late with is the business of its tasks' timers. Here somebody is told who is not late
themselves: those whose time a late stage is about to eat, and everybody when two stages that are each on time
break the headline together.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert

from app.core import eventbus
from app.core.db import db
from app.core.queue import Queue
from app.domain import budget as domain
from app.domain.events import HeadlineThreatened, PromiseBudgetThreatened
from app.domain.programs.definition import Program
from app.domain.programs.figures import StageLog
from app.domain.worktime import Stretch, WorkingTime
from app.models import PromiseWatch, Watch

QUEUE = Queue("promises", PromiseWatch, falls_due=PromiseWatch.due_at)

_INSERT = insert(PromiseWatch)

WatchRow = dict[str, Any]
"""A watch as it is written: its columns by name."""


def watches(
    line: WorkingTime,
    program: Program,
    case_id: str,
    logs: Sequence[StageLog],
    tasks_done: Mapping[tuple[str, int], datetime],
    stops: Sequence[Stretch],
    *,
    stopped: bool,
    now: datetime,
) -> list[WatchRow]:
    """The watches that a case's log asks for; none while its clock stands still.

    An instant that is past already is among them: the next sweep tells it, and telling it again changes
    nothing.
    """
    covered = line.covered(stops)
    rows = []
    threat = domain.budget(line, program, logs, covered, now, stopped=stopped).threat
    if threat is not None:
        rows.append(_row(case_id, Watch.TOTAL, threat.stage, threat.at))
    headline = domain.headline_budget(line, program, logs, tasks_done, covered, now, stopped=stopped)
    if headline is not None and headline.running is not None and headline.warn_at is not None:
        rows.append(_row(case_id, Watch.HEADLINE, headline.running, headline.warn_at))
    return rows


def replace(case_ids: Sequence[str], rows: Sequence[WatchRow], *, fresh: bool = False) -> None:
    """Let these cases have these watches and no others.

    `fresh`: they were only just opened and have none yet, which spares a hot path one statement.
    """
    db.session.flush()
    if not fresh:
        db.session.connection().execute(delete(PromiseWatch).where(PromiseWatch.case_id.in_(case_ids)))
    if rows:
        db.session.connection().execute(_INSERT, rows)


def sweep(limit: int) -> int:
    """Tell up to `limit` watches that are due by the clock, in the caller's transaction; how many it took."""
    rows = QUEUE.pop(limit)
    for row in rows:
        if row.watch == Watch.HEADLINE:
            eventbus.publish(HeadlineThreatened(row.case_id, row.stage_key))
        else:
            eventbus.publish(PromiseBudgetThreatened(row.case_id, row.stage_key))
    return len(rows)


def _row(case_id: str, watch: Watch, stage_key: str, due_at: datetime) -> WatchRow:
    return {"case_id": case_id, "watch": watch.value, "stage_key": stage_key, "due_at": due_at}
