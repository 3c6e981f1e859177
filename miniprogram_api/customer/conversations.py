"""A customer's conversation with the manager of a case."""

from typing import Any

from apiflask import APIBlueprint
from flask import Response

from app.domain.conversation.message_states import Side
from app.domain.limits import Limited
from app.services.cases import access
from app.services.conversations import message_content, send_message
from app.services.conversations.care.recall_message import recall_message
from app.services.conversations.delivery import read_receipts
from app.services.conversations.views import polling, sender_view
from app.services.operations import limits
from miniprogram_api import poll_response
from miniprogram_api.guards import caller
from miniprogram_api.problems import OFTEN
from miniprogram_api.schemas.conversations import (
    MessageIn,
    MessageOut,
    MessagesOut,
    MessagesPageIn,
    ReadReceiptsIn,
)

conversations = APIBlueprint(
    "customer_conversations", __name__, url_prefix="/api/v1/customer/cases", tag="customer"
)


def _poll(case_id: str, after: int) -> Response:
    return poll_response.poll_answer(
        polling.changes_for_owner(caller().subject_id, case_id, after, poll_response.DEFAULT_LIMIT)
    )


@conversations.get("/<public_id:case_id>/messages")
@poll_response.fast_poll(_poll)
@conversations.input(MessagesPageIn, location="query")
@conversations.output(MessagesOut)
@conversations.doc(
    summary="与客户管家的沟通（after=新消息，before=往前翻页）", responses=poll_response.RESPONSES
)
def read_messages(case_id: str, query_data: dict[str, Any]) -> Any:
    """Returns messages of the conversation with the manager.

    With `after`: what has changed since that cursor, or 304 when nothing has (send the last ETag as
    If-None-Match). With `before`: the page before that message. With neither: the newest page. `X-Ask-Again`
    and `ask_again` say after how many seconds to poll again.
    """
    person, limit = caller().subject_id, query_data["limit"]
    if "after" in query_data:
        return poll_response.poll_answer(
            polling.changes_for_owner(person, case_id, query_data["after"], limit)
        )
    return poll_response.page_answer(
        polling.page_for_owner(person, case_id, query_data.get("before", poll_response.NEWEST_PAGE), limit)
    )


@conversations.post("/<public_id:case_id>/messages")
@conversations.input(MessageIn)
@conversations.output(MessageOut, status_code=201)
@conversations.doc(summary="发消息（文字、位置或已上传的资料）", responses=OFTEN)
def send(case_id: str, json_data: dict[str, Any]) -> Any:
    """Sends a text, a location or an uploaded document to the manager.

    Exactly one of the three. Repeating the call with the same `client_id` returns the same message; another
    content under that `client_id` is refused with `conflict`. Too long or unreadable texts are refused with
    `invalid_fields`.
    """
    person = caller().subject_id
    limits.count(Limited.CUSTOMER_MESSAGE, person)
    case = access.customer_case(person, case_id)
    content = message_content.of_request(json_data, case)
    return sender_view.for_sender(
        send_message.send_by_customer(case, person, content, json_data["client_id"]), Side.CUSTOMER
    )


@conversations.post("/<public_id:case_id>/messages/<public_id:message_id>/recall")
@conversations.output(MessageOut)
@conversations.doc(summary="撤回消息（限时）")
def recall(case_id: str, message_id: str) -> Any:
    """Recalls one of the customer's own messages.

    Possible for a few minutes, which the city sets; otherwise `conflict`.
    """
    person = caller().subject_id
    case = access.customer_case(person, case_id)
    return sender_view.for_sender(recall_message(case, case.id, person, message_id), Side.CUSTOMER)


@conversations.post("/<public_id:case_id>/message-receipts")
@conversations.input(ReadReceiptsIn)
@conversations.output({}, status_code=204)
@conversations.doc(summary="收到、已读到第几条")
def report_receipts(case_id: str, json_data: dict[str, int]) -> str:
    """Reports up to which message the phone has received and read the conversation.

    Positions only grow; a lower number changes nothing.
    """
    case = access.customer_case(caller().subject_id, case_id)
    read_receipts.advance_customer(case.id, json_data["delivered"], json_data["read"])
    return ""


@conversations.post("/<public_id:case_id>/writing")
@conversations.output({}, status_code=204)
@conversations.doc(summary="正在输入")
def report_typing(case_id: str) -> str:
    """Reports that the customer is typing.

    The manager's page then polls more often for some seconds.
    """
    read_receipts.mark_typing(access.customer_case(caller().subject_id, case_id).id, Side.CUSTOMER)
    return ""
