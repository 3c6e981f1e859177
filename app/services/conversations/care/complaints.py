"""Complaints (投诉): the first responsible person follows each to its end, watched by supervisors."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import literal, or_, select

from app.core import clock, eventbus
from app.core.db import db
from app.core.ids import new_id
from app.core.upsert import insert_or_ignore
from app.domain.conversation.message_states import Side
from app.domain.errors import AlreadyDoneError, ConflictError, NotAllowedError, NotFoundError
from app.domain.events import ComplaintAnswered, ComplaintDue, ComplaintRaised
from app.models import (
    Actor,
    Case,
    Complaint,
    ComplaintState,
    Conversation,
    ConversationTimerKind,
    MessageKind,
    Staff,
)
from app.services.conversations import (
    conversation_access,
    conversation_timers,
    on_duty,
    open_conversation,
    send_message,
)
from app.services.conversations.answer_clock import spoken_time
from app.services.conversations.append_message import ANSWER, append_text
from app.services.conversations.delivery import unread_push
from app.services.conversations.message_content import Content, of_text
from app.services.history.timeline import By
from app.services.installation import city
from app.services.people.staffing import Colleague

_OWED = (ConversationTimerKind.COMPLAINT_REMINDER, ConversationTimerKind.COMPLAINT_OVERDUE)


@dataclass(frozen=True, slots=True)
class ComplaintLine:
    """A complaint in words, for the customer and for staff."""

    id: str
    conversation_id: str
    words: str
    raised_at: datetime
    responsible_name: str
    due_at: datetime
    state: str
    answer: str | None
    answered_at: datetime | None
    closed_at: datetime | None
    closed_by: str | None
    closed_reason: str | None


def complain(conversation: Conversation, by: By, complained: str) -> ComplaintLine:
    """Opens a complaint in a locked conversation. Whoever answers there now stays responsible.

    Raises `ConflictError` while an earlier complaint of the conversation is open.
    """
    said, now = of_text(complained).values["text"], clock.now()
    line, rules = city.working_time(), city.current().talk.complaint
    responsible = db.session.get_one(Staff, on_duty.who_answers(conversation.holder_id, now))
    due = line.due(now, rules.due)
    complaint_id = new_id()
    row = {
        "id": complaint_id,
        "conversation_id": conversation.id,
        "words": said,
        "raised_at": now,
        "raised_by": by.actor,
        "responsible_id": responsible.id,
        "due_at": due,
        "state": ComplaintState.OPEN,
    }
    if not _only_one(row):
        raise ConflictError("您已有投诉正在办理，请等待答复或补充留言。")
    text = city.current().talk.texts["complaint_taken"]
    words = text.format(due=spoken_time(due), responsible_name=responsible.name)
    append_text(conversation, words, now, in_chat=True)
    conversation_timers.set_timer(
        complaint_id, ConversationTimerKind.COMPLAINT_REMINDER, line.before(due, rules.remind_before)
    )
    conversation_timers.set_timer(complaint_id, ConversationTimerKind.COMPLAINT_OVERDUE, due)
    eventbus.publish(ComplaintRaised(complaint_id))
    return complaint_line(db.session.get_one(Complaint, complaint_id))


def answer_complaint(staff: Colleague, complaint_id: str, text: str) -> ComplaintLine:
    """Answers a complaint in the conversation: the responsible person, their deputy, or a supervisor.

    The answer is delivered like any other, also into WeChat's chat. Answering again adds to the conversation.
    Raises `NotFoundError`, `NotAllowedError` for anybody else, `AlreadyDoneError` for a closed complaint.
    """
    said = of_text(text).values["text"]
    found = _open(staff, complaint_id)
    if not staff.is_supervisor and not _falls_to(staff, found):
        raise NotAllowedError("投诉由首问责任人跟踪到底，请由其本人或督办答复。")
    now = clock.now()
    found.state, found.answer, found.answered_at = ComplaintState.ANSWERED, said, now
    found.answered_by = staff.id
    conversation_timers.clear_timers(found.id, _OWED)
    conversation = open_conversation.locked_conversation(found.conversation_id)
    words = Content(
        MessageKind.TEXT, {"text": city.current().talk.texts["complaint_answered"].format(answer=said)}
    )
    case = None if conversation.case_id is None else db.session.get_one(Case, conversation.case_id)
    by_day = not unread_push.is_quiet(now)
    if by_day:
        unread_push.mark_pushed(conversation, Side.CUSTOMER, now)
    send_message.send_by_staff(staff, case, conversation.id, words, ANSWER + new_id(), urgent=False)
    if by_day:
        # Otherwise the push of the unread message announces it in the morning.
        eventbus.publish(ComplaintAnswered(found.id, now))
    return complaint_line(found)


def close_by_owner(conversation_id: str, by: By, complaint_id: str) -> ComplaintLine:
    """The customer is satisfied: closes the complaint. Raises `NotFoundError`, `AlreadyDoneError`."""
    found = db.session.scalar(
        select(Complaint)
        .where(Complaint.id == complaint_id, Complaint.conversation_id == conversation_id)
        .with_for_update()
    )
    if found is None:
        raise NotFoundError
    return _close(found, by, None)


def close_by_supervisor(staff: Colleague, complaint_id: str, reason: str) -> ComplaintLine:
    """A supervisor closes it with a reason. Raises `NotAllowedError` for anybody else."""
    found = _open(staff, complaint_id)
    if not staff.is_supervisor:
        raise NotAllowedError("投诉只能由客户确认或由督办说明理由后关闭。")
    return _close(found, By(Actor.STAFF, staff.id), of_text(reason).values["text"])


def remind_of_complaint(complaint_id: str, *, overdue: bool) -> None:
    """Reminds of an unanswered complaint; of an overdue one again each working morning."""
    found = db.session.get_one(Complaint, complaint_id, with_for_update=True)
    if found.state != ComplaintState.OPEN:
        return
    now = clock.now()
    eventbus.publish(ComplaintDue(complaint_id, overdue, now))
    if overdue:
        again = city.working_time().next_morning(now)
        conversation_timers.set_timer(complaint_id, ConversationTimerKind.COMPLAINT_OVERDUE, again)


def complaints_of_conversation(conversation_id: str) -> list[ComplaintLine]:
    """Every complaint of a conversation that the caller may read, newest first."""
    rows = db.session.scalars(
        select(Complaint)
        .where(Complaint.conversation_id == conversation_id)
        .order_by(Complaint.raised_at.desc(), Complaint.id)
    )
    return [complaint_line(row) for row in rows]


def complaints_of_staff(staff: Colleague) -> list[ComplaintLine]:
    """The open complaints that this person must handle, for supervisors all of them, by due date."""
    mine = or_(
        conversation_access.falls_to(staff, Complaint.responsible_id, clock.now()),
        literal(staff.is_supervisor),
    )
    rows = db.session.scalars(
        select(Complaint).where(Complaint.closed_at.is_(None), mine).order_by(Complaint.due_at, Complaint.id)
    )
    return [complaint_line(row) for row in rows]


def complaint_line(row: Complaint) -> ComplaintLine:
    """A complaint in words."""
    return ComplaintLine(
        id=row.id,
        conversation_id=row.conversation_id,
        words=row.words,
        raised_at=row.raised_at,
        responsible_name=db.session.get_one(Staff, row.responsible_id).name,
        due_at=row.due_at,
        state=row.state,
        answer=row.answer,
        answered_at=row.answered_at,
        closed_at=row.closed_at,
        closed_by=row.closed_by,
        closed_reason=row.closed_reason,
    )


def _open(staff: Colleague, complaint_id: str) -> Complaint:
    """An open complaint that this member of staff may see."""
    found = db.session.scalar(select(Complaint).where(Complaint.id == complaint_id).with_for_update())
    if found is None:
        raise NotFoundError
    if not staff.is_supervisor and not _falls_to(staff, found):
        conversation_access.readable_by(staff, found.conversation_id)
    _still_open(found)
    return found


def _falls_to(staff: Colleague, found: Complaint) -> bool:
    mine = conversation_access.falls_to(staff, Complaint.responsible_id, clock.now())
    return db.session.scalar(select(Complaint.id).where(Complaint.id == found.id, mine)) is not None


def _still_open(found: Complaint) -> None:
    if found.closed_at is not None:
        raise AlreadyDoneError("该投诉已关闭。如有新的问题，请重新提出。")


def _close(found: Complaint, by: By, reason: str | None) -> ComplaintLine:
    _still_open(found)
    now = clock.now()
    found.state, found.closed_at, found.closed_reason = ComplaintState.CLOSED, now, reason
    found.closed_by, found.closed_by_id = by.actor, by.id
    conversation_timers.clear_timers(found.id, _OWED)
    append_text(
        open_conversation.locked_conversation(found.conversation_id),
        city.current().talk.texts["complaint_closed"],
        now,
        in_chat=True,
    )
    return complaint_line(found)


def _only_one(row: dict[str, object]) -> bool:
    db.session.flush()
    return insert_or_ignore(Complaint, row)
