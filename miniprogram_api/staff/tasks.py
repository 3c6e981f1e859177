"""The tasks of a member of staff."""

from typing import Any

from apiflask import APIBlueprint

from app.services.cases import task_demand
from app.services.tasks import claim_task, reassign_task, task_queries
from app.services.tasks import complete_task as completion
from app.services.tasks.return_visit import contact_tries
from app.services.tasks.task_queries import Scope
from miniprogram_api.cursors import next_cursor
from miniprogram_api.guards import me
from miniprogram_api.schemas.departures import ReassignmentIn
from miniprogram_api.schemas.staff import (
    ContactTriesOut,
    ContactTryIn,
    OutputsIn,
    TaskListIn,
    TaskOut,
    TaskPageOut,
)
from miniprogram_api.schemas.task_demand import DemandOut

tasks = APIBlueprint("staff_tasks", __name__, url_prefix="/api/v1/staff/tasks", tag="staff")


@tasks.get("")
@tasks.input(TaskListIn, location="query")
@tasks.output(TaskPageOut)
@tasks.doc(summary="我的任务 / 部门待领取任务")
def list_tasks(query_data: dict[str, Any]) -> dict[str, Any]:
    """Lists open tasks, most urgent first.

    With `scope=mine` the caller's own, with `scope=department` those of the department that nobody has
    claimed.
    """
    limit = query_data["limit"]
    lines = task_queries.tasks_of_staff(me(), Scope(query_data["scope"]), query_data.get("cursor"), limit)
    return {"items": lines, "cursor": next_cursor(lines, limit, lambda line: line.id)}


@tasks.get("/<public_id:task_id>")
@tasks.output(TaskOut)
@tasks.doc(summary="任务详情与须填内容")
def read_task(task_id: str) -> Any:
    """Returns a task with the outputs and documents that it needs."""
    return task_queries.task_line(me(), claim_task.visible_task(me(), task_id))


@tasks.get("/<public_id:task_id>/demand")
@tasks.output(DemandOut)
@tasks.doc(summary="任务的用水需求（不含客户身份）")
def read_demand(task_id: str) -> Any:
    """Returns the customer's demand behind a task: use, calibre, figures of the form, drawings, and the area.

    Without the customer's identity; the address is masked and the position is null. For whoever holds the
    task or may claim it, the manager of the case and supervisors; otherwise `not_allowed`, also for a
    finished task.
    """
    return task_demand.demand_of_task(me(), claim_task.visible_task(me(), task_id))


@tasks.post("/<public_id:task_id>/demand-reads")
@tasks.output(DemandOut, status_code=201)
@tasks.doc(summary="任务的用水需求，含完整用水地点（留痕）")
def read_demand_with_place(task_id: str) -> Any:
    """Returns the same demand with the address and position in full.

    A POST, because each read is recorded. Refused with `not_allowed` as the read without the place.
    """
    return task_demand.read_demand(me(), claim_task.visible_task(me(), task_id))


@tasks.post("/<public_id:task_id>/assignment")
@tasks.output(TaskOut)
@tasks.doc(summary="领取部门任务")
def claim(task_id: str) -> Any:
    """Assigns a task of the caller's department to the caller.

    Refused with `conflict` when a colleague has claimed it.
    """
    task = claim_task.visible_task(me(), task_id)
    claim_task.claim_task(me(), task)
    return task_queries.task_line(me(), task)


@tasks.post("/<public_id:task_id>/reassignment")
@tasks.input(ReassignmentIn)
@tasks.output(TaskOut)
@tasks.doc(summary="改派任务或退回部门（督办）")
def reassign(task_id: str, json_data: dict[str, Any]) -> Any:
    """Takes an open task back to its queue, or gives it to somebody who is qualified.

    Both holders are notified. Supervisors only (`not_allowed`). Refused with `changed_meanwhile`, with
    `invalid_fields` for somebody unknown or of another department, with `already_done` when it is there
    already or done, and with `conflict` when it is cancelled.
    """
    task = claim_task.visible_task(me(), task_id)
    reassign_task.reassign_task(me(), task, json_data.get("staff_number"), json_data["version"])
    return task_queries.task_line(me(), task)


@tasks.get("/<public_id:task_id>/contact-tries")
@tasks.output(ContactTriesOut)
@tasks.doc(summary="联系客户的登记（未联系上）")
def list_contact_tries(task_id: str) -> Any:
    """Lists the tries to reach the customer, oldest first, and how many are needed before giving up.

    Refused with `conflict` for a task that knows no tries.
    """
    return contact_tries.tries_of_task(claim_task.visible_task(me(), task_id))


@tasks.post("/<public_id:task_id>/contact-tries")
@tasks.input(ContactTryIn)
@tasks.output(ContactTriesOut, status_code=201)
@tasks.doc(summary="登记一次未联系上客户（当天如实登记）")
def record_contact_try(task_id: str, json_data: dict[str, Any]) -> Any:
    """Records a try that did not reach the customer, on the day on which it was made.

    The first one lets the return visit count as made. Refused with `invalid_fields` for an unknown way or a
    time that is not of today, with `conflict` for a task that knows no tries or that is for somebody else,
    and with `already_done`.
    """
    task = claim_task.visible_task(me(), task_id)
    contact_tries.record_try(me(), task, json_data["way"], json_data.get("tried_at"))
    return contact_tries.tries_of_task(task)


@tasks.post("/<public_id:task_id>/completion")
@tasks.input(OutputsIn)
@tasks.output(TaskOut)
@tasks.doc(summary="办结任务（须填内容齐全）")
def complete_task(task_id: str, json_data: dict[str, Any]) -> Any:
    """Completes a task with its outputs; the next tasks of the case open.

    Refused with `invalid_fields` while outputs or documents are missing or wrong, with `changed_meanwhile`,
    with `already_done`, with `choice_needed` or `paper_needed` while the customer has not chosen or
    confirmed, and with `conflict` when a colleague holds the task.
    """
    task = claim_task.visible_task(me(), task_id)
    completion.complete_task(me(), task, json_data["outputs"], json_data.get("version"))
    return task_queries.task_line(me(), task)
