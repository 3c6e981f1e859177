"""Ends and turns of a case at the hands of those who answer for it, and corrections."""

from typing import Any

from apiflask import APIBlueprint

from app.services.cases import access, edit_conflicts, responsibility, waterplan
from app.services.cases.decisions import case_changes, hand_over, refuse, send_back, withdraw
from app.services.cases.views import overview
from app.services.history.timeline import by_staff
from app.services.installation import city
from app.services.money import ledger
from app.services.tasks import claim_task, correct_output, task_queries
from miniprogram_api.guards import me
from miniprogram_api.schemas.case_changes import (
    CorrectionIn,
    HandOverIn,
    RefusalIn,
    RefusalReasonsOut,
    SendBackIn,
    StaffLedgerOut,
    StaffPlanOut,
    StaffProgressOut,
    StaffWithdrawalIn,
    TurnLinesOut,
)
from miniprogram_api.schemas.staff import TaskOut

turning = APIBlueprint("staff_turns", __name__, url_prefix="/api/v1/staff", tag="staff")


@turning.get("/refusal-reasons")
@turning.output(RefusalReasonsOut)
@turning.doc(summary="不予办理的原因")
def list_refusal_reasons() -> dict[str, Any]:
    """The city's own list."""
    return {"items": list(city.current().refusals.values())}


@turning.get("/cases/<public_id:case_id>/turns")
@turning.output(TurnLinesOut)
@turning.doc(summary="撤回、退回、移交、更正等记录")
def list_turns(case_id: str) -> dict[str, Any]:
    """In order, with what was before."""
    return {"items": case_changes.for_staff(access.of_staff(me(), case_id))}


@turning.get("/cases/<public_id:case_id>/ledger")
@turning.output(StaffLedgerOut)
@turning.doc(summary="资料、跑腿、费用清单与企业承担费用")
def read_ledger(case_id: str) -> Any:
    """What was asked of the customer, and what the utility bore."""
    return ledger.of_case(access.of_staff(me(), case_id).id)


@turning.get("/cases/<public_id:case_id>/plan")
@turning.output(StaffPlanOut)
@turning.doc(summary="用水方案与客户确认情况")
def read_plan(case_id: str) -> Any:
    """The mains around, what was fixed, and the customer's word on it."""
    return waterplan.of_case(access.of_staff(me(), case_id))


@turning.post("/cases/<public_id:case_id>/withdrawal")
@turning.input(StaffWithdrawalIn)
@turning.output(StaffProgressOut)
@turning.doc(summary="按客户意愿撤回申请")
def withdraw_case(case_id: str, json_data: dict[str, Any]) -> Any:
    """Before water-on."""
    case = _responsible(case_id, json_data["version"])
    withdraw.withdraw(case, by_staff(me().id), json_data["reason"])
    return overview.for_staff(case)


@turning.post("/cases/<public_id:case_id>/refusal")
@turning.input(RefusalIn)
@turning.output(StaffProgressOut)
@turning.doc(summary="不予办理（须选择原因）")
def refuse_case(case_id: str, json_data: dict[str, Any]) -> Any:
    """Some reasons are for supervisors alone."""
    case = _responsible(case_id, json_data["version"])
    refuse.refuse(case, me(), json_data["reason"], json_data.get("words", ""))
    return overview.for_staff(case)


@turning.post("/cases/<public_id:case_id>/handover")
@turning.input(HandOverIn)
@turning.output(StaffProgressOut)
@turning.doc(summary="移交给其他客户管家")
def hand_case_over(case_id: str, json_data: dict[str, Any]) -> Any:
    """With a summary; the customer learns the new name and phone."""
    case = _responsible(case_id, json_data["version"])
    hand_over.hand_over(case, by_staff(me().id), json_data["manager_number"], json_data["summary"])
    return overview.for_staff(case)


@turning.post("/cases/<public_id:case_id>/returns")
@turning.input(SendBackIn)
@turning.output(StaffProgressOut)
@turning.doc(summary="退回已完成的环节重新办理（时间累计）")
def send_case_back(case_id: str, json_data: dict[str, Any]) -> Any:
    """What followed from it is done again too."""
    case = _responsible(case_id, json_data["version"])
    send_back.send_back(case, by_staff(me().id), json_data["stage"], json_data["reason"])
    return overview.for_staff(case)


@turning.post("/tasks/<public_id:task_id>/corrections")
@turning.input(CorrectionIn)
@turning.output(TaskOut, status_code=201)
@turning.doc(summary="更正已办结任务的填写内容（留痕）")
def correct_entry(task_id: str, json_data: dict[str, Any]) -> Any:
    """By the department that delivered it, or a supervisor; the old value is kept."""
    task = claim_task.visible(me(), task_id)
    correct_output.correct(
        me(), task, json_data["field"], json_data["value"], json_data["why"], json_data["version"]
    )
    return task_queries.one(me(), task)


def _responsible(case_id: str, version: int) -> Any:
    """The case, if the caller may turn it and nobody has edited it since they looked."""
    case = access.of_staff(me(), case_id, to_move=True)
    responsibility.require(me(), case)
    edit_conflicts.expect(case, version)
    return case
