"""The utility's side of a conversation: reading, answering, taking back."""

from typing import Any

from apiflask import APIBlueprint
from flask import Response

from app.domain.conversation.message_states import Side
from app.services.conversations import conversation_access, message_content, send_message
from app.services.conversations.care import recall_message
from app.services.conversations.delivery import read_receipts, wechat_replies
from app.services.conversations.views import polling, sender_view
from app.services.documents import document_access as documents
from miniprogram_api import poll_response
from miniprogram_api.guards import me
from miniprogram_api.schemas.conversations import MessageOut, MessagesOut, NewsIn, ReceiptIn, StaffMessageIn
from miniprogram_api.schemas.documents import LinkOut
from miniprogram_api.uploads import links

talk = APIBlueprint("staff_talk", __name__, url_prefix="/api/v1/staff/conversations", tag="staff")


def _news(conversation_id: str, after: int) -> Response:
    conversation_access.readable_by(me(), conversation_id)
    return poll_response.told(polling.news_of_staff(conversation_id, after, poll_response.USUAL))


@talk.get("/<public_id:conversation_id>/messages")
@poll_response.plainly(_news)
@talk.input(NewsIn, location="query")
@talk.output(MessagesOut)
@talk.doc(summary="沟通记录（after=新消息，before=往前翻页）", responses=poll_response.RESPONSES)
def read_messages(conversation_id: str, query_data: dict[str, Any]) -> Any:
    """A case's conversation has the case's id."""
    conversation_access.readable_by(me(), conversation_id)
    limit = query_data["limit"]
    if "after" in query_data:
        return poll_response.told(polling.news_of_staff(conversation_id, query_data["after"], limit))
    return poll_response.paged(
        polling.page_of_staff(conversation_id, query_data.get("before", poll_response.END), limit)
    )


@talk.post("/<public_id:conversation_id>/messages")
@talk.input(StaffMessageIn)
@talk.output(MessageOut, status_code=201)
@talk.doc(summary="回复客户（urgent：夜间也提醒）")
def send(conversation_id: str, json_data: dict[str, Any]) -> Any:
    """The same client_id again is the same message."""
    case = conversation_access.readable_by(me(), conversation_id)
    said = message_content.of_request(json_data, case)
    message = send_message.by_member(
        me(), case, conversation_id, said, json_data["client_id"], urgent=json_data["urgent"]
    )
    return sender_view.for_sender(message, Side.STAFF)


@talk.post("/<public_id:conversation_id>/messages/<public_id:message_id>/recall")
@talk.output(MessageOut)
@talk.doc(summary="撤回消息（限时）")
def recall(conversation_id: str, message_id: str) -> Any:
    """One's own, within the city's time for it."""
    case = conversation_access.readable_by(me(), conversation_id)
    return sender_view.for_sender(
        recall_message.recall(case, conversation_id, me().id, message_id), Side.STAFF
    )


@talk.post("/<public_id:conversation_id>/documents/<public_id:document_id>/link")
@talk.output(LinkOut, status_code=201)
@talk.doc(summary="沟通中资料的下载链接（5分钟内有效，查看留痕）")
def link(conversation_id: str, document_id: str) -> Any:
    """For whoever may read the conversation; a POST, because each read is recorded."""
    conversation_access.readable_by(me(), conversation_id)
    return links().link(documents.one_in_talk(me(), conversation_id, document_id))


@talk.post("/<public_id:conversation_id>/message-receipts")
@talk.input(ReceiptIn)
@talk.output({}, status_code=204)
@talk.doc(summary="收到、已读到第几条")
def receive(conversation_id: str, json_data: dict[str, int]) -> str:
    """Positions only ever grow."""
    conversation_access.readable_by(me(), conversation_id)
    read_receipts.of_member(me(), conversation_id, json_data["delivered"], json_data["read"])
    return ""


@talk.post("/<public_id:conversation_id>/writing")
@talk.output({}, status_code=204)
@talk.doc(summary="正在输入")
def write(conversation_id: str) -> str:
    """The customer's phone asks again sooner."""
    conversation_access.readable_by(me(), conversation_id)
    read_receipts.writing(conversation_id, Side.STAFF)
    wechat_replies.show_typing(conversation_id)
    return ""
