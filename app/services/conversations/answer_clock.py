"""The clock of the first answer: who owes it, until when, and what the customer is told meanwhile."""

from datetime import datetime

from sqlalchemy import func, select

from app.core import clock, eventbus
from app.core.db import db
from app.domain.events import AnswerDue
from app.models import Actor, Conversation, ConversationTimerKind, Message, Safety, Staff
from app.services.conversations import conversation_timers, on_duty
from app.services.conversations.append_message import append_text
from app.services.installation import city

_OWED = (ConversationTimerKind.ANSWER_REMINDER, ConversationTimerKind.ANSWER_OVERDUE)


def start_answer_clock(conversation: Conversation, now: datetime) -> None:
    """The customer wrote in a locked conversation: it returns to somebody present, and the clock
    starts.

    The clock starts with the first unanswered message; later ones do not restart it.
    """
    _return_to_somebody(conversation, now)
    _tell_hours(conversation, now)
    if conversation.waiting_since is None:
        _owe(conversation, now)


def stop_answer_clock(conversation: Conversation) -> None:
    """Somebody of the utility wrote: no answer is owed any more."""
    if conversation.waiting_since is not None:
        conversation.waiting_since = conversation.answer_due_at = None
        conversation_timers.clear_timers(conversation.id, _OWED)


def recompute_answer_clock(conversation: Conversation) -> None:
    """Recomputes the clock of a locked conversation after messages were recalled, withheld or moved.

    The customer waits since the first message after the last answer that is still visible. A message that the
    content check withholds was never seen.
    """
    db.session.flush()
    standing = (Message.conversation_id == conversation.id) & Message.recalled_at.is_(None)
    answer = select(func.coalesce(func.max(Message.seq), 0)).where(
        standing, Message.author == Actor.STAFF, Message.safety != Safety.RISKY
    )
    waiting = db.session.scalar(
        select(func.min(Message.sent_at)).where(
            standing, Message.author == Actor.CUSTOMER, Message.seq > answer.scalar_subquery()
        )
    )
    if waiting is None:
        stop_answer_clock(conversation)
    elif waiting != conversation.waiting_since:
        _owe(conversation, waiting)


def _owe(conversation: Conversation, since: datetime) -> None:
    """An answer is owed to what was written at `since`."""
    line, rules = city.working_time(), city.current().talk.answer
    # An earlier expectation could be too early: its message may have been recalled.
    conversation_timers.clear_timers(conversation.id, _OWED)
    conversation.waiting_since = since
    conversation.answer_due_at = line.due(since, rules.due)
    conversation_timers.set_timer(
        conversation.id, ConversationTimerKind.ANSWER_REMINDER, line.after(since, rules.remind)
    )
    conversation_timers.set_timer(
        conversation.id, ConversationTimerKind.ANSWER_OVERDUE, conversation.answer_due_at
    )


def remind(conversation_id: str, *, overdue: bool) -> None:
    """Reminds of an answer that is still owed. An overdue one is repeated each working morning."""
    conversation = db.session.get_one(Conversation, conversation_id, with_for_update=True)
    since = conversation.waiting_since
    if since is None:
        return
    now = clock.now()
    on_duty.return_to_duty(conversation, now)
    eventbus.publish(AnswerDue(conversation_id, since, overdue))
    if overdue:
        conversation_timers.set_timer(
            conversation_id, ConversationTimerKind.ANSWER_OVERDUE, city.working_time().next_morning(now)
        )


def _return_to_somebody(conversation: Conversation, now: datetime) -> None:
    if not on_duty.return_to_duty(conversation, now):
        return
    named = on_duty.named_manager(conversation)
    if conversation.holder_id != named.id:
        stands_in = db.session.get_one(Staff, conversation.holder_id)
        words = city.current().talk.texts["stand_in"]
        append_text(conversation, words.format(manager_name=named.name, stand_in_name=stands_in.name), now)


def _tell_hours(conversation: Conversation, now: datetime) -> None:
    line = city.working_time()
    told = conversation.away_told_until
    if on_duty.in_office(line, now) or (told is not None and now < told):
        return
    returns = line.next_opening(now)
    conversation.away_told_until = returns
    bundle = city.current()
    words = bundle.talk.texts["out_of_hours"]
    holder = db.session.get_one(Staff, conversation.holder_id)
    append_text(
        conversation,
        words.format(manager_name=holder.name, returns_at=spoken_time(returns), hotline=bundle.city.hotline),
        now,
        in_chat=True,
    )


def spoken_time(instant: datetime) -> str:
    """An instant as people read it: month, day and time in the city's time zone."""
    local = instant.astimezone(city.zone())
    return f"{local.month}月{local.day}日{local:%H:%M}"
