"""Leaves and closures: a preview of the affected visits, and their recording."""

from typing import Any

from apiflask import APIBlueprint

from app.services.visits.changes import closures
from app.services.visits.changes.closures import Away
from miniprogram_api.guards import me
from miniprogram_api.schemas.staff_visits import AffectedVisitsOut, ClosureIn, LeaveIn

absences = APIBlueprint("staff_absences", __name__, url_prefix="/api/v1/staff", tag="staff")


@absences.post("/leaves/previews")
@absences.input(LeaveIn)
@absences.output(AffectedVisitsOut)
@absences.doc(summary="预览请假会影响哪些预约")
def preview_leave(json_data: dict[str, Any]) -> Any:
    """Lists the visits that a leave would affect.

    Nothing is recorded. Refused like the leave itself.
    """
    return closures.preview(me(), _leave(json_data))


@absences.post("/leaves")
@absences.input(LeaveIn)
@absences.output(AffectedVisitsOut, status_code=201)
@absences.doc(summary="登记请假（受影响的预约自动改期或征询客户）")
def record_leave(json_data: dict[str, Any]) -> Any:
    """Records a leave and reschedules the visits it affects.

    With `ask` the customers are asked for a new time instead. Staff record their own leave, a supervisor
    anybody's; otherwise `not_allowed`. Wrong times, staff numbers or a deputy who is the same person are
    refused with `invalid_fields`.
    """
    return closures.enter(me(), _leave(json_data))


@absences.post("/closures/previews")
@absences.input(ClosureIn)
@absences.output(AffectedVisitsOut)
@absences.doc(summary="预览停止预约会影响哪些预约（督办）")
def preview_closure(json_data: dict[str, Any]) -> Any:
    """Lists the visits that a closure would affect.

    Nothing is recorded. Supervisors only.
    """
    return closures.preview(me(), _closure(json_data))


@absences.post("/closures")
@absences.input(ClosureIn)
@absences.output(AffectedVisitsOut, status_code=201)
@absences.doc(summary="登记停止预约（督办）")
def record_closure(json_data: dict[str, Any]) -> Any:
    """Closes a department, or all of them, for visits and reschedules those affected.

    With `ask` the customers are asked for a new time instead. Supervisors only; otherwise `not_allowed`.
    """
    return closures.enter(me(), _closure(json_data))


def _leave(given: dict[str, Any]) -> Away:
    return Away(
        starts_at=given["starts_at"],
        ends_at=given["ends_at"],
        number=given["staff_number"],
        deputy=given["deputy_number"],
        ask=given["ask"],
    )


def _closure(given: dict[str, Any]) -> Away:
    return Away(
        starts_at=given["starts_at"],
        ends_at=given["ends_at"],
        department=given.get("department"),
        reason=given["reason"],
        ask=given["ask"],
    )
