"""Changes of a case by staff: withdrawal, refusal, handover, return to a stage, correction."""

from typing import Any

from apiflask import APIBlueprint

from app.services.cases import access, edit_conflicts, plan_agreement, responsibility, waterplan
from app.services.cases.decisions import case_changes, refuse, withdraw
from app.services.cases.decisions.hand_over import hand_over
from app.services.cases.decisions.send_back import send_back
from app.services.cases.views import overview
from app.services.history.timeline import by_staff
from app.services.installation import city
from app.services.money import ledger
from app.services.tasks import claim_task, task_queries
from app.services.tasks.correct_output import correct_output
from miniprogram_api.guards import me
from miniprogram_api.schemas.case_changes import (
    CaseChangesOut,
    CorrectionIn,
    HandOverIn,
    PlanRefusalIn,
    RefusalIn,
    RefusalReasonsOut,
    SendBackIn,
    StaffLedgerOut,
    StaffPlanOut,
    StaffProgressOut,
    StaffWithdrawalIn,
)
from miniprogram_api.schemas.staff import TaskOut

changes = APIBlueprint("staff_case_changes", __name__, url_prefix="/api/v1/staff", tag="staff")


@changes.get("/refusal-reasons")
@changes.output(RefusalReasonsOut)
@changes.doc(summary="不予办理的原因")
def list_refusal_reasons() -> dict[str, Any]:
    """Lists the reasons for which this city may refuse an application."""
    return {"items": list(city.current().refusals.values())}


@changes.get("/cases/<public_id:case_id>/turns")
@changes.output(CaseChangesOut)
@changes.doc(summary="撤回、退回、移交、更正等记录")
def list_changes(case_id: str) -> dict[str, Any]:
    """Lists the changes of a case besides its ordinary course, in order.

    Withdrawal, refusal, return of a stage, program switch, new manager and corrections, each with the value
    before and after.
    """
    return {"items": case_changes.changes_for_staff(access.staff_case(me(), case_id))}


@changes.get("/cases/<public_id:case_id>/ledger")
@changes.output(StaffLedgerOut)
@changes.doc(summary="资料、跑腿、费用清单与企业承担费用")
def read_ledger(case_id: str) -> Any:
    """Returns everything that was asked of the customer in a case, and the costs that the utility bore.

    Amounts are in fen.
    """
    return ledger.case_ledger(access.staff_case(me(), case_id).id)


@changes.get("/cases/<public_id:case_id>/plan")
@changes.output(StaffPlanOut)
@changes.doc(summary="用水方案与客户确认情况")
def read_plan(case_id: str) -> Any:
    """Returns the water plan of a case.

    The pipes found on site, the values that were fixed there, and what the customer confirmed where and when.
    """
    return waterplan.water_plan(access.staff_case(me(), case_id))


@changes.post("/cases/<public_id:case_id>/withdrawal")
@changes.input(StaffWithdrawalIn)
@changes.output(StaffProgressOut)
@changes.doc(summary="按客户意愿撤回申请")
def withdraw_case(case_id: str, json_data: dict[str, Any]) -> Any:
    """Withdraws the application of a case at the customer's request.

    For the manager of the case or a supervisor. Refused with `changed_meanwhile` when the case is newer than
    `version`, with `case_ended`, and with `conflict` after water-on.
    """
    case = _responsible(case_id, json_data["version"])
    withdraw.withdraw_case(case, by_staff(me().id), json_data["reason"])
    return overview.overview_for_staff(case)


@changes.post("/cases/<public_id:case_id>/refusal")
@changes.input(RefusalIn)
@changes.output(StaffProgressOut)
@changes.doc(summary="不予办理（须选择原因）")
def refuse_case(case_id: str, json_data: dict[str, Any]) -> Any:
    """Refuses the application of a case for one of the city's reasons.

    For the manager of the case or a supervisor; some reasons are for supervisors only (`not_allowed`).
    Refused with `changed_meanwhile`, with `invalid_fields` for an unknown reason, with `case_ended`, and with
    `conflict` after water-on.
    """
    case = _responsible(case_id, json_data["version"])
    refuse.refuse_case(case, me(), json_data["reason"], json_data.get("words", ""))
    return overview.overview_for_staff(case)


@changes.post("/cases/<public_id:case_id>/handover")
@changes.input(HandOverIn)
@changes.output(StaffProgressOut)
@changes.doc(summary="移交给其他客户管家")
def hand_case_over(case_id: str, json_data: dict[str, Any]) -> Any:
    """Hands a case over to another manager.

    The customer is notified of the new name and phone number. Refused with `changed_meanwhile`, with
    `case_ended`, and with `invalid_fields` for a person who cannot take it.
    """
    case = _responsible(case_id, json_data["version"])
    hand_over(case, by_staff(me().id), json_data["manager_number"], json_data["summary"])
    return overview.overview_for_staff(case)


@changes.post("/cases/<public_id:case_id>/returns")
@changes.input(SendBackIn)
@changes.output(StaffProgressOut)
@changes.doc(summary="退回已完成的环节重新办理（时间累计）")
def return_case_to_stage(case_id: str, json_data: dict[str, Any]) -> Any:
    """Reopens a completed stage of a case.

    The stages that depend on it are done again, too; the used time adds up. Refused with `changed_meanwhile`,
    with `invalid_fields` for a stage that is not completed, with `case_ended`, and with `conflict` after
    water-on.
    """
    case = _responsible(case_id, json_data["version"])
    send_back(case, by_staff(me().id), json_data["stage"], json_data["reason"])
    return overview.overview_for_staff(case)


@changes.post("/tasks/<public_id:task_id>/corrections")
@changes.input(CorrectionIn)
@changes.output(TaskOut, status_code=201)
@changes.doc(summary="更正已办结任务的填写内容（留痕）")
def correct_task_output(task_id: str, json_data: dict[str, Any]) -> Any:
    """Corrects one value of a completed task.

    The old value stays on record. For the department that delivered it or a supervisor. Refused with
    `changed_meanwhile`, with `conflict` while the task is open, and with `invalid_fields` for a value that
    cannot be corrected.
    """
    task = claim_task.visible_task(me(), task_id)
    correct_output(me(), task, json_data["field"], json_data["value"], json_data["why"], json_data["version"])
    return task_queries.task_line(me(), task)


def _responsible(case_id: str, version: int) -> Any:
    """The case, if the caller may change it and nobody has edited it since the version they saw."""
    case = access.staff_case(me(), case_id, to_move=True)
    responsibility.require_responsible(me(), case)
    edit_conflicts.expect_version(case, version)
    return case


@changes.post("/cases/<public_id:case_id>/plan-refusal")
@changes.input(PlanRefusalIn)
@changes.output(StaffPlanOut, status_code=201)
@changes.doc(summary="登记客户不确认用水方案的原因")
def record_plan_refusal(case_id: str, json_data: dict[str, Any]) -> Any:
    """Records that the customer does not confirm the water plan, with the reason they gave.

    Without it or the customer's confirmation the meter can't be hung. For the case's manager or a supervisor;
    otherwise `not_allowed`. Refused with `conflict` while no plan is fixed, with `already_done` when it is
    confirmed or refused, and with `changed_meanwhile` when the plan is newer than `version`.
    """
    case = access.staff_case(me(), case_id)
    by = by_staff(me().id)
    plan_agreement.refuse_by_staff(me(), case, by, json_data["version"], json_data["reason"])
    return waterplan.water_plan(case)
