"""Notifying people of moved due dates, after the publication, so that it does not block writers for long."""

from sqlalchemy import select

from app.core import clock, eventbus
from app.core.db import db
from app.core.queue import Queue
from app.domain.events import StageDueMoved, TaskDueMoved
from app.domain.programs.definition import StageKind
from app.models import CalendarMove, Case, Stage, Task, TaskState
from app.services.installation import city

# A move has no instant of its own: it is due from its publication on, and is kept when it is told.
QUEUE = Queue("calendar", CalendarMove, due=(CalendarMove.told_at.is_(None),), order_by=(CalendarMove.id,))


def notify_moves(limit: int) -> int:
    """Notifies of up to `limit` moved due dates in the caller's transaction. Returns how many were
    taken.

    Entries that moved again or ended meanwhile are skipped: the newer message is right.
    """
    found = QUEUE.lock(limit)
    for move in found:
        move.told_at = clock.now()
        if move.task_id is None:
            _tell_of_stage(move)
        elif _still_due(move, move.task_id):
            eventbus.publish(TaskDueMoved(move.task_id, move.version_id))
    return len(found)


def _tell_of_stage(move: CalendarMove) -> None:
    program_key = db.session.scalar(
        select(Case.program_key)
        .join(Stage, Stage.case_id == Case.id)
        .where(
            Case.id == move.case_id,
            Stage.key == move.stage_key,
            Stage.completed_at.is_(None),
            Stage.due_at == move.becomes,
        )
    )
    if program_key is None:
        return
    if city.program(program_key).stage(move.stage_key).kind is not StageKind.AFTER_WORK:
        eventbus.publish(StageDueMoved(move.case_id, move.stage_key, move.version_id, move.was))


def _still_due(move: CalendarMove, task_id: str) -> bool:
    task = db.session.get_one(Task, task_id)
    return task.state == TaskState.OPEN and task.due_at == move.becomes
