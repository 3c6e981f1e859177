"""People who leave and come back, and hand-overs to confirm. Supervisors only."""

from typing import Any

from apiflask import APIBlueprint

from app.services.departures import bring_back, handovers, remove_person
from miniprogram_api.guards import me
from miniprogram_api.schemas.departures import (
    ConfirmedOut,
    DepartedOut,
    DepartureIn,
    DeparturesOut,
    HandoverConfirmationIn,
    HandoverConfirmationsIn,
    HandoversOut,
    ReturnOut,
)

departures = APIBlueprint("staff_departures", __name__, url_prefix="/api/v1/staff", tag="staff")


@departures.get("/departures")
@departures.output(DeparturesOut)
@departures.doc(summary="已离岗人员（督办）")
def list_departures() -> dict[str, Any]:
    """Lists everybody who left and has not come back, the last first.

    Supervisors only; otherwise `not_allowed`.
    """
    return {"items": bring_back.departures(me())}


@departures.post("/departures/previews")
@departures.input(DepartureIn)
@departures.output(DepartedOut)
@departures.doc(summary="预览人员离岗的影响（督办）")
def preview_departure(json_data: dict[str, Any]) -> Any:
    """Lists what a departure would move: cases with proposed managers, tasks, visits with new times.

    Nothing is recorded. Refused like the departure itself.
    """
    return remove_person.preview(me(), json_data["staff_number"])


@departures.post("/departures")
@departures.input(DepartureIn)
@departures.output(DepartedOut, status_code=201)
@departures.doc(summary="登记人员离岗或停用（督办）")
def record_departure(json_data: dict[str, Any]) -> Any:
    """Records that somebody left or is disabled; everything they hold passes to others at once.

    Their logins end and nothing is sent to them any more. Supervisors only (`not_allowed`), and not for
    themselves (`conflict`). An unknown number is refused with `invalid_fields`, somebody who has left with
    `already_done`.
    """
    return remove_person.remove(me(), json_data["staff_number"])


@departures.post("/departures/<public_id:departure_id>/return/previews")
@departures.output(ReturnOut)
@departures.doc(summary="预览人员返岗的影响（督办）")
def preview_return(departure_id: str) -> Any:
    """Lists the cases that somebody would have again.

    Nothing is recorded. Refused like the return itself.
    """
    return {"cases": bring_back.preview(me(), departure_id)}


@departures.post("/departures/<public_id:departure_id>/return")
@departures.output(ReturnOut)
@departures.doc(summary="登记人员返岗（督办）")
def record_return(departure_id: str) -> Any:
    """Records that somebody is back: they can log in again, and have their unconfirmed cases again.

    Confirmed cases, tasks and visits stay with who has them. For anybody but supervisors it is `not_found`; a
    second time is `already_done`.
    """
    return {"cases": bring_back.bring_back(me(), departure_id)}


@departures.get("/supervision/handovers")
@departures.output(HandoversOut)
@departures.doc(summary="待确认的移交（督办）")
def list_handovers() -> dict[str, Any]:
    """Lists open cases whose manager is only proposed, and those without an active manager.

    Supervisors only; otherwise `not_allowed`.
    """
    return {"items": handovers.handovers(me())}


@departures.post("/supervision/handovers/confirmations")
@departures.input(HandoverConfirmationsIn)
@departures.output(ConfirmedOut)
@departures.doc(summary="确认全部移交（督办）")
def confirm_handovers(json_data: dict[str, Any]) -> Any:
    """Confirms every proposed manager, of one departure or of all. The customers are notified.

    Cases for which a manager has to be chosen are left. Supervisors only; otherwise `not_allowed`.
    """
    return {"confirmed": handovers.confirm_all(me(), json_data.get("departure_id"))}


@departures.post("/supervision/handovers/<public_id:handover_id>/confirmation")
@departures.input(HandoverConfirmationIn)
@departures.output({}, status_code=204)
@departures.doc(summary="确认移交或另行指定客户管家（督办）")
def confirm_handover(handover_id: str, json_data: dict[str, Any]) -> Any:
    """Confirms the proposed manager of a case, or chooses another. The customer is notified.

    For anybody but supervisors it is `not_found`. Refused with `already_done` once it is decided, and with
    `invalid_fields` for a person who cannot take the case, or while nobody is chosen where there is no
    proposed manager.
    """
    handovers.confirm(me(), handover_id, json_data.get("manager_number"), json_data.get("summary"))
    return "", 204
