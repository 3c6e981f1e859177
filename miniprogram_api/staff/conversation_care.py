"""Requests to hurry and complaints, as staff answer them."""

from typing import Any

from apiflask import APIBlueprint

from app.services.cases import access
from app.services.conversations import conversation_access, open_conversation
from app.services.conversations.care import chases, complaints
from app.services.history.timeline import by_staff
from miniprogram_api.guards import me
from miniprogram_api.schemas.conversation_tools import (
    ChaseOut,
    ChasesOut,
    ComplaintOut,
    ComplaintsOut,
    TextIn,
)

care = APIBlueprint("staff_conversation_care", __name__, url_prefix="/api/v1/staff", tag="staff")


@care.get("/cases/<public_id:case_id>/chases")
@care.output(ChasesOut)
@care.doc(summary="工单催办记录")
def list_chases(case_id: str) -> dict[str, Any]:
    """Lists the customer's requests to hurry (催办) in a case, newest first."""
    return {"items": chases.chases_of_case(access.staff_case(me(), case_id))}


@care.post("/cases/<public_id:case_id>/chases/<public_id:chase_id>/answer")
@care.input(TextIn)
@care.output(ChaseOut, status_code=201)
@care.doc(summary="答复催办（限时）")
def answer_chase(case_id: str, chase_id: str, json_data: dict[str, str]) -> Any:
    """Answers a request to hurry.

    For the manager of the case, or the department whose task is open. The answer appears in the conversation.
    Refused with `already_done` when it is answered.
    """
    return chases.answer_chase(me(), access.staff_case(me(), case_id), chase_id, json_data["text"])


@care.get("/complaints")
@care.output(ComplaintsOut)
@care.doc(summary="我负责的投诉（督办：全部未关闭）")
def list_complaints() -> dict[str, Any]:
    """Lists the open complaints for which the caller is responsible, by due date.

    A supervisor sees all open complaints.
    """
    return {"items": complaints.complaints_of_staff(me())}


@care.get("/conversations/<public_id:conversation_id>/complaints")
@care.output(ComplaintsOut)
@care.doc(summary="该沟通的投诉")
def list_complaints_of_conversation(conversation_id: str) -> dict[str, Any]:
    """Lists the complaints of a conversation, newest first."""
    conversation_access.readable_by(me(), conversation_id)
    return {"items": complaints.complaints_of_conversation(conversation_id)}


@care.post("/conversations/<public_id:conversation_id>/complaints")
@care.input(TextIn)
@care.output(ComplaintOut, status_code=201)
@care.doc(summary="代客户登记投诉")
def create_complaint(conversation_id: str, json_data: dict[str, str]) -> Any:
    """Files a complaint for a customer, who made it by telephone or in a general enquiry.

    Refused with `conflict` while an earlier complaint of this conversation is open.
    """
    case = conversation_access.readable_by(me(), conversation_id)
    conversation = open_conversation.for_writing(case, conversation_id)
    return complaints.complain(conversation, by_staff(me().id), json_data["text"])


@care.post("/complaints/<public_id:complaint_id>/answer")
@care.input(TextIn)
@care.output(ComplaintOut, status_code=201)
@care.doc(summary="答复投诉（首问责任人或督办）")
def answer_complaint(complaint_id: str, json_data: dict[str, str]) -> Any:
    """Answers a complaint.

    For the responsible person or a supervisor; otherwise `not_allowed`. The complaint stays open until the
    customer or a supervisor closes it.
    """
    return complaints.answer_complaint(me(), complaint_id, json_data["text"])


@care.post("/complaints/<public_id:complaint_id>/closing")
@care.input(TextIn)
@care.output(ComplaintOut)
@care.doc(summary="督办关闭投诉（须说明理由）")
def close_complaint(complaint_id: str, json_data: dict[str, str]) -> Any:
    """Closes a complaint with a reason.

    Supervisors only; otherwise `not_allowed`. Refused with `already_done` when it is closed.
    """
    return complaints.close_by_supervisor(me(), complaint_id, json_data["text"])
