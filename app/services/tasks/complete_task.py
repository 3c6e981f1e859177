"""Taking a task from the department's queue, and completing it."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from app.core import clock
from app.core.db import db
from app.domain.errors import (
    AlreadyDoneError,
    ChangedMeanwhileError,
    ConflictError,
    FieldsError,
    NotFoundError,
)
from app.domain.events import WaterOn
from app.domain.programs.definition import Stage, StageKind
from app.domain.programs.tasks import OutputKind, TaskSpec
from app.models import Case, StaffLeave, Task, TaskState
from app.services.cases import access, early_service, edit_conflicts
from app.services.cases.decisions import change_program, close_case, rating
from app.services.cases.flow import CaseFlow
from app.services.history import arrivals
from app.services.history.timeline import By, by_staff, note
from app.services.money import ledger
from app.services.people.staffing import Colleague
from app.services.tasks import commitments, evidence
from app.services.tasks.output_checks import checked, refuse_impossible

WATER_ON = "water_on"


def visible(staff: Colleague, task_id: str) -> Task:
    """A task of this person, their department, or whom they stand in for. Raises `NotFoundError`."""
    task = db.session.scalar(select(Task).where(Task.id == task_id))
    if task is None or not (
        staff.is_supervisor
        or task.department == staff.department
        or task.assignee_id == staff.id
        or _stands_in(staff, task)
    ):
        raise NotFoundError
    return task


def take(staff: Colleague, task: Task) -> None:
    """Take a task from the department's queue.

    Raises `ConflictError` when a colleague has it already or it is another department's.
    """
    _lock(task)
    _take(staff, task)


def _take(staff: Colleague, task: Task) -> None:
    _refuse_done(task)
    if task.assignee_id == staff.id:
        return
    if task.assignee_id is not None:
        raise ConflictError(
            "该任务已由同事领取，请从列表中选择其他任务。", changes=edit_conflicts.of_task(task)
        )
    if task.department != staff.department:
        raise NotFoundError
    task.assignee_id = staff.id
    note(
        task.case_id,
        clock.now(),
        "task_taken",
        by_staff(staff.id),
        {"stage": task.stage_key, "task": task.key},
    )


def hold(staff: Colleague, task: Task, version: int | None = None) -> Case:
    """Make sure that an open task is this person's, taking it from the queue if need be; its case, locked.

    `version` is the task's as the caller saw it. Raises `AlreadyDoneError` and `ConflictError` (with what
    changed) when somebody was faster or has it.
    """
    case = _lock(task)
    _refuse_done(task)
    if version is not None and version != task.version:
        raise ChangedMeanwhileError(task.version, edit_conflicts.of_task(task))
    if task.assignee_id is None:
        _take(staff, task)
    elif task.assignee_id != staff.id and not _stands_in(staff, task):
        raise ConflictError("该任务由其他同事负责，请联系对方办理。")
    return case


def complete(staff: Colleague, task: Task, given: Mapping[str, Any], version: int | None = None) -> None:
    """Complete a task with its required outputs, and let the case move on.

    Raises `AlreadyDoneError`, `ConflictError` when it is with somebody else or the form of a case in early
    service is not complete, `FieldsError` with everything that is still missing or disagrees,
    `ChoiceNeededError` and `PaperNeededError` while the customer has not done their part on the phone,
    `NotToBeAskedError`. `version` is the task's as the caller saw it.
    """
    case = hold(staff, task, version)
    flow = CaseFlow.load(case)
    stage = flow.program.stage(task.stage_key)
    spec = stage.task(task.key)
    bound = commitments.of(case, spec)
    typed = {key: value for key, value in given.items() if value not in (None, "")}
    known = bound.completed({**arrivals.proposed(task, spec), **typed})
    outputs = checked(spec, known, evidence.missing(task, spec))
    commitments.compare(case, spec, outputs, bound.known)
    refuse_impossible(stage, {**flow.delivered(task.stage_key), task.key: outputs})
    early_service.require_form(case, stage, spec)
    against = change_program.decides_against(spec, outputs)
    by = by_staff(staff.id)
    now = clock.now()
    if stage.kind is StageKind.RETURN_VISIT and spec.only_on is None:
        _settle_rating(case, spec, outputs, by)
    commitments.record(task, spec, outputs, staff.id, bound.paper)
    task.outputs = outputs
    if WATER_ON in spec.marks:
        case.water_on_at = now
        flow.tell(WaterOn(case.id))
    _enter_in_ledger(case, stage, spec, outputs)
    if against is not None and spec.turn is not None:
        flow.settle(task, by, now)
        change_program.change(case, flow, spec.turn, against, by, now)
    else:
        flow.complete(task, by, now)
    if stage.kind is StageKind.RETURN_VISIT and spec.only_on is None:
        close_case.close(case, flow, now)
    flow.publish()


def _lock(task: Task) -> Case:
    case = access.locked(task.case_id)
    db.session.refresh(task)
    return case


def _refuse_done(task: Task) -> None:
    if task.state == TaskState.DONE:
        raise AlreadyDoneError("该任务已办结，无需重复操作。", changes=edit_conflicts.of_task(task))
    if task.state == TaskState.CANCELLED:
        raise ConflictError("该任务已取消，无需办理。", changes=edit_conflicts.of_task(task))


def _stands_in(staff: Colleague, task: Task) -> bool:
    now = clock.now()
    return (
        task.assignee_id is not None
        and db.session.scalar(
            select(StaffLeave.id).where(
                StaffLeave.staff_id == task.assignee_id,
                StaffLeave.deputy_id == staff.id,
                StaffLeave.starts_at <= now,
                StaffLeave.ends_at > now,
            )
        )
        is not None
    )


def _settle_rating(case: Case, spec: TaskSpec, outputs: dict[str, Any], by: By) -> None:
    """The return visit ends with a rating: the one given in the mini-program, else the one told to us."""
    field = next(field for field in spec.outputs if field.kind is OutputKind.RATING)
    told = outputs.get(field.key)
    if case.rating is not None:
        outputs[field.key] = case.rating
    elif told is None:
        raise FieldsError(
            [{"field": field.key, "code": "required", "message": "客户尚未评价，请请客户打分（1至5分）。"}]
        )
    else:
        rating.record(case, told, None, by)


def _enter_in_ledger(case: Case, stage: Stage, spec: TaskSpec, outputs: Mapping[str, Any]) -> None:
    for field in spec.outputs:
        quantity = outputs.get(field.key)
        if field.ledger and quantity:
            entered = ledger.report if stage.kind is StageKind.RETURN_VISIT else ledger.enter
            entered(case, field.ledger, int(quantity), f"{spec.name}：{field.name}")
