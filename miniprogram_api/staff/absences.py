"""Leaves and closures: a preview of the affected visits, their recording, lists and changes."""

from typing import Any

from apiflask import APIBlueprint

from app.services.visits.changes import absence_changes, closures
from app.services.visits.changes.absence_changes import Change
from app.services.visits.changes.closures import Away
from miniprogram_api.guards import me
from miniprogram_api.schemas.absences import (
    ClosureChangeIn,
    ClosuresOut,
    LeaveChangeIn,
    LeavesIn,
    LeavesOut,
)
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
    anybody's; otherwise `not_allowed`. Refused with `invalid_fields`: a time that is over, ends before it
    begins or is longer than a year, an unknown staff number, or a deputy who could not do the work.
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


@absences.get("/leaves")
@absences.input(LeavesIn, location="query")
@absences.output(LeavesOut)
@absences.doc(summary="现有和将来的请假")
def list_leaves(query_data: dict[str, Any]) -> dict[str, Any]:
    """Lists leave that lasts or is to come, by its beginning.

    One's own; for supervisors everybody's, or that of `staff_number`. Somebody else's is `not_allowed`.
    """
    return {"items": absence_changes.leaves(me(), query_data.get("staff_number"))}


@absences.post("/leaves/<row_number:leave_id>/previews")
@absences.input(LeaveChangeIn)
@absences.output(AffectedVisitsOut)
@absences.doc(summary="预览更改请假会影响哪些预约")
def preview_leave_change(leave_id: int, json_data: dict[str, Any]) -> Any:
    """Lists the visits that a change of a leave would affect.

    Nothing is changed. Refused like the change itself.
    """
    return absence_changes.preview_leave(me(), leave_id, _change(json_data))


@absences.patch("/leaves/<row_number:leave_id>")
@absences.input(LeaveChangeIn)
@absences.output(AffectedVisitsOut)
@absences.doc(summary="缩短、更改或撤回请假")
def change_leave(leave_id: int, json_data: dict[str, Any]) -> Any:
    """Shortens or changes a leave, names another deputy, or takes the leave back.

    Visits that were moved stay where they are. Staff change their own leave, a supervisor anybody's; another
    one, or one that is over, is `not_found`. Wrong times and deputies are refused with `invalid_fields`.
    """
    return absence_changes.change_leave(me(), leave_id, _change(json_data))


@absences.get("/closures")
@absences.output(ClosuresOut)
@absences.doc(summary="现有和将来的停止预约（督办）")
def list_closures() -> dict[str, Any]:
    """Lists closures that last or are to come, by their beginning.

    Supervisors only; otherwise `not_allowed`.
    """
    return {"items": absence_changes.standing_closures(me())}


@absences.post("/closures/<public_id:closure_id>/previews")
@absences.input(ClosureChangeIn)
@absences.output(AffectedVisitsOut)
@absences.doc(summary="预览更改停止预约会影响哪些预约（督办）")
def preview_closure_change(closure_id: str, json_data: dict[str, Any]) -> Any:
    """Lists the visits that a change of a closure would affect.

    Nothing is changed. Refused like the change itself.
    """
    return absence_changes.preview_closure(me(), closure_id, _change(json_data))


@absences.patch("/closures/<public_id:closure_id>")
@absences.input(ClosureChangeIn)
@absences.output(AffectedVisitsOut)
@absences.doc(summary="缩短、更改或撤回停止预约（督办）")
def change_closure(closure_id: str, json_data: dict[str, Any]) -> Any:
    """Shortens or changes a closure, or takes it back.

    Visits that were moved stay where they are. Supervisors only; for others, and once it is over, it is
    `not_found`. Wrong times are refused with `invalid_fields`.
    """
    return absence_changes.change_closure(me(), closure_id, _change(json_data))


def _change(given: dict[str, Any]) -> Change:
    return Change(
        starts_at=given.get("starts_at"),
        ends_at=given.get("ends_at"),
        deputy=given.get("deputy_number"),
        taken_back=given["taken_back"],
        ask=given["ask"],
    )


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
