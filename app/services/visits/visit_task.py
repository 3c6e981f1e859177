"""The task that a visit is for, and what the check-in already answers of it."""

from typing import Any

from sqlalchemy import select

from app.core.db import db
from app.models import Case, Task, TaskState, Visit
from app.services.history import arrivals
from app.services.installation import city


def task_of(case: Case, visit: Visit) -> Task | None:
    """The open task that a visit is for, if any."""
    if visit.stage_key is None:
        return None
    program = city.program_of(case.program_key, case.former_program_key)
    keys = [
        spec.key
        for spec in program.stage(visit.stage_key).tasks
        if spec.visit is not None and spec.visit.purpose == visit.purpose
    ]
    return db.session.scalar(
        select(Task).where(
            Task.case_id == case.id,
            Task.stage_key == visit.stage_key,
            Task.key.in_(keys),
            Task.state == TaskState.OPEN,
        )
    )


def proposed_outputs(case: Case, visit: Visit) -> tuple[str | None, dict[str, Any]]:
    """The open task of a visit, and the outputs of it that the check-in already answers."""
    task = task_of(case, visit)
    if task is None:
        return None, {}
    program = city.program_of(case.program_key, case.former_program_key)
    return task.id, arrivals.proposed(task, program.stage(task.stage_key).task(task.key))
