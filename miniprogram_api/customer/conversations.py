"""A customer's conversation with their manager, in one of their cases."""

from typing import Any

from apiflask import APIBlueprint
from flask import Response

from app.domain.conversation.message_states import Side
from app.services.cases import access
from app.services.conversations import message_content, send_message
from app.services.conversations.care import recall_message
from app.services.conversations.delivery import read_receipts
from app.services.conversations.views import polling, sender_view
from miniprogram_api import poll_response
from miniprogram_api.guards import caller
from miniprogram_api.schemas.conversations import MessageIn, MessageOut, MessagesOut, NewsIn, ReceiptIn

talk = APIBlueprint("customer_talk", __name__, url_prefix="/api/v1/customer/cases", tag="customer")


def _news(case_id: str, after: int) -> Response:
    return poll_response.told(polling.news_of_owner(caller().subject_id, case_id, after, poll_response.USUAL))


@talk.get("/<public_id:case_id>/messages")
@poll_response.plainly(_news)
@talk.input(NewsIn, location="query")
@talk.output(MessagesOut)
@talk.doc(summary="与客户管家的沟通（after=新消息，before=往前翻页）", responses=poll_response.RESPONSES)
def read_messages(case_id: str, query_data: dict[str, Any]) -> Any:
    """With `after`: what is new since then, 304 when nothing is."""
    person, limit = caller().subject_id, query_data["limit"]
    if "after" in query_data:
        return poll_response.told(polling.news_of_owner(person, case_id, query_data["after"], limit))
    return poll_response.paged(
        polling.page_of_owner(person, case_id, query_data.get("before", poll_response.END), limit)
    )


@talk.post("/<public_id:case_id>/messages")
@talk.input(MessageIn)
@talk.output(MessageOut, status_code=201)
@talk.doc(summary="发消息（文字、位置或已上传的资料）")
def send(case_id: str, json_data: dict[str, Any]) -> Any:
    """The same client_id again is the same message."""
    person = caller().subject_id
    case = access.of_customer(person, case_id)
    said = message_content.of_request(json_data, case)
    return sender_view.for_sender(
        send_message.by_owner(case, person, said, json_data["client_id"]), Side.CUSTOMER
    )


@talk.post("/<public_id:case_id>/messages/<public_id:message_id>/recall")
@talk.output(MessageOut)
@talk.doc(summary="撤回消息（限时）")
def recall(case_id: str, message_id: str) -> Any:
    """One's own, within the city's time for it."""
    person = caller().subject_id
    case = access.of_customer(person, case_id)
    return sender_view.for_sender(recall_message.recall(case, case.id, person, message_id), Side.CUSTOMER)


@talk.post("/<public_id:case_id>/message-receipts")
@talk.input(ReceiptIn)
@talk.output({}, status_code=204)
@talk.doc(summary="收到、已读到第几条")
def receive(case_id: str, json_data: dict[str, int]) -> str:
    """Positions only ever grow."""
    case = access.of_customer(caller().subject_id, case_id)
    read_receipts.of_owner(case.id, json_data["delivered"], json_data["read"])
    return ""


@talk.post("/<public_id:case_id>/writing")
@talk.output({}, status_code=204)
@talk.doc(summary="正在输入")
def write(case_id: str) -> str:
    """The other side asks again sooner."""
    read_receipts.writing(access.of_customer(caller().subject_id, case_id).id, Side.CUSTOMER)
    return ""
