"""Values that break a rule of the city's data: let pass with a reason, and listed for supervisors."""

from typing import Any

from apiflask import APIBlueprint

from app.services.tasks import claim_task
from app.services.tasks.gates import exceptions
from miniprogram_api.cursors import next_cursor, number_cursor
from miniprogram_api.guards import me
from miniprogram_api.schemas.gates import ExceptionIn, ExceptionOut, ExceptionsOut
from miniprogram_api.schemas.shared import PageIn

gates = APIBlueprint("staff_gates", __name__, url_prefix="/api/v1/staff", tag="staff")


@gates.post("/tasks/<public_id:task_id>/exceptions")
@gates.input(ExceptionIn)
@gates.output(ExceptionOut, status_code=201)
@gates.doc(summary="说明理由放行一项不符合要求的内容")
def let_value_pass(task_id: str, json_data: dict[str, Any]) -> Any:
    """Lets one value of a task pass although it breaks a rule; another value is not covered.

    Where the city's data asks for a supervisor, others are refused with `not_allowed`. Refused with
    `invalid_fields` for an output without exceptions, with `conflict` for a value that needs none or a
    cancelled task, and with `already_done` the second time.
    """
    task = claim_task.visible_task(me(), task_id)
    return exceptions.pass_value(me(), task, json_data["field"], json_data.get("value"), json_data["reason"])


@gates.get("/exceptions")
@gates.input(PageIn, location="query")
@gates.output(ExceptionsOut)
@gates.doc(summary="督办放行清单")
def list_exceptions(query_data: dict[str, Any]) -> dict[str, Any]:
    """Lists what supervisors let pass, newest first: case, value, reason, person and time.

    Supervisors only; otherwise `not_allowed`.
    """
    limit = query_data["limit"]
    before = number_cursor(query_data.get("cursor"))
    items = exceptions.passed_by_supervisors(me(), before, limit)
    return {"items": items, "cursor": next_cursor(items, limit, lambda line: line.id)}
