"""The header of a conversation: participants, what is owed, and WeChat's open reply window."""

from dataclasses import dataclass
from datetime import datetime

from app.core import clock
from app.core.db import db
from app.domain.conversation.reply_window import ReplyWindow
from app.models import Case, Staff
from app.services.conversations import on_duty
from app.services.conversations.delivery import reply_windows
from app.services.conversations.views import listing, note_lines, unread_count
from app.services.conversations.views.guest_departments import guest_departments
from app.services.conversations.views.listing import ConversationLine
from app.services.conversations.views.note_lines import NoteLine
from app.services.installation import city
from app.services.people import phones
from app.services.people.staffing import Colleague


@dataclass(frozen=True, slots=True)
class OwnerHeader:
    """The header for the customer. `returns_at`: when the office opens again; None while it is open."""

    manager_name: str
    manager_phone: str
    answering_name: str
    returns_at: datetime | None
    unread: int


@dataclass(frozen=True, slots=True)
class StaffHeader:
    """The header for staff. `line` is None before the first message."""

    line: ConversationLine | None
    guests: list[str]
    summary: NoteLine | None
    window: ReplyWindow | None


def header_for_owner(case: Case) -> OwnerHeader:
    """The header of the customer's own case's conversation."""
    now, line = clock.now(), city.working_time()
    manager = db.session.get_one(Staff, case.manager_id)
    answering = db.session.get_one(Staff, on_duty.who_answers(manager.id, now))
    return OwnerHeader(
        manager_name=manager.name,
        manager_phone=phones.shown(manager.phone),
        answering_name=answering.name,
        returns_at=None if on_duty.in_office(line, now) else line.next_opening(now),
        unread=unread_count.unread_by_owner(case.id),
    )


def header_for_staff(staff: Colleague, conversation_id: str) -> StaffHeader:
    """The header of a conversation that the caller may read."""
    return StaffHeader(
        line=listing.conversation_line(staff, conversation_id),
        guests=guest_departments(conversation_id),
        summary=note_lines.newest_summary(conversation_id),
        window=reply_windows.window_of_conversation(conversation_id),
    )
