"""The open tasks of each open stage and who owns them, for the lead department."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import bindparam, select

from app.core import clock
from app.core.prepared_query import PreparedQuery
from app.models import Case, Staff, Stage, Task, TaskState
from app.services.installation import city


@dataclass(frozen=True, slots=True)
class AwaitedTask:
    """An open task. `holder` is None while it is in the department's queue."""

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
    """An open stage, the number of its completed tasks, and its open tasks."""

    key: str
    name: str
    round: int
    due_at: datetime | None
    done: int
    tasks: list[AwaitedTask]


def open_stage_owners(case: Case) -> list[AwaitedStage]:
    """Every open stage, in the program's order."""
    now = clock.now()
    program = city.program_of(case.program_key, case.former_program_key)
    entries = {key: (round_, due_at) for key, round_, due_at in _OPEN_STAGES.rows({"case_id": case.id})}
    tasks = [_TaskRow(*row) for row in _TASKS.rows({"case_id": case.id})]
    stages = []
    for spec in program.stages:
        if spec.key not in entries:
            continue
        round_, due_at = entries[spec.key]
        own = [task for task in tasks if (task.stage_key, task.round) == (spec.key, round_)]
        stages.append(
            AwaitedStage(
                key=spec.key,
                name=spec.name,
                round=round_,
                due_at=due_at,
                done=sum(task.state == TaskState.DONE for task in own),
                tasks=[
                    AwaitedTask(
                        id=task.id,
                        key=task.key,
                        name=spec.task(task.key).name,
                        department=city.department_name(task.department),
                        holder=task.holder,
                        since=task.opened_at,
                        due_at=task.due_at,
                        overdue=task.due_at is not None and task.due_at < now,
                    )
                    for task in own
                    if task.state == TaskState.OPEN
                ],
            )
        )
    return stages


class _TaskRow(NamedTuple):
    """The columns read for a task, in statement order; its outputs are not read."""

    stage_key: str
    round: int
    state: str
    id: str
    key: str
    department: str
    opened_at: datetime
    due_at: datetime | None
    holder: str | None


_OPEN_STAGES = PreparedQuery(
    select(Stage.key, Stage.round, Stage.due_at).where(
        Stage.case_id == bindparam("case_id"), Stage.completed_at.is_(None)
    )
)
_TASKS = PreparedQuery(
    select(
        Task.stage_key,
        Task.round,
        Task.state,
        Task.id,
        Task.key,
        Task.department,
        Task.opened_at,
        Task.due_at,
        Staff.name,
    )
    .outerjoin(Staff, Staff.id == Task.assignee_id)
    .where(Task.case_id == bindparam("case_id"), Task.state != TaskState.CANCELLED.value)
    .order_by(Task.opened_at, Task.id)
)
