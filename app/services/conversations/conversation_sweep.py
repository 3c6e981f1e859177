"""Firing due timers of conversations. Any number of processes may sweep: each timer is claimed by one."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from app.core import eventbus
from app.core.queue import Queue
from app.domain.conversation.message_states import Side
from app.models import ConversationTimer, ConversationTimerKind
from app.services.conversations import answer_clock
from app.services.conversations.care import chases, complaints
from app.services.conversations.delivery import unread_push

QUEUE = Queue("talk", ConversationTimer, falls_due=ConversationTimer.due_at)

Fire = Callable[[str, bool], None]

_FIRE: Mapping[str, Fire] = MappingProxyType(
    {
        ConversationTimerKind.PUSH_CUSTOMER: lambda id_, urgent: unread_push.push_unread(
            id_, Side.CUSTOMER, urgent=urgent
        ),
        ConversationTimerKind.PUSH_STAFF: lambda id_, urgent: unread_push.push_unread(
            id_, Side.STAFF, urgent=urgent
        ),
        ConversationTimerKind.ANSWER_REMINDER: lambda id_, _urgent: answer_clock.remind(id_, overdue=False),
        ConversationTimerKind.ANSWER_OVERDUE: lambda id_, _urgent: answer_clock.remind(id_, overdue=True),
        ConversationTimerKind.CHASE_OVERDUE: lambda id_, _urgent: chases.remind_of_chase(id_),
        ConversationTimerKind.COMPLAINT_REMINDER: lambda id_, _urgent: complaints.remind_of_complaint(
            id_, overdue=False
        ),
        ConversationTimerKind.COMPLAINT_OVERDUE: lambda id_, _urgent: complaints.remind_of_complaint(
            id_, overdue=True
        ),
    }
)


def sweep(limit: int) -> int:
    """Fire up to `limit` timers that are due, in the caller's transaction; how many it took."""
    rows = QUEUE.pop(limit)
    with eventbus.together():
        # In one order for every worker, so that two of them never wait for each other.
        for row in sorted(rows, key=lambda row: (row.subject_id, row.kind)):
            _FIRE[row.kind](row.subject_id, row.urgent)
    return len(rows)
