"""A supervisor takes a task back to its queue, or gives it to somebody who is qualified."""

from sqlalchemy import select

from app.core import clock, eventbus
from app.core.db import db
from app.domain.errors import AlreadyDoneError, FieldsError, NotAllowedError
from app.domain.events import TaskReassigned
from app.domain.programs.tasks import Holder, TaskSpec
from app.models import Case, Staff, Task
from app.services.cases.flow.case_flow import CaseFlow
from app.services.history.timeline import by_staff, note
from app.services.people import acting
from app.services.people.staffing import Colleague
from app.services.tasks import claim_task
from app.services.tasks.task_skills import missing_skills


def reassign_task(staff: Colleague, task: Task, number: str | None, version: int | None = None) -> None:
    """Gives an open task to the person with this staff number; None: back to where it falls by itself.

    That is the department's queue, who acts for the case's manager, or a reviewer. `version` is the task's as
    the caller saw it. Both holders are told. Raises `NotAllowedError` but for supervisors, `FieldsError` for
    somebody unknown or not qualified, `AlreadyDoneError` when the task is there already or done,
    `ConflictError`, `ChangedMeanwhileError`.
    """
    if not staff.is_supervisor:
        raise NotAllowedError("任务改派由督办办理，请联系督办人员。")
    case = claim_task.lock_open(task, version)
    flow = CaseFlow.load(case)
    spec = flow.program.stage(task.stage_key).task(task.key)
    now = clock.now()
    holder = flow.natural_holder(spec, now) if number is None else _qualified(case, task, spec, number)
    if holder == task.assignee_id:
        raise AlreadyDoneError("该任务已在此处，无需改派。")
    former, task.assignee_id = task.assignee_id, holder
    note(case.id, now, "task_returned", by_staff(staff.id), {"stage": task.stage_key, "task": task.key})
    db.session.flush()
    eventbus.publish(TaskReassigned(task.id, former, now))


def _qualified(case: Case, task: Task, spec: TaskSpec, number: str) -> str:
    person = db.session.scalar(select(Staff).where(Staff.number == number, Staff.active.is_(True)))
    if person is None or not acting.keep_from_leaving(person.id):
        raise _fault("没有这位员工，请核对工号。")
    lacking = missing_skills(person.id, case, task)
    if lacking:
        raise _fault(f"办理该任务须具备{'、'.join(lacking)}，请选择具备资格的人员。")
    match spec.holder:
        case Holder.MANAGER if not person.is_manager:
            raise _fault("该任务须由客户管家办理，请重新选择。")
        case Holder.SUPERVISOR if not person.is_supervisor:
            raise _fault("该任务须由督办办理，请重新选择。")
        case Holder.SPECIALIST if person.id == case.manager_id or person.department != task.department:
            raise _fault("该任务须由责任部门中本工单客户管家以外的人员办理，请重新选择。")
        case Holder.QUEUE if person.department != task.department:
            raise _fault("该任务须由责任部门的人员办理，请重新选择。")
    return person.id


def _fault(message: str) -> FieldsError:
    return FieldsError([{"field": "staff_number", "code": "invalid", "message": message}])
