"""Taking a task from the department's queue, and completing it."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from app.core import clock
from app.core.db import db
from app.domain.errors import AlreadyDoneError, ConflictError, FieldsError, NotFoundError
from app.domain.events import WaterOn
from app.domain.programs.definition import OutputKind, StageKind, TaskSpec
from app.models import Case, LedgerEntry, Staff, StaffLeave, Task, TaskState
from app.services.cases import access, closing, early_service, rating
from app.services.cases.flow import CaseFlow
from app.services.tasks import commitments
from app.services.tasks.outputs import checked
from app.services.timeline import By, by_staff, note

WATER_ON = "water_on"


def visible(staff: Staff, task_id: str) -> Task:
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


def take(staff: Staff, task: Task) -> None:
    """Take a task from the department's queue.

    Raises `ConflictError` when a colleague has it already or it is another department's.
    """
    _lock(task)
    _take(staff, task)


def _take(staff: Staff, task: Task) -> None:
    _refuse_done(task)
    if task.assignee_id == staff.id:
        return
    if task.assignee_id is not None:
        raise ConflictError("该任务已由同事领取，请从列表中选择其他任务。")
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


def hold(staff: Staff, task: Task) -> Case:
    """Make sure that an open task is this person's, taking it from the queue if need be; its case, locked.

    Raises `AlreadyDoneError`, and `ConflictError` when it is with somebody else.
    """
    case = _lock(task)
    _refuse_done(task)
    if task.assignee_id is None:
        _take(staff, task)
    elif task.assignee_id != staff.id and not _stands_in(staff, task):
        raise ConflictError("该任务由其他同事负责，请联系对方办理。")
    return case


def complete(staff: Staff, task: Task, given: Mapping[str, Any]) -> None:
    """Complete a task with its required outputs, and let the case move on.

    Raises `AlreadyDoneError`, `ConflictError` when it is with somebody else or the form of a case in early
    service is not complete, `FieldsError` with everything that is still missing or disagrees,
    `ChoiceNeededError` and `PaperNeededError` while the customer has not done their part on the phone.
    """
    case = hold(staff, task)
    flow = CaseFlow.load(case)
    stage = flow.program.stage(task.stage_key)
    spec = stage.task(task.key)
    bound = commitments.of(case, spec)
    outputs = checked(spec, bound.completed(given))
    commitments.compare(case, spec, outputs, bound.known)
    early_service.require_form(case, stage, spec)
    by = by_staff(staff.id)
    now = clock.now()
    if stage.kind is StageKind.RETURN_VISIT and spec.only_on is None:
        _settle_rating(case, spec, outputs, by)
    commitments.record(task, spec, outputs, staff.id, bound.paper)
    task.outputs = outputs
    if WATER_ON in spec.marks:
        case.water_on_at = now
        flow.tell(WaterOn(case.id))
    _enter_in_ledger(task, spec, outputs)
    flow.complete(task, by, now)
    if stage.kind is StageKind.RETURN_VISIT and spec.only_on is None:
        closing.close(case, flow, now)
    flow.publish()


def _lock(task: Task) -> Case:
    case = db.session.get_one(Case, task.case_id)
    access.lock(case)
    db.session.refresh(task)
    return case


def _refuse_done(task: Task) -> None:
    if task.state == TaskState.DONE:
        raise AlreadyDoneError("该任务已办结，无需重复操作。")


def _stands_in(staff: Staff, task: Task) -> bool:
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


def _enter_in_ledger(task: Task, spec: TaskSpec, outputs: Mapping[str, Any]) -> None:
    for field in spec.outputs:
        quantity = outputs.get(field.key)
        if field.ledger and quantity:
            db.session.add(
                LedgerEntry(
                    case_id=task.case_id,
                    at=clock.now(),
                    kind=field.ledger,
                    quantity=int(quantity),
                    what=f"{spec.name}：{field.name}"[:200],
                )
            )
