"""The outbox as queues: what waits, for each channel and importance by itself, and what a dead worker held.

The outbox is claimed like every other queue, with three differences. It is asked channel by channel, since a
channel may be closed, and the most important first; that way each question is answered by one stretch of an
index. A claim leaves out people for whom the worker holds enough. And a row whose lease ran out is not simply
due again: whether it may be sent a second time depends on whether it was handed to WeChat (claims.py).
"""

from datetime import timedelta

from sqlalchemy import ColumnElement, literal_column

from app.core.queue import NOW, Lease, Queue
from notifications.channels.registry import CHANNELS
from notifications.models import DeliveryState, OutboxMessage
from notifications.outbox.delivery_rules import IMPORTANCES
from notifications.wording.kinds import Channel

LEASE = timedelta(minutes=2)
"""How long a worker may hold a message: time to send what it claimed, and well inside WeChat's 10 minutes."""

PUSHED = tuple(CHANNELS)
"""The channels of the dispatcher; calls are the manager's (calls.py)."""

# As words of the statement: an index over part of the rows is used for it only when the part is named so.
_WAITING: ColumnElement[str] = literal_column(f"'{DeliveryState.WAITING}'")
SENDING: ColumnElement[str] = literal_column(f"'{DeliveryState.SENDING}'")


def is_waiting(channel: Channel, importance: int) -> ColumnElement[bool]:
    """Whether a message is due by this channel, and so important."""
    return (
        (OutboxMessage.state == _WAITING)
        & (OutboxMessage.channel == literal_column(f"'{channel}'"))
        & (OutboxMessage.importance == literal_column(str(importance)))
        & (OutboxMessage.next_attempt_at <= NOW)
    )


WAITING = {
    (channel, importance): Queue(
        f"messages.{channel}.{importance}",
        OutboxMessage,
        falls_due=OutboxMessage.next_attempt_at,
        due=(is_waiting(channel, importance),),
    )
    for channel in PUSHED
    for importance in IMPORTANCES
}

CLAIMED = Queue(
    "messages.lease_ran_out",
    OutboxMessage,
    due=((OutboxMessage.state == SENDING) & (OutboxMessage.lease_until < NOW),),
    order_by=(OutboxMessage.lease_until,),
    lease=Lease(
        OutboxMessage.lease_owner,
        OutboxMessage.lease_until,
        LEASE,
        OutboxMessage.attempts,
        {"state": DeliveryState.SENDING, "claimed_at": NOW, "handed_at": None},
    ),
)
"""What is leased to a worker. It is due when the lease has run out."""
