"""Who is waited for: the open tasks of each open stage, for the lead department (issue B, 1)."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from app.core import clock
from app.core.db import db
from app.models import Case, Staff, Stage, Task, TaskState
from app.services import city


@dataclass(frozen=True, slots=True)
class AwaitedTask:
    """A task that is not done; `holder` is None while it is in the department's queue."""

    id: str
    key: str
    name: str
    department: str
    holder: str | None
    since: datetime
    due_at: datetime | None
    overdue: bool


@dataclass(frozen=True, slots=True)
class AwaitedStage:
    """An open stage, how many of its tasks are done, and those that are not."""

    key: str
    name: str
    round: int
    due_at: datetime | None
    done: int
    tasks: list[AwaitedTask]


def of_case(case: Case) -> list[AwaitedStage]:
    """Every open stage, in the program's order."""
    now = clock.now()
    program = city.program_of(case.program_key, case.former_program_key)
    entries = {
        row.key: row
        for row in db.session.scalars(
            select(Stage).where(Stage.case_id == case.id, Stage.completed_at.is_(None))
        )
    }
    rows = db.session.execute(
        select(Task, Staff.name)
        .outerjoin(Staff, Staff.id == Task.assignee_id)
        .where(Task.case_id == case.id, Task.state != TaskState.CANCELLED)
        .order_by(Task.opened_at, Task.id)
    ).all()
    stages = []
    for spec in program.stages:
        entry = entries.get(spec.key)
        if entry is None:
            continue
        here = (entry.key, entry.round)
        own = [(task, name) for task, name in rows if (task.stage_key, task.round) == here]
        stages.append(
            AwaitedStage(
                key=spec.key,
                name=spec.name,
                round=entry.round,
                due_at=entry.due_at,
                done=sum(task.state == TaskState.DONE for task, _ in own),
                tasks=[
                    AwaitedTask(
                        id=task.id,
                        key=task.key,
                        name=spec.task(task.key).name,
                        department=city.department_name(task.department),
                        holder=name,
                        since=task.opened_at,
                        due_at=task.due_at,
                        overdue=task.due_at is not None and task.due_at < now,
                    )
                    for task, name in own
                    if task.state == TaskState.OPEN
                ],
            )
        )
    return stages
