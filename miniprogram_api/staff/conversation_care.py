"""Chases and complaints at the hands of those who have to answer them."""

from typing import Any

from apiflask import APIBlueprint

from app.services.cases import access
from app.services.conversations import conversation_access, open_conversation
from app.services.conversations.care import chases, complaints
from app.services.history.timeline import by_staff
from miniprogram_api.guards import me
from miniprogram_api.schemas.conversations import ChaseOut, ChasesOut, ComplaintOut, ComplaintsOut, WordsIn

care = APIBlueprint("staff_talk_care", __name__, url_prefix="/api/v1/staff", tag="staff")


@care.get("/cases/<public_id:case_id>/chases")
@care.output(ChasesOut)
@care.doc(summary="工单催办记录")
def list_chases(case_id: str) -> dict[str, Any]:
    """The newest first."""
    return {"items": chases.of_case(access.of_staff(me(), case_id))}


@care.post("/cases/<public_id:case_id>/chases/<public_id:chase_id>/answer")
@care.input(WordsIn)
@care.output(ChaseOut, status_code=201)
@care.doc(summary="答复催办（限时）")
def answer_chase(case_id: str, chase_id: str, json_data: dict[str, str]) -> Any:
    """By the manager or the department whose work is awaited; it goes into the conversation."""
    return chases.answer(me(), access.of_staff(me(), case_id), chase_id, json_data["text"])


@care.get("/complaints")
@care.output(ComplaintsOut)
@care.doc(summary="我负责的投诉（督办：全部未关闭）")
def list_complaints() -> dict[str, Any]:
    """By their due dates."""
    return {"items": complaints.of_member(me())}


@care.get("/conversations/<public_id:conversation_id>/complaints")
@care.output(ComplaintsOut)
@care.doc(summary="该沟通的投诉")
def complaints_of(conversation_id: str) -> dict[str, Any]:
    """The newest first."""
    conversation_access.readable_by(me(), conversation_id)
    return {"items": complaints.of_conversation(conversation_id)}


@care.post("/conversations/<public_id:conversation_id>/complaints")
@care.input(WordsIn)
@care.output(ComplaintOut, status_code=201)
@care.doc(summary="代客户登记投诉")
def complain(conversation_id: str, json_data: dict[str, str]) -> Any:
    """What the customer said by telephone or in a general enquiry."""
    case = conversation_access.readable_by(me(), conversation_id)
    conversation = open_conversation.for_writing(case, conversation_id)
    return complaints.complain(conversation, by_staff(me().id), json_data["text"])


@care.post("/complaints/<public_id:complaint_id>/answer")
@care.input(WordsIn)
@care.output(ComplaintOut, status_code=201)
@care.doc(summary="答复投诉（首问责任人或督办）")
def answer(complaint_id: str, json_data: dict[str, str]) -> Any:
    """It closes nothing: that is the customer's."""
    return complaints.answer(me(), complaint_id, json_data["text"])


@care.post("/complaints/<public_id:complaint_id>/closing")
@care.input(WordsIn)
@care.output(ComplaintOut)
@care.doc(summary="督办关闭投诉（须说明理由）")
def close(complaint_id: str, json_data: dict[str, str]) -> Any:
    """By a supervisor, with a reason."""
    return complaints.close_by_supervisor(me(), complaint_id, json_data["text"])
