"""What a visit relies on (三(二): 提前落实) is due by its start, and who is told that it is missing."""

from datetime import datetime

from sqlalchemy import select

from app.core import clock, eventbus
from app.core.db import db
from app.domain.events import WorkMissingBeforeVisit
from app.models import Case, Task, TaskState, Visit
from app.services.cases.flow.case_flow import CaseFlow
from app.services.installation import city


def set_due(case: Case, purpose: str, starts_at: datetime | None) -> None:
    """The visit for a purpose starts then (None: there is none any more). The case is locked."""
    program = city.program_of(case.program_key, case.former_program_key)
    relied_on = {task.before_visit for stage in program.stages for task in stage.tasks}
    if purpose in relied_on:
        CaseFlow.load(case).due_before_visit(purpose, starts_at, clock.now())


def tell_missing(visit: Visit) -> None:
    """Tells the holders and the manager of everything that a near visit relies on and that is open."""
    case = db.session.get_one(Case, visit.case_id)
    program = city.program_of(case.program_key, case.former_program_key)
    keys = {
        task.key
        for stage in program.stages
        for task in stage.tasks
        if task.before_visit is not None and task.before_visit == visit.purpose
    }
    if not keys:
        return
    missing = select(Task.id).where(
        Task.case_id == case.id, Task.key.in_(keys), Task.state == TaskState.OPEN.value
    )
    for task_id in db.session.scalars(missing.order_by(Task.id)).all():
        eventbus.publish(WorkMissingBeforeVisit(task_id))
