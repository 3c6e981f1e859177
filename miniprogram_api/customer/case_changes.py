"""What a customer does and sees besides the ordinary course: withdrawing, turns, the water plan."""

from typing import Any

from apiflask import APIBlueprint

from app.services.cases import access, waterplan
from app.services.cases.decisions import case_changes, withdraw
from app.services.cases.views import progress
from app.services.history.timeline import by_customer
from miniprogram_api.guards import caller
from miniprogram_api.schemas.case_changes import PlanConfirmationIn, PlanOut, TurnLinesOut, WithdrawalIn
from miniprogram_api.schemas.customer import ProgressOut

turning = APIBlueprint("customer_turns", __name__, url_prefix="/api/v1/customer/cases", tag="customer")


@turning.get("/<public_id:case_id>/turns")
@turning.output(TurnLinesOut)
@turning.doc(summary="撤回、退回、变更管家等记录")
def list_turns(case_id: str) -> dict[str, Any]:
    """With the reason, and what can be done."""
    return {"items": case_changes.for_customer(access.of_customer(caller().subject_id, case_id))}


@turning.post("/<public_id:case_id>/withdrawal")
@turning.input(WithdrawalIn)
@turning.output(ProgressOut)
@turning.doc(summary="撤回申请（通水前）")
def withdraw_case(case_id: str, json_data: dict[str, str]) -> dict[str, Any]:
    """Any time before water-on; a reason is welcome and not needed."""
    case = access.of_customer(caller().subject_id, case_id)
    withdraw.withdraw(case, by_customer(caller().subject_id), json_data.get("reason", ""))
    return progress.for_owner(caller().subject_id, case_id)


@turning.get("/<public_id:case_id>/plan")
@turning.output(PlanOut)
@turning.doc(summary="用水方案")
def read_plan(case_id: str) -> Any:
    """What was fixed on site, and what the customer agreed to."""
    return waterplan.of_case(access.of_customer(caller().subject_id, case_id))


@turning.post("/<public_id:case_id>/plan-confirmation")
@turning.input(PlanConfirmationIn)
@turning.output(PlanOut, status_code=201)
@turning.doc(summary="确认用水方案（记录时间和地点）")
def confirm_plan(case_id: str, json_data: dict[str, Any]) -> Any:
    """On the phone, no signature on paper."""
    case = access.of_customer(caller().subject_id, case_id)
    waterplan.confirm(case, caller().subject_id, json_data["version"], json_data["location"])
    return waterplan.of_case(case)
