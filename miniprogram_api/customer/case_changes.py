"""Changes of a customer's case: withdrawal, list of changes, water plan."""

from typing import Any

from apiflask import APIBlueprint

from app.services.cases import access, plan_agreement, waterplan
from app.services.cases.decisions import case_changes, withdraw
from app.services.cases.views import progress
from app.services.history.timeline import by_customer
from miniprogram_api.guards import caller
from miniprogram_api.schemas.case_changes import (
    CaseChangesOut,
    PlanConfirmationIn,
    PlanOut,
    PlanRefusalIn,
    WithdrawalIn,
)
from miniprogram_api.schemas.customer import ProgressOut

changes = APIBlueprint("customer_case_changes", __name__, url_prefix="/api/v1/customer/cases", tag="customer")


@changes.get("/<public_id:case_id>/turns")
@changes.output(CaseChangesOut)
@changes.doc(summary="撤回、退回、变更管家等记录")
def list_changes(case_id: str) -> dict[str, Any]:
    """Lists the changes of a case besides its ordinary course, in order.

    Withdrawal, refusal, return of a stage, program switch and new manager, each with its reason and with
    advice.
    """
    return {"items": case_changes.changes_for_customer(access.customer_case(caller().subject_id, case_id))}


@changes.post("/<public_id:case_id>/withdrawal")
@changes.input(WithdrawalIn)
@changes.output(ProgressOut)
@changes.doc(summary="撤回申请（通水前）")
def withdraw_case(case_id: str, json_data: dict[str, str]) -> dict[str, Any]:
    """Withdraws the application of a case.

    Possible until the water is turned on; a reason may be given. Refused with `case_ended` when the case has
    already ended, and with `conflict` after water-on.
    """
    case = access.customer_case(caller().subject_id, case_id)
    withdraw.withdraw_case(case, by_customer(caller().subject_id), json_data.get("reason", ""))
    return progress.progress_for_owner(caller().subject_id, case_id)


@changes.get("/<public_id:case_id>/plan")
@changes.output(PlanOut)
@changes.doc(summary="用水方案")
def read_plan(case_id: str) -> Any:
    """Returns the water plan of a case.

    The pipes found on site, the values that were fixed there, and the values the customer has confirmed.
    """
    return waterplan.water_plan(access.customer_case(caller().subject_id, case_id))


@changes.post("/<public_id:case_id>/plan-confirmation")
@changes.input(PlanConfirmationIn)
@changes.output(PlanOut, status_code=201)
@changes.doc(summary="确认用水方案（记录时间和地点）")
def confirm_plan(case_id: str, json_data: dict[str, Any]) -> Any:
    """Confirms the water plan on the phone.

    Records time and place. Refused with `conflict` while no plan is fixed, with `already_done` when it is
    confirmed, and with `changed_meanwhile` when the plan is newer than `version`.
    """
    case = access.customer_case(caller().subject_id, case_id)
    waterplan.confirm_plan(case, caller().subject_id, json_data["version"], json_data["location"])
    return waterplan.water_plan(case)


@changes.post("/<public_id:case_id>/plan-refusal")
@changes.input(PlanRefusalIn)
@changes.output(PlanOut, status_code=201)
@changes.doc(summary="不同意用水方案（说明原因）")
def refuse_plan(case_id: str, json_data: dict[str, Any]) -> Any:
    """Records that the customer does not agree to the water plan, with the reason.

    The manager is notified; the customer may still confirm it. Refused with `conflict` while no plan is
    fixed, with `already_done` when it is confirmed or refused, and with `changed_meanwhile` when the plan is
    newer than `version`.
    """
    case = access.customer_case(caller().subject_id, case_id)
    by = by_customer(caller().subject_id)
    plan_agreement.refuse_by_customer(case, by, json_data["version"], json_data["reason"])
    return waterplan.water_plan(case)
