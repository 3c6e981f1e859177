"""What stands above a conversation: who is there, what is owed, and the window that WeChat holds open."""

from dataclasses import dataclass
from datetime import datetime

from app.core import clock
from app.core.db import db
from app.domain.conversation.reply_window import ReplyWindow
from app.models import Case, Staff
from app.services.conversations import on_duty
from app.services.conversations.delivery import reply_windows
from app.services.conversations.views import guest_departments, listing, note_lines, unread_count
from app.services.conversations.views.listing import ConversationLine
from app.services.conversations.views.note_lines import NoteLine
from app.services.installation import city
from app.services.people.staffing import Colleague


@dataclass(frozen=True, slots=True)
class OwnersHead:
    """Whom the customer talks to. `returns_at`: nobody is in the office before; None while it is open."""

    manager_name: str
    manager_phone: str
    answering_name: str
    returns_at: datetime | None
    unread: int


@dataclass(frozen=True, slots=True)
class StaffHead:
    """A conversation as the utility sees it; `line` is None before its first message."""

    line: ConversationLine | None
    guests: list[str]
    summary: NoteLine | None
    window: ReplyWindow | None


def for_owner(case: Case) -> OwnersHead:
    """Above the conversation of the customer's own case."""
    now, line = clock.now(), city.working_time()
    manager = db.session.get_one(Staff, case.manager_id)
    answering = db.session.get_one(Staff, on_duty.answering(manager.id, now))
    return OwnersHead(
        manager_name=manager.name,
        manager_phone=manager.phone.removeprefix("+86"),
        answering_name=answering.name,
        returns_at=None if on_duty.in_office(line, now) else line.next_opening(now),
        unread=unread_count.unread_by_owner(case.id),
    )


def for_staff(staff: Colleague, conversation_id: str) -> StaffHead:
    """Above a conversation that the caller may read."""
    return StaffHead(
        line=listing.one(staff, conversation_id),
        guests=guest_departments.of(conversation_id),
        summary=note_lines.summary(conversation_id),
        window=reply_windows.of_conversation(conversation_id),
    )
