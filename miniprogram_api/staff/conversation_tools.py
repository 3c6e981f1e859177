"""What helps a manager not to lose a thread: lists, search, notes, quick replies, guests."""

from dataclasses import asdict
from typing import Any

from apiflask import APIBlueprint

from app.services.conversations import conversation_access
from app.services.conversations.care import guests, quick_replies, staff_notes
from app.services.conversations.care.staff_notes import NoteKind
from app.services.conversations.views import (
    conversation_search,
    guest_departments,
    header,
    listing,
    note_lines,
)
from app.services.conversations.views.listing import ConversationLine
from miniprogram_api.cursors import instant_cursor, instant_key, next_cursor
from miniprogram_api.guards import me
from miniprogram_api.schemas.conversations import (
    ConversationLinesOut,
    FindsOut,
    GuestIn,
    GuestsOut,
    NoteIn,
    NoteOut,
    NotesOut,
    QuickRepliesOut,
    QuickReplyIn,
    QuickReplyOut,
    SearchIn,
    StaffHeadOut,
)
from miniprogram_api.schemas.shared import PageIn

talk_help = APIBlueprint("staff_talk_help", __name__, url_prefix="/api/v1/staff", tag="staff")


@talk_help.get("/conversations")
@talk_help.input(PageIn, location="query")
@talk_help.output(ConversationLinesOut)
@talk_help.doc(summary="我的沟通（最近的在前）")
def list_conversations(query_data: dict[str, Any]) -> dict[str, Any]:
    """Those one answers, also for somebody who is away."""
    limit = query_data["limit"]
    lines = listing.of_member(me(), instant_cursor(query_data.get("cursor")), limit)
    return {"items": lines, "cursor": next_cursor(lines, limit, _last_word)}


def _last_word(line: ConversationLine) -> int:
    assert line.last_at is not None  # noqa: S101 - the list holds those alone in which somebody spoke
    return instant_key(line.last_at)


@talk_help.get("/conversations/unanswered")
@talk_help.output(ConversationLinesOut)
@talk_help.doc(summary="待答复（等待最久的在前，不分页）")
def list_unanswered() -> dict[str, Any]:
    """Nobody who waits is hidden; supervisors see everybody's."""
    return {"items": listing.unanswered(me()), "cursor": None}


@talk_help.post("/conversations/search")
@talk_help.input(SearchIn)
@talk_help.output(FindsOut)
@talk_help.doc(summary="在我的沟通中查找（项目、单位、编号、完整手机号或说过的话）")
def search(json_data: dict[str, str]) -> dict[str, Any]:
    """A POST, because what is sought may be personal data and an address ends up in logs."""
    return {"items": conversation_search.search(me(), json_data["text"])}


@talk_help.get("/conversations/<public_id:conversation_id>")
@talk_help.output(StaffHeadOut)
@talk_help.doc(summary="沟通概况：谁在等、谁参加、微信可回复时限")
def read_head(conversation_id: str) -> Any:
    """What stands above a conversation."""
    conversation_access.readable_by(me(), conversation_id)
    return asdict(header.for_staff(me(), conversation_id))


@talk_help.get("/conversations/<public_id:conversation_id>/notes")
@talk_help.output(NotesOut)
@talk_help.doc(summary="内部备注与交接说明（客户不可见）")
def list_notes(conversation_id: str) -> dict[str, Any]:
    """The newest first."""
    conversation_access.readable_by(me(), conversation_id)
    return {"items": note_lines.of(conversation_id)}


@talk_help.post("/conversations/<public_id:conversation_id>/notes")
@talk_help.input(NoteIn)
@talk_help.output(NoteOut, status_code=201)
@talk_help.doc(summary="写内部备注（summary：休假或移交时的交接说明）")
def write_note(conversation_id: str, json_data: dict[str, str]) -> Any:
    """The customer never sees it."""
    case = conversation_access.readable_by(me(), conversation_id)
    return staff_notes.write(me(), case, conversation_id, NoteKind(json_data["kind"]), json_data["text"])


@talk_help.post("/conversations/<public_id:conversation_id>/guests")
@talk_help.input(GuestIn)
@talk_help.output(GuestsOut, status_code=201)
@talk_help.doc(summary="邀请部门参加沟通")
def invite(conversation_id: str, json_data: dict[str, str]) -> dict[str, Any]:
    """By whoever answers for it; the customer sees it."""
    case = conversation_access.answerable_by(me(), conversation_id)
    guests.invite(me(), case, conversation_id, json_data["department"])
    return {"items": guest_departments.of(conversation_id)}


@talk_help.delete("/conversations/<public_id:conversation_id>/guests/<public_key:department>")
@talk_help.output(GuestsOut)
@talk_help.doc(summary="部门退出沟通")
def let_go(conversation_id: str, department: str) -> dict[str, Any]:
    """What it said stays."""
    conversation_access.answerable_by(me(), conversation_id)
    guests.let_go(conversation_id, department)
    return {"items": guest_departments.of(conversation_id)}


@talk_help.get("/conversations/<public_id:conversation_id>/quick-replies")
@talk_help.output(QuickRepliesOut)
@talk_help.doc(summary="快捷回复（已按本沟通填好）")
def list_quick_replies(conversation_id: str) -> dict[str, Any]:
    """One's own first, then the shared ones."""
    case = conversation_access.readable_by(me(), conversation_id)
    return {"items": quick_replies.for_conversation(me(), case)}


@talk_help.post("/quick-replies")
@talk_help.input(QuickReplyIn)
@talk_help.output(QuickReplyOut, status_code=201)
@talk_help.doc(summary="保存快捷回复（shared：公用，仅督办）")
def add_quick_reply(json_data: dict[str, Any]) -> Any:
    """With fields in braces."""
    return quick_replies.add(me(), json_data["title"], json_data["text"], shared=json_data["shared"])


@talk_help.delete("/quick-replies/<public_id:reply_id>")
@talk_help.output({}, status_code=204)
@talk_help.doc(summary="删除快捷回复")
def remove_quick_reply(reply_id: str) -> str:
    """One's own, or as a supervisor a shared one."""
    quick_replies.remove(me(), reply_id)
    return ""
