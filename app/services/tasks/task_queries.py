"""Task lists: mine, and my department's."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, or_, select

from app.core import clock
from app.core.db import db
from app.domain.programs.definition import Stage
from app.domain.programs.tasks import TaskSpec
from app.models import Application, Case, Staff, Task, TaskState
from app.services.cases import access
from app.services.installation import city
from app.services.people import acting
from app.services.people.staffing import Colleague
from app.services.tasks import evidence
from app.services.tasks.evidence import Brought, EvidenceLine


class Scope(StrEnum):
    """Whose tasks are listed."""

    MINE = "mine"
    DEPARTMENT = "department"


@dataclass(frozen=True, slots=True)
class TaskLine:
    """A task in a list, with its case; the customer's data masked."""

    id: str
    key: str
    name: str
    duty: str
    stage_name: str
    round: int
    case_id: str
    case_number: str
    project_name: str
    contact: dict[str, str | None]
    department: str
    assignee_name: str | None
    mine: bool
    state: str
    opened_at: datetime
    due_at: datetime | None
    overdue: bool
    version: int
    outputs: list[dict[str, Any]]
    documents: list[EvidenceLine]
    delivered: dict[str, Any] | None


def tasks_of_staff(staff: Colleague, scope: Scope, after: str | None, limit: int) -> list[TaskLine]:
    """Open tasks, most urgent first; those without a due date come last.

    Mine are those assigned to me or to somebody for whom I act; my department's are the unclaimed ones in
    its queue. `after`: the id of the last task already shown.
    """
    now = clock.now()
    if scope is Scope.MINE:
        held: ColumnElement[bool] = Task.assignee_id.in_(sorted(acting.principals(staff.id, now)))
    else:
        held = and_(Task.department == staff.department, Task.assignee_id.is_(None))
    query = _query().where(Task.state == TaskState.OPEN, held)
    last = db.session.get(Task, after) if after else None
    if last is not None:
        query = query.where(_comes_after(last))
    query = query.order_by(Task.due_at.is_(None), Task.due_at, Task.id).limit(limit)
    return _lines(staff, db.session.execute(query).all(), now)


def task_line(staff: Colleague, task: Task) -> TaskLine:
    """One task that this person may see."""
    rows = db.session.execute(_query().where(Task.id == task.id)).all()
    return _lines(staff, rows, clock.now())[0]


def tasks_of_case(staff: Colleague, case_id: str) -> list[TaskLine]:
    """Every task of a case, in the order they were opened."""
    now = clock.now()
    rows = db.session.execute(_query().where(Task.case_id == case_id).order_by(Task.opened_at, Task.id))
    return _lines(staff, rows.all(), now)


def _query() -> Any:
    return (
        select(Task, Case, Application.answers, Staff.name)
        .join(Case, Case.id == Task.case_id)
        .join(Application, Application.id == Case.application_id)
        .outerjoin(Staff, Staff.id == Task.assignee_id)
    )


def _comes_after(last: Task) -> Any:
    later_without_due = and_(Task.due_at.is_(None), Task.id > last.id)
    if last.due_at is None:
        return later_without_due
    return or_(
        Task.due_at > last.due_at,
        and_(Task.due_at == last.due_at, Task.id > last.id),
        Task.due_at.is_(None),
    )


def _lines(
    staff: Colleague, rows: Sequence[Row[Task, Case, dict[str, Any], str]], now: datetime
) -> list[TaskLine]:
    stages = [
        city.program_of(case.program_key, case.former_program_key).stage(task.stage_key)
        for task, case, _, _ in rows
    ]
    needing = {row[1].id for row, stage in zip(rows, stages, strict=True) if stage.task(row[0].key).documents}
    there = evidence.brought(needing) if needing else {}
    return [_line(staff, *row, stage, there, now) for row, stage in zip(rows, stages, strict=True)]


def _line(
    staff: Colleague,
    task: Task,
    case: Case,
    answers: dict[str, Any],
    assignee: str | None,
    stage: Stage,
    there: Brought,
    now: datetime,
) -> TaskLine:
    spec = stage.task(task.key)
    return TaskLine(
        id=task.id,
        key=task.key,
        name=spec.name,
        duty=spec.duty or stage.duty,
        stage_name=stage.name,
        round=task.round,
        case_id=case.id,
        case_number=case.number,
        project_name=case.project_name,
        contact=access.masked_contact(answers),
        department=city.department_name(task.department),
        assignee_name=assignee,
        mine=task.assignee_id == staff.id,
        state=task.state,
        opened_at=task.opened_at,
        due_at=task.due_at,
        overdue=task.state == TaskState.OPEN and task.due_at is not None and task.due_at < now,
        version=task.version,
        outputs=_asked(spec),
        documents=evidence.lines(task, spec, there),
        delivered=task.outputs,
    )


def _asked(spec: TaskSpec) -> list[dict[str, Any]]:
    return [
        {
            "key": field.key,
            "name": field.name,
            "kind": field.kind.value,
            "required": field.required,
            "choices": [{"key": choice.key, "name": choice.name} for choice in field.choices],
            "help": field.help,
            "unit": field.gate.unit,
            "passing": field.gate.passing.value,
        }
        for field in spec.outputs
    ]
