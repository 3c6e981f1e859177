"""Tools of a manager: lists, search, notes, quick replies, invited departments."""

from dataclasses import asdict
from typing import Any

from apiflask import APIBlueprint

from app.services.conversations import conversation_access
from app.services.conversations.care import guests, quick_replies, staff_notes
from app.services.conversations.care.staff_notes import NoteKind
from app.services.conversations.views import conversation_search, header, listing, note_lines
from app.services.conversations.views.guest_departments import guest_departments
from app.services.conversations.views.listing import ConversationLine
from miniprogram_api.cursors import instant_cursor, instant_key, next_cursor
from miniprogram_api.guards import me
from miniprogram_api.schemas.conversation_tools import (
    InvitationIn,
    InvitedDepartmentsOut,
    NoteIn,
    NoteOut,
    NotesOut,
    QuickRepliesOut,
    QuickReplyIn,
    QuickReplyOut,
    SearchIn,
    SearchResultsOut,
)
from miniprogram_api.schemas.conversations import ConversationPageOut, StaffConversationHeaderOut
from miniprogram_api.schemas.shared import PageIn

tools = APIBlueprint("staff_conversation_tools", __name__, url_prefix="/api/v1/staff", tag="staff")


@tools.get("/conversations")
@tools.input(PageIn, location="query")
@tools.output(ConversationPageOut)
@tools.doc(summary="我的沟通（最近的在前）")
def list_conversations(query_data: dict[str, Any]) -> dict[str, Any]:
    """Lists the conversations that the caller answers, latest message first.

    Includes those of a colleague for whom the caller deputises.
    """
    limit = query_data["limit"]
    lines = listing.conversations_of_staff(me(), instant_cursor(query_data.get("cursor")), limit)
    return {"items": lines, "cursor": next_cursor(lines, limit, _last_word)}


def _last_word(line: ConversationLine) -> int:
    assert line.last_at is not None  # noqa: S101 - the list holds those alone in which somebody spoke
    return instant_key(line.last_at)


@tools.get("/conversations/unanswered")
@tools.output(ConversationPageOut)
@tools.doc(summary="待答复（等待最久的在前，不分页）")
def list_unanswered() -> dict[str, Any]:
    """Lists the conversations in which a customer waits for an answer, longest wait first.

    Not paged, so that nobody is overlooked. A supervisor sees those of all managers.
    """
    return {"items": listing.unanswered(me()), "cursor": None}


@tools.post("/conversations/search")
@tools.input(SearchIn)
@tools.output(SearchResultsOut)
@tools.doc(summary="在我的沟通中查找（项目、单位、编号、完整手机号或说过的话）")
def search_conversations(json_data: dict[str, str]) -> dict[str, Any]:
    """Searches the caller's conversations.

    By project, company, case number, whole phone number, or words of a message. A POST, because the words may
    be personal data and must not appear in addresses and their logs.
    """
    return {"items": conversation_search.search(me(), json_data["text"])}


@tools.get("/conversations/<public_id:conversation_id>")
@tools.output(StaffConversationHeaderOut)
@tools.doc(summary="沟通概况：谁在等、谁参加、微信可回复时限")
def read_header(conversation_id: str) -> Any:
    """Returns the header of a conversation.

    Who waits since when, which departments take part, the latest handover summary, and how long WeChat
    accepts replies.
    """
    conversation_access.readable_by(me(), conversation_id)
    return asdict(header.header_for_staff(me(), conversation_id))


@tools.get("/conversations/<public_id:conversation_id>/notes")
@tools.output(NotesOut)
@tools.doc(summary="内部备注与交接说明（客户不可见）")
def list_notes(conversation_id: str) -> dict[str, Any]:
    """Lists the internal notes of a conversation, newest first.

    The customer never sees them.
    """
    conversation_access.readable_by(me(), conversation_id)
    return {"items": note_lines.notes_of_conversation(conversation_id)}


@tools.post("/conversations/<public_id:conversation_id>/notes")
@tools.input(NoteIn)
@tools.output(NoteOut, status_code=201)
@tools.doc(summary="写内部备注（summary：休假或移交时的交接说明）")
def write_note(conversation_id: str, json_data: dict[str, str]) -> Any:
    """Writes an internal note.

    The kind `summary` informs the person who takes the conversation over. The customer never sees notes.
    """
    case = conversation_access.readable_by(me(), conversation_id)
    return staff_notes.write(me(), case, conversation_id, NoteKind(json_data["kind"]), json_data["text"])


@tools.post("/conversations/<public_id:conversation_id>/guests")
@tools.input(InvitationIn)
@tools.output(InvitedDepartmentsOut, status_code=201)
@tools.doc(summary="邀请部门参加沟通")
def invite_department(conversation_id: str, json_data: dict[str, str]) -> dict[str, Any]:
    """Invites a department to a conversation.

    For whoever answers it; the customer sees the invitation. Refused with `invalid_fields` for an unknown
    department.
    """
    case = conversation_access.answerable_by(me(), conversation_id)
    guests.invite_department(me(), case, conversation_id, json_data["department"])
    return {"items": guest_departments(conversation_id)}


@tools.delete("/conversations/<public_id:conversation_id>/guests/<public_key:department>")
@tools.output(InvitedDepartmentsOut)
@tools.doc(summary="部门退出沟通")
def remove_department(conversation_id: str, department: str) -> dict[str, Any]:
    """Removes a department from a conversation.

    Its messages stay.
    """
    conversation_access.answerable_by(me(), conversation_id)
    guests.remove_department(conversation_id, department)
    return {"items": guest_departments(conversation_id)}


@tools.get("/conversations/<public_id:conversation_id>/quick-replies")
@tools.output(QuickRepliesOut)
@tools.doc(summary="快捷回复（已按本沟通填好）")
def list_quick_replies(conversation_id: str) -> dict[str, Any]:
    """Lists the quick replies, filled in for a conversation.

    The caller's own first, then the shared ones.
    """
    case = conversation_access.readable_by(me(), conversation_id)
    return {"items": quick_replies.for_conversation(me(), case)}


@tools.post("/quick-replies")
@tools.input(QuickReplyIn)
@tools.output(QuickReplyOut, status_code=201)
@tools.doc(summary="保存快捷回复（shared：公用，仅督办）")
def add_quick_reply(json_data: dict[str, Any]) -> Any:
    """Saves a quick reply.

    Its text may contain field names in braces; unknown ones are refused with `invalid_fields`. Shared replies
    are for supervisors only (`not_allowed`).
    """
    return quick_replies.add(me(), json_data["title"], json_data["text"], shared=json_data["shared"])


@tools.delete("/quick-replies/<public_id:reply_id>")
@tools.output({}, status_code=204)
@tools.doc(summary="删除快捷回复")
def remove_quick_reply(reply_id: str) -> str:
    """Deletes one of the caller's own quick replies.

    A supervisor may also delete a shared one; otherwise `not_allowed`.
    """
    quick_replies.remove(me(), reply_id)
    return ""
