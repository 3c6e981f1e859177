"""How staff keep the promises: decisions on clock pauses, clock receipt, budget, road permit."""

from typing import Any

from apiflask import APIBlueprint
from flask import Response, jsonify

from app.services.cases import access
from app.services.cases.clock import budgets, clock_receipt, road_permit, stop_reviews
from miniprogram_api.guards import me
from miniprogram_api.pdf_response import PDF_ANSWER, pdf
from miniprogram_api.schemas.clock_receipt import ReceiptOut
from miniprogram_api.schemas.promises import BudgetOut, PermitOut, PermitStepIn, RulingIn, StopRecordOut

promises = APIBlueprint("staff_promises", __name__, url_prefix="/api/v1/staff/cases", tag="staff")


@promises.post("/<public_id:case_id>/stops/<public_id:stop_id>/ruling")
@promises.input(RulingIn)
@promises.output(StopRecordOut)
@promises.doc(summary="裁定一段暂停计时（督办）")
def rule_on_stop(case_id: str, stop_id: str, json_data: dict[str, str]) -> Any:
    """Decides on a clock pause: it stands, or it is revoked and counts in no figure.

    Supervisors only; otherwise `not_allowed`. Refused with `already_done` for a revoked pause.
    """
    case = access.staff_case(me(), case_id)
    return stop_reviews.rule_on_stop(case, me(), stop_id, json_data["ruling"], json_data["reason"])


@promises.get("/<public_id:case_id>/receipt")
@promises.output(ReceiptOut)
@promises.doc(summary="计时清单")
def read_receipt(case_id: str) -> Response:
    """Returns the clock receipt of a case: which time counted, day by day.

    The customer sees the same.
    """
    return jsonify(clock_receipt.receipt_of_case(access.staff_case(me(), case_id)))


@promises.get("/<public_id:case_id>/receipt.pdf")
@promises.doc(summary="计时清单（PDF）", responses=PDF_ANSWER)
def read_receipt_pdf(case_id: str) -> Response:
    """Returns the clock receipt of a case as a PDF."""
    case = access.staff_case(me(), case_id)
    return pdf(clock_receipt.pdf(case), f"receipt-{case.number}")


@promises.get("/<public_id:case_id>/budget")
@promises.output(BudgetOut)
@promises.doc(summary="承诺时限余量：全流程、各环节、“221/222”")
def read_budget(case_id: str) -> dict[str, Any]:
    """Returns what is left of the promised working days of a case.

    For the whole process, for each stage, and for the headline promise (“221/222”). Working days are decimal
    strings; a negative number is overdue.
    """
    return budgets.promise_budget(access.staff_case(me(), case_id))


@promises.get("/<public_id:case_id>/road-permit")
@promises.output(PermitOut)
@promises.doc(summary="道路挖掘（占用）审批进度")
def read_road_permit(case_id: str) -> Any:
    """Returns the progress of the road-opening permit of a case.

    The dated steps from need to approval, each with the working days it took.
    """
    return road_permit.permit_of_case(access.staff_case(me(), case_id))


@promises.post("/<public_id:case_id>/road-permit/steps")
@promises.input(PermitStepIn)
@promises.output(PermitOut, status_code=201)
@promises.doc(summary="登记道路挖掘（占用）审批步骤")
def record_permit_step(case_id: str, json_data: dict[str, Any]) -> Any:
    """Records a step of the road-opening permit.

    Handing the request in pauses the clock, the approval resumes it. For the department in charge; otherwise
    `not_allowed`. Refused with `already_done` for a recorded step, with `conflict` when an earlier step is
    missing, and with `invalid_fields` for an impossible time.
    """
    case = access.staff_case(me(), case_id)
    return road_permit.enter_step(case, me(), json_data["step"], json_data.get("at"), json_data["evidence"])
