"""Firing what is owed in conversations. Any number of processes may sweep: each timer is taken by one."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from app.core import eventbus
from app.domain.talk.states import Side
from app.models import TalkTimer, TalkTimerKind
from app.services.conversations import answering, chasing, complaining, pushing
from app.services.timers.taking import take_due

Fire = Callable[[str, bool], None]

_FIRE: Mapping[str, Fire] = MappingProxyType(
    {
        TalkTimerKind.PUSH_CUSTOMER: lambda id_, urgent: pushing.fire(id_, Side.CUSTOMER, urgent=urgent),
        TalkTimerKind.PUSH_STAFF: lambda id_, urgent: pushing.fire(id_, Side.STAFF, urgent=urgent),
        TalkTimerKind.ANSWER_REMINDER: lambda id_, _urgent: answering.remind(id_, overdue=False),
        TalkTimerKind.ANSWER_OVERDUE: lambda id_, _urgent: answering.remind(id_, overdue=True),
        TalkTimerKind.CHASE_OVERDUE: lambda id_, _urgent: chasing.remind(id_),
        TalkTimerKind.COMPLAINT_REMINDER: lambda id_, _urgent: complaining.remind(id_, overdue=False),
        TalkTimerKind.COMPLAINT_OVERDUE: lambda id_, _urgent: complaining.remind(id_, overdue=True),
    }
)


def sweep(limit: int) -> int:
    """Fire up to `limit` timers that are due, in the caller's transaction; how many it took."""
    rows = take_due(TalkTimer, limit)
    with eventbus.together():
        # In one order for every worker, so that two of them never wait for each other.
        for row in sorted(rows, key=lambda row: (row.subject_id, row.kind)):
            _FIRE[row.kind](row.subject_id, row.urgent)
    return len(rows)
