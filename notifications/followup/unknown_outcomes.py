"""What becomes of messages whose outcome stays unknown: the city's rule, once WeChat's report is overdue.

A request left and no answer came. WeChat recognises no repetition of a subscribe message, so it is not sent
again; its report settles it (receipts.py). When none has come for as long as the city waits, the rule of its
template is applied and written down as an attempt: it is left at that, or the person is told another way.
"""

from datetime import datetime

from sqlalchemy import and_, bindparam, literal_column, select

from app.core import clock
from app.core.db import db
from app.core.queue import Queue
from notifications.channels.envelope import Outcome, OutcomeKind
from notifications.dispatch import record_outcomes, row_mapping
from notifications.dispatch.outcome_policy import Resolution, next_channel
from notifications.models import UNDELIVERED, DeliveryState, OutboxMessage
from notifications.outbox import delivery_rules
from notifications.outbox.delivery_rules import Unsettled

PRESUMED = "presumed_arrived"
"""The failure class of a message that is left at that."""


def resolve_unknown_outcomes(limit: int) -> int:
    """Apply the rule to up to `limit` messages, in the caller's transaction; how many there were."""
    now = clock.now()
    rows = db.session.connection().execute(_OVERDUE, _before(now) | {"limit": limit}).all()
    settled = []
    for row in rows:
        message = row_mapping.envelope(row, row.attempts, now)
        new = Resolution(DeliveryState.UNKNOWN, message.attempt, PRESUMED, unknown_since=row.unknown_since)
        if (
            delivery_rules.current().rule_of(row.template_key) is Unsettled.NEXT_CHANNEL
            and message.next_routes
        ):
            new = next_channel(message, now, "unknown_outcome")
        settled.append((message, Outcome(OutcomeKind.RULED, now), new))
    record_outcomes.record_attempts(settled, owner=None)
    return len(rows)


def _before(now: datetime) -> dict[str, datetime]:
    return {"unknown_before": now - delivery_rules.current().settle_after}


QUEUE = Queue(
    "unknown",
    OutboxMessage,
    due=(
        and_(
            # In the words of the index over what did not arrive.
            literal_column(UNDELIVERED),
            OutboxMessage.state == literal_column(f"'{DeliveryState.UNKNOWN}'"),
            OutboxMessage.settled_at <= bindparam("unknown_before"),
            OutboxMessage.failure_class.is_distinct_from(PRESUMED),
        ),
    ),
    order_by=(OutboxMessage.settled_at,),
    parameters=_before,
)
_OVERDUE = QUEUE.locking(select(*row_mapping.COLUMNS))
