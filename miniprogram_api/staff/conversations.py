"""The utility's side of a conversation: read, answer, recall."""

from typing import Any

from apiflask import APIBlueprint
from flask import Response

from app.domain.conversation.message_states import Side
from app.domain.limits import Limited
from app.services.conversations import conversation_access, message_content, send_message
from app.services.conversations.care.recall_message import recall_message
from app.services.conversations.delivery import read_receipts, wechat_replies
from app.services.conversations.views import polling, sender_view
from app.services.documents import document_access as documents
from app.services.operations import limits
from miniprogram_api import poll_response
from miniprogram_api.guards import me
from miniprogram_api.idempotency import answers_anew
from miniprogram_api.problems import OFTEN
from miniprogram_api.schemas.conversations import (
    MessageOut,
    MessagesOut,
    MessagesPageIn,
    ReadReceiptsIn,
    StaffMessageIn,
)
from miniprogram_api.schemas.documents import LinkOut
from miniprogram_api.uploads import link_signer

conversations = APIBlueprint(
    "staff_conversations", __name__, url_prefix="/api/v1/staff/conversations", tag="staff"
)


def _poll(conversation_id: str, after: int) -> Response:
    conversation_access.readable_by(me(), conversation_id)
    return poll_response.poll_answer(
        polling.changes_for_staff(conversation_id, after, poll_response.DEFAULT_LIMIT)
    )


@conversations.get("/<public_id:conversation_id>/messages")
@poll_response.fast_poll(_poll)
@conversations.input(MessagesPageIn, location="query")
@conversations.output(MessagesOut)
@conversations.doc(summary="沟通记录（after=新消息，before=往前翻页）", responses=poll_response.RESPONSES)
def read_messages(conversation_id: str, query_data: dict[str, Any]) -> Any:
    """Returns messages of a conversation.

    The conversation of a case has the id of the case. With `after`: what has changed since that cursor, or
    304 when nothing has (send the last ETag as If-None-Match). With `before`: the page before that message.
    With neither: the newest page. `X-Ask-Again` and `ask_again` say after how many seconds to poll again.
    """
    conversation_access.readable_by(me(), conversation_id)
    limit = query_data["limit"]
    if "after" in query_data:
        return poll_response.poll_answer(
            polling.changes_for_staff(conversation_id, query_data["after"], limit)
        )
    return poll_response.page_answer(
        polling.page_for_staff(conversation_id, query_data.get("before", poll_response.NEWEST_PAGE), limit)
    )


@conversations.post("/<public_id:conversation_id>/messages")
@conversations.input(StaffMessageIn)
@conversations.output(MessageOut, status_code=201)
@conversations.doc(summary="回复客户（urgent：夜间也提醒）", responses=OFTEN)
def send(conversation_id: str, json_data: dict[str, Any]) -> Any:
    """Sends a text, a location or a document to the customer.

    Exactly one of the three. Repeating the call with the same `client_id` returns the same message; another
    content under that `client_id` is refused with `conflict`. `urgent` notifies the customer at night, too.
    """
    limits.count(Limited.STAFF_MESSAGE, me().id)
    case = conversation_access.readable_by(me(), conversation_id)
    content = message_content.of_request(json_data, case)
    message = send_message.send_by_staff(
        me(), case, conversation_id, content, json_data["client_id"], urgent=json_data["urgent"]
    )
    return sender_view.for_sender(message, Side.STAFF)


@conversations.post("/<public_id:conversation_id>/messages/<public_id:message_id>/recall")
@conversations.output(MessageOut)
@conversations.doc(summary="撤回消息（限时）")
def recall(conversation_id: str, message_id: str) -> Any:
    """Recalls one of the caller's own messages.

    Possible for a few minutes, which the city sets; otherwise `conflict`. Answers to complaints and to
    requests to hurry cannot be recalled.
    """
    case = conversation_access.readable_by(me(), conversation_id)
    return sender_view.for_sender(recall_message(case, conversation_id, me().id, message_id), Side.STAFF)


@conversations.post("/<public_id:conversation_id>/documents/<public_id:document_id>/link")
@answers_anew
@conversations.output(LinkOut, status_code=201)
@conversations.doc(summary="沟通中资料的下载链接（5分钟内有效，查看留痕）")
def create_link(conversation_id: str, document_id: str) -> Any:
    """Returns a download link for a document of a conversation, valid for five minutes.

    For whoever may read the conversation. A POST, because each read is recorded.
    """
    conversation_access.readable_by(me(), conversation_id)
    return link_signer().link(documents.document_in_conversation(me(), conversation_id, document_id))


@conversations.post("/<public_id:conversation_id>/message-receipts")
@conversations.input(ReadReceiptsIn)
@conversations.output({}, status_code=204)
@conversations.doc(summary="收到、已读到第几条")
def report_receipts(conversation_id: str, json_data: dict[str, int]) -> str:
    """Reports up to which message the caller has received and read the conversation.

    Positions only grow; a lower number changes nothing.
    """
    conversation_access.readable_by(me(), conversation_id)
    read_receipts.advance_staff(me(), conversation_id, json_data["delivered"], json_data["read"])
    return ""


@conversations.post("/<public_id:conversation_id>/writing")
@conversations.output({}, status_code=204)
@conversations.doc(summary="正在输入")
def report_typing(conversation_id: str) -> str:
    """Reports that the caller is typing.

    The customer's phone then polls more often for some seconds.
    """
    conversation_access.readable_by(me(), conversation_id)
    read_receipts.mark_typing(conversation_id, Side.STAFF)
    wechat_replies.show_typing(conversation_id)
    return ""
