"""Finishing a visit, and with it, where possible, the task it was for."""

from collections.abc import Mapping
from typing import Any

from app.domain.errors import FieldsError, NotYetError
from app.models import Case, Visit
from app.services.history.timeline import by_staff
from app.services.people.staffing import Colleague
from app.services.tasks import claim_task
from app.services.tasks import complete_task as completion
from app.services.visits import appointments, visit_access, visit_updates
from app.services.visits.visit_task import task_of


def finish_visit(staff: Colleague, visit_id: str, outputs: Mapping[str, Any] | None) -> tuple[Case, Visit]:
    """Marks the visit as done. With `outputs` its task is completed too; the arrival need not be typed.

    Raises `NotYetError` before anybody has checked in, `FieldsError` for outputs of a visit without an
    open task, and as `complete_task.complete` does.
    """
    case, visit = visit_access.locked_for_staff(staff, visit_id)
    visit_access.require_concerned(staff, case, visit)
    appointments.refuse_not_confirmed(visit)
    if not appointments.somebody_came(visit.id):
        raise NotYetError("请先登记到达，再登记完成。")
    visit_updates.end_as_done(case, visit, by_staff(staff.id), "visit_done")
    if outputs is not None:
        task = task_of(case, visit)
        if task is None:
            fault = {"field": "outputs", "code": "unknown", "message": "该次上门没有待办结的任务。"}
            raise FieldsError([fault])
        claim_task.take_over_visited(staff, task)
        completion.complete_task(staff, claim_task.visible_task(staff, task.id), outputs)
    return case, visit
