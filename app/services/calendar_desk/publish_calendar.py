"""Publishing a draft: from its commit all processes use it, and open due dates are recomputed."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, func, insert, select, update

from app.core import clock, eventbus
from app.core.db import db
from app.models import CalendarMove, CalendarVersion, Case, Stage, Task, TimelineEntry, Timer
from app.services.calendar_desk import due_date_moves
from app.services.calendar_desk.due_date_moves import CaseMoves, StageMove, TaskMove
from app.services.calendar_desk.rehearse_calendar import Counts, Tally, check_publishable, line_of_draft
from app.services.cases.flow import promise_watches, visits_of_work
from app.services.history.timeline import ENGINE
from app.services.installation import calendar_versions, city
from app.services.scheduling import absences


class NotAloneError(RuntimeError):
    """A publication was started in a transaction beside other writers (see `alone`)."""


def publish_calendar(
    draft: CalendarVersion, staff_id: str | None, on_batch: Callable[[int], None] = lambda _cases: None
) -> Counts:
    """Publishes a draft and recomputes every open due date and timer in the caller's transaction.

    The transaction must have begun in `calendar_versions.alone`: all other writers wait until it ends, so
    that no case is computed by the old version afterwards. Notifications are queued for the jobs. `on_batch`
    is called with the number of cases of each batch. Raises as `rehearse` does, and `NotAloneError`.
    """
    if not calendar_versions.is_alone():
        raise NotAloneError
    db.session.refresh(draft)
    check_publishable(draft)
    now = clock.now()
    draft.number = (db.session.scalar(select(func.max(CalendarVersion.number))) or 0) + 1
    draft.published_at = now
    draft.published_by = staff_id
    db.session.flush()
    calendar_versions.know(draft.id)
    line = line_of_draft(draft, str(draft.number))
    tally = Tally()
    for batch in due_date_moves.of_open_cases(line, now):
        for found in batch:
            tally.add(found)
        _apply(draft.id, batch, now)
        on_batch(len(batch))
    # Closed cases keep the version that their figures were computed with.
    _run(update(Case).where(Case.closed_at.is_(None)).values(calendar_version=line.version))
    # Visits are revalidated too: nobody comes on a day that is now closed.
    absences.revalidate_later()
    return tally.counts()


def _apply(version_id: str, batch: Sequence[CaseMoves], now: datetime) -> None:
    stages = [(found.case.id, stage) for found in batch for stage in found.stages]
    tasks = [(found.case.id, task) for found in batch for task in found.tasks]
    stale = [timer_id for found in batch for timer_id in found.stale_timers]
    # Not through the mapped objects: a moved due date is no edit, and must not cause an edit conflict.
    _many(
        update(Stage)
        .where(
            Stage.case_id == bindparam("of_case"),
            Stage.key == bindparam("of_key"),
            Stage.round == bindparam("of_round"),
        )
        .values(due_at=bindparam("due")),
        [
            {"of_case": case_id, "of_key": stage.key, "of_round": stage.round, "due": stage.becomes}
            for case_id, stage in stages
        ],
    )
    _many(
        update(Task).where(Task.id == bindparam("of_id")).values(due_at=bindparam("due")),
        [{"of_id": task.id, "due": task.becomes} for _, task in tasks],
    )
    follow = {(case_id, stage.key): stage.becomes for case_id, stage in stages}
    with eventbus.together():
        for event in visits_of_work.follow_moved_due_dates(follow, now):
            eventbus.publish(event)
    if stale:
        _run(delete(Timer).where(Timer.id.in_(stale)))
    _many(insert(Timer), [timer for found in batch for timer in found.fresh_timers])
    promise_watches.replace(
        [found.case.id for found in batch], [watch for found in batch for watch in found.watches]
    )
    _many(
        insert(CalendarMove),
        [
            *(_record(version_id, case_id, stage.key, None, stage) for case_id, stage in stages),
            *(_record(version_id, case_id, task.stage_key, task.id, task) for case_id, task in tasks),
        ],
    )
    _many(
        insert(TimelineEntry),
        [
            {"case_id": case_id, "at": now, "kind": "due_moved", "actor": ENGINE.actor, "actor_id": None}
            | {"detail": {"stage": stage.key, "was": _shown(stage.was), "due": _shown(stage.becomes)}}
            for case_id, stage in stages
        ],
    )


def _record(
    version_id: str, case_id: str, stage_key: str, task_id: str | None, move: StageMove | TaskMove
) -> dict[str, Any]:
    return {
        "version_id": version_id,
        "case_id": case_id,
        "stage_key": stage_key,
        "task_id": task_id,
        "was": move.was,
        "becomes": move.becomes,
        "told_at": None,
    }


def _many(statement: Any, rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        db.session.connection().execute(statement, rows)


def _run(statement: Any) -> None:
    db.session.execute(statement.execution_options(synchronize_session=False))


def _shown(instant: datetime) -> str:
    return instant.astimezone(city.zone()).strftime("%Y-%m-%d %H:%M")
