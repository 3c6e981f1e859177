"""Letting a value pass that breaks a rule, and the list of what supervisors let pass."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from app.core import clock
from app.core.db import db
from app.domain.errors import AlreadyDoneError, ConflictError, FieldsError, NotAllowedError
from app.domain.programs.gates import Passing
from app.domain.programs.tasks import OutputField
from app.models import Case, GateException, Staff, Task, TaskState
from app.services.cases import access
from app.services.cases.flow.case_flow import CaseFlow
from app.services.history.timeline import by_staff, note
from app.services.installation import city
from app.services.people.staffing import Colleague
from app.services.tasks.gates.judge_outputs import Judge
from app.services.tasks.output_checks import FaultyValueError, checked_value


@dataclass(frozen=True, slots=True)
class PassedLine:
    """What was let pass: where, which value, by whom, when and why."""

    id: int
    case_id: str
    case_number: str
    project_name: str
    task_id: str
    task: str
    field: str
    name: str
    value: Any
    level: str
    reason: str
    passed_by: str
    passed_at: datetime


def pass_value(staff: Colleague, task: Task, key: str, value: Any, reason: str) -> PassedLine:
    """Lets one value of a task pass. It covers that value only.

    `value`: what will be delivered; None for what the completed task has delivered. Raises `FieldsError` for
    an output whose rules know no exception or a value that is written wrongly, `NotAllowedError` where a
    supervisor has to answer for it, `ConflictError` for a value that needs no exception or a task that was
    cancelled, `AlreadyDoneError` the second time.
    """
    case = access.locked_case(task.case_id)
    flow = CaseFlow.load(case)
    db.session.refresh(task)
    if task.state == TaskState.CANCELLED:
        raise ConflictError("该任务已取消，无需办理。")
    stage = flow.program.stage(task.stage_key)
    field = next((field for field in stage.task(task.key).outputs if field.key == key), None)
    if field is None or field.gate.passing is Passing.NEVER:
        raise _fault("field", "该项不能放行，请按提示更正。")
    if field.gate.passing is Passing.SUPERVISOR and not staff.is_supervisor:
        raise NotAllowedError("该项须由督办说明理由放行，请联系督办人员。")
    delivered = task.outputs or {}
    stated = _stated(field, delivered.get(key) if value is None else value)
    judge = Judge(flow, stage, task)
    if judge.may_pass(field, stated):
        raise AlreadyDoneError("该项已说明理由放行，无需重复操作。")
    # Sums are held against the quote when the task is completed.
    given = {**delivered, key: stated}
    if field.agrees_with is None and not judge.breaks_a_rule(field, stated, given):
        raise ConflictError("该项符合要求，无需放行。")
    now = clock.now()
    row = GateException(
        case_id=case.id,
        task_id=task.id,
        field=key,
        value={"value": stated},
        level=field.gate.passing.value,
        reason=reason,
        passed_by=staff.id,
        passed_at=now,
    )
    db.session.add(row)
    db.session.flush()
    note(case.id, now, "gate_passed", by_staff(staff.id), {"stage": task.stage_key, "task": task.key})
    return _line(row, case, task, staff.name)


def passed_by_supervisors(staff: Colleague, before: int | None, limit: int) -> list[PassedLine]:
    """What supervisors let pass, newest first; `before`: the number of the last one already shown.

    Raises `NotAllowedError` but for supervisors.
    """
    if not staff.is_supervisor:
        raise NotAllowedError("放行清单仅供督办查看。")
    query = (
        select(GateException, Case, Task, Staff.name)
        .join(Case, Case.id == GateException.case_id)
        .join(Task, Task.id == GateException.task_id)
        .join(Staff, Staff.id == GateException.passed_by)
        .where(GateException.level == Passing.SUPERVISOR.value)
        .order_by(GateException.id.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(GateException.id < before)
    return [_line(*row) for row in db.session.execute(query)]


def _stated(field: OutputField, value: Any) -> Any:
    if value is None:
        raise _fault("value", f"请填写“{field.name}”准备办结的内容。")
    try:
        return checked_value(field, value)
    except FaultyValueError as fault:
        raise _fault("value", f"“{field.name}”{fault}") from fault


def _line(row: GateException, case: Case, task: Task, name: str) -> PassedLine:
    program = city.program_of(case.program_key, case.former_program_key)
    spec = program.stage(task.stage_key).task(task.key)
    # A later version of the program may no longer ask for it.
    named = next((field.name for field in spec.outputs if field.key == row.field), row.field)
    return PassedLine(
        id=row.id,
        case_id=case.id,
        case_number=case.number,
        project_name=case.project_name,
        task_id=task.id,
        task=spec.name,
        field=row.field,
        name=named,
        value=row.value["value"],
        level=row.level,
        reason=row.reason,
        passed_by=name,
        passed_at=row.passed_at,
    )


def _fault(field: str, message: str) -> FieldsError:
    return FieldsError([{"field": field, "code": "invalid", "message": message}])
