"""Who may work on a task: viewing it, claiming it from the department's queue, holding it."""

from sqlalchemy import select

from app.core import clock
from app.core.db import db
from app.domain.errors import (
    AlreadyDoneError,
    ChangedMeanwhileError,
    ConflictError,
    NotFoundError,
    NotSignedInError,
)
from app.domain.programs.tasks import Holder
from app.models import Case, Task, TaskState
from app.services.cases import access, edit_conflicts
from app.services.history.timeline import by_staff, note
from app.services.installation import city
from app.services.people import acting
from app.services.people.staffing import Colleague
from app.services.tasks.task_skills import require_skills


def visible_task(staff: Colleague, task_id: str) -> Task:
    """Returns a task of this person, their department or their principal. Raises `NotFoundError`.

    A manager sees the tasks of their own cases and the department's queue, not those of other managers.
    """
    task = db.session.scalar(select(Task).where(Task.id == task_id))
    if task is None or not (
        staff.is_supervisor
        or task.assignee_id == staff.id
        or _stands_in(staff, task)
        or (task.department == staff.department and _is_shared(staff, task))
    ):
        raise NotFoundError
    return task


def _is_shared(staff: Colleague, task: Task) -> bool:
    if not staff.is_manager or (task.assignee_id is None and task.state == TaskState.OPEN):
        return True
    manager_id = db.session.scalars(select(Case.manager_id).where(Case.id == task.case_id)).one()
    return staff.id in {manager_id, acting.acts_for(manager_id, clock.now())}


def claim_task(staff: Colleague, task: Task) -> None:
    """Claims a task from the department's queue.

    Raises `ConflictError` when a colleague has it, `NotFoundError` when it belongs to another department,
    `SkillMissingError` for somebody without the skills that it asks for,
    `NotSignedInError` for somebody who has been removed meanwhile.
    """
    case = _lock(task)
    _take(staff, case, task)


def _take(staff: Colleague, case: Case, task: Task) -> None:
    _refuse_done(task)
    if task.assignee_id == staff.id:
        return
    if task.assignee_id is not None:
        raise ConflictError(
            "该任务已由同事领取，请从列表中选择其他任务。", changes=edit_conflicts.task_history(task)
        )
    if task.department != staff.department:
        raise NotFoundError
    _refuse_own_manager(staff, case, task)
    require_skills(staff, case, task)
    if not acting.keep_from_leaving(staff.id):
        raise NotSignedInError
    task.assignee_id = staff.id
    note(
        task.case_id,
        clock.now(),
        "task_taken",
        by_staff(staff.id),
        {"stage": task.stage_key, "task": task.key},
    )


def take_over_visited(staff: Colleague, task: Task) -> None:
    """Gives a specialist's task to whoever made the visit that it is for; other tasks stay with their holder.

    Raises `ConflictError` for the case's own manager.
    """
    case = _lock(task)
    if (
        task.state != TaskState.OPEN
        or task.assignee_id in (None, staff.id)
        or not _is_specialists(case, task)
    ):
        return
    _refuse_own_manager(staff, case, task)
    if not acting.keep_from_leaving(staff.id):
        raise NotSignedInError
    task.assignee_id = staff.id
    detail = {"stage": task.stage_key, "task": task.key}
    note(task.case_id, clock.now(), "task_taken", by_staff(staff.id), detail)


def require_held(staff: Colleague, task: Task, version: int | None = None) -> Case:
    """Makes sure that an open task is this person's, claiming it if it is in the queue. Returns its locked
    case.

    `version` is the task's as the caller saw it. Raises `AlreadyDoneError` and `ConflictError` (with what
    changed) when somebody was faster or has it, `SkillMissingError` as `claim_task` does.
    """
    case = lock_open(task, version)
    if task.assignee_id is None:
        _take(staff, case, task)
    elif task.assignee_id != staff.id and not _stands_in(staff, task):
        raise ConflictError("该任务由其他同事负责，请联系对方办理。")
    else:
        _refuse_own_manager(staff, case, task)
        require_skills(staff, case, task)
    return case


def lock_open(task: Task, version: int | None = None) -> Case:
    """Locks the case of a task that must be open and unchanged since `version`. Returns the case.

    Raises `AlreadyDoneError`, `ConflictError`, `ChangedMeanwhileError` with what changed.
    """
    case = _lock(task)
    _refuse_done(task)
    if version is not None and version != task.version:
        raise ChangedMeanwhileError(task.version, edit_conflicts.task_history(task))
    return case


def _refuse_own_manager(staff: Colleague, case: Case, task: Task) -> None:
    """Raises `ConflictError` for the case's manager in a task for somebody else, such as the return visit."""
    if staff.id == case.manager_id and _is_specialists(case, task):
        raise ConflictError("该任务须由本工单客户管家以外的同事办理，请转请本部门其他同事。")


def _is_specialists(case: Case, task: Task) -> bool:
    program = city.program_of(case.program_key, case.former_program_key)
    return program.stage(task.stage_key).task(task.key).holder is Holder.SPECIALIST


def _lock(task: Task) -> Case:
    case = access.locked_case(task.case_id)
    db.session.refresh(task)
    return case


def _refuse_done(task: Task) -> None:
    if task.state == TaskState.DONE:
        raise AlreadyDoneError("该任务已办结，无需重复操作。", changes=edit_conflicts.task_history(task))
    if task.state == TaskState.CANCELLED:
        raise ConflictError("该任务已取消，无需办理。", changes=edit_conflicts.task_history(task))


def _stands_in(staff: Colleague, task: Task) -> bool:
    return task.assignee_id is not None and acting.acts_for(task.assignee_id, clock.now()) == staff.id
