"""Pushing that a message waits: after a minute unread, once in a burst, not at night."""

from datetime import datetime

from sqlalchemy import func, select

from app.core import clock, eventbus
from app.core.db import db
from app.domain.conversation import push_timing
from app.domain.conversation.message_states import Side
from app.domain.events import MessagesUnread
from app.models import Carriage, Conversation, ConversationTimerKind, Message, Safety
from app.services.conversations import conversation_timers, on_duty
from app.services.installation import city

_KINDS = {Side.CUSTOMER: ConversationTimerKind.PUSH_CUSTOMER, Side.STAFF: ConversationTimerKind.PUSH_STAFF}


def schedule_push(conversation: Conversation, to: Side, message: Message) -> None:
    """Schedules the push of a new message of a locked conversation to side `to`."""
    rules = city.current().talk.push
    pushed_at = conversation.customer_pushed_at if to is Side.CUSTOMER else conversation.staff_pushed_at
    if not message.urgent and not push_timing.is_new_burst(rules, pushed_at, message.sent_at):
        return
    due = push_timing.push_at(rules, message.sent_at, city.zone(), urgent=message.urgent)
    conversation_timers.set_timer(conversation.id, _KINDS[to], due, urgent=message.urgent)


def push_unread(conversation_id: str, to: Side, *, urgent: bool) -> None:
    """The minute is over: push, unless it was read meanwhile. What becomes due at night waits."""
    conversation = db.session.get_one(Conversation, conversation_id, with_for_update=True)
    seq = _unread(conversation, to)
    if seq is None:
        return
    now = clock.now()
    held = push_timing.after_quiet(city.current().talk.push, now, city.zone())
    if held > now and not urgent:
        conversation_timers.set_timer(conversation_id, _KINDS[to], held)
        return
    if to is Side.STAFF:
        # It may have waited until morning, and its holder may be absent since.
        on_duty.return_to_duty(conversation, now)
    mark_pushed(conversation, to, now)
    eventbus.publish(MessagesUnread(conversation_id, to.value, seq))


def is_quiet(now: datetime) -> bool:
    """Whether `now` is in the quiet hours."""
    return push_timing.after_quiet(city.current().talk.push, now, city.zone()) > now


def mark_pushed(conversation: Conversation, side: Side, now: datetime) -> None:
    """A notice was just pushed: later messages of the burst need none."""
    if side is Side.CUSTOMER:
        conversation.customer_pushed_at = now
    else:
        conversation.staff_pushed_at = now


def _unread(conversation: Conversation, by: Side) -> int | None:
    """The number of the last unread message of a side that is worth reading."""
    read = conversation.customer_read if by is Side.CUSTOMER else conversation.staff_read
    return db.session.scalar(
        select(func.max(Message.seq)).where(
            Message.conversation_id == conversation.id,
            Message.seq > read,
            Message.author == by.other,
            Message.recalled_at.is_(None),
            Message.safety != Safety.RISKY,
            # Messages shown in WeChat's chat need no push.
            func.coalesce(Message.carriage, "") != Carriage.CHAT,
        )
    )
