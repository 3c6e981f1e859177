"""A case of somebody who left: another manager is proposed and has it at once, and its tasks move."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from app.core.db import db
from app.core.ids import new_id
from app.domain.events import TaskReassigned
from app.domain.programs.tasks import Holder
from app.models import Case, CaseHandover, Staff, StaffDeparture, Task
from app.services.cases.decisions import hand_over
from app.services.cases.flow.case_flow import CaseFlow
from app.services.history.timeline import By, note
from app.services.people import staffing


@dataclass(frozen=True, slots=True)
class MovedCase:
    """A case and its proposed manager, who may be a supervisor where there is no manager."""

    case_id: str
    case_number: str
    project_name: str
    proposed_number: str
    proposed_name: str


@dataclass(frozen=True, slots=True)
class MovedTask:
    """A task and who has it now; None: the department's queue."""

    task_id: str
    case_id: str
    case_number: str
    task_name: str
    holder_name: str | None


def propose_manager(
    case: Case, departure: StaffDeparture, deputy_id: str | None, by: By, now: datetime
) -> MovedCase:
    """Gives a locked case of who left to another manager until a supervisor confirms or chooses another.

    To the deputy who has been acting, if there is one, else as a new case of the district would be given.
    """
    chosen = deputy_id or staffing.pick_manager(None, "", case.district, now)
    case.manager_id = chosen
    pending = hand_over.pending(case.id)
    if pending is None:
        db.session.add(
            CaseHandover(
                id=new_id(),
                case_id=case.id,
                departure_id=departure.id,
                former_id=departure.staff_id,
                proposed_id=chosen,
                proposed_at=now,
            )
        )
    else:
        # Whoever was proposed has left, too, before anybody confirmed it.
        pending.departure_id, pending.proposed_id, pending.proposed_at = departure.id, chosen, now
    db.session.flush()
    note(case.id, now, "handover_proposed", by)
    manager = db.session.get_one(Staff, chosen)
    return MovedCase(case.id, case.number, case.project_name, manager.number, manager.name)


def move_tasks(
    case: Case, staff_id: str | None, by: By, now: datetime, *, managed: bool
) -> Sequence[MovedTask]:
    """Gives the open tasks that this person (None: nobody) holds in a locked case to whom they fall by the
    program.

    `managed`: the case has another manager now, so that the manager's work moves whoever was acting.
    """
    flow = CaseFlow.load(case)
    moved = []
    for task in flow.open_tasks():
        spec = flow.program.stage(task.stage_key).task(task.key)
        was_theirs = staff_id is not None and task.assignee_id == staff_id
        # What somebody else than the manager has to do cannot stay with the new manager.
        own = spec.holder is Holder.SPECIALIST and task.assignee_id == case.manager_id
        if not was_theirs and not (managed and (own or spec.holder is Holder.MANAGER)):
            continue
        holder = flow.natural_holder(spec, now)
        if holder == task.assignee_id:
            continue
        former, task.assignee_id = task.assignee_id, holder
        note(case.id, now, "task_returned", by, {"stage": task.stage_key, "task": task.key})
        flow.add_event(TaskReassigned(task.id, former, now))
        moved.append(_moved(case, flow, task))
    flow.publish()
    return moved


def _moved(case: Case, flow: CaseFlow, task: Task) -> MovedTask:
    name = db.session.scalar(select(Staff.name).where(Staff.id == task.assignee_id))
    spec = flow.program.stage(task.stage_key).task(task.key)
    return MovedTask(task.id, case.id, case.number, spec.name, name)
