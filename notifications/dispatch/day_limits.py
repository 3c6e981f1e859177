"""How many messages a member of staff gets in a day; beyond, what can wait joins the next morning's message.

What must be done now is always sent, and so is what is needed before the end of the next morning's day. Both
count. Who is told too much mutes the account, and then hears of nothing.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, and_, bindparam, func, literal_column, or_, select

from app.core.db import db
from app.core.list_parameter import one_of
from notifications.dispatch import member_limits
from notifications.models import TO_STAFF, DeliveryState, OutboxMessage
from notifications.outbox import delivery_rules, mornings
from notifications.outbox.delivery_rules import Urgency
from notifications.wording.kinds import Audience

_SENT = (
    DeliveryState.SENDING.value,
    DeliveryState.ACCEPTED.value,
    DeliveryState.DELIVERED.value,
    DeliveryState.UNKNOWN.value,
)

_COUNTED = (
    select(OutboxMessage.recipient_id, func.count())
    .where(
        # In the words of the index.
        literal_column(TO_STAFF),
        one_of(OutboxMessage.recipient_id, "people"),
        or_(
            and_(OutboxMessage.handed_at >= bindparam("since"), OutboxMessage.state.in_(_SENT)),
            and_(OutboxMessage.handed_at.is_(None), OutboxMessage.state == DeliveryState.SENDING.value),
        ),
    )
    .group_by(OutboxMessage.recipient_id)
)


def beyond(rows: Sequence[Row[Any]], now: datetime) -> set[str]:
    """Which of these messages wait for the next morning, by their ids; what comes first in `rows` has room.

    In the caller's transaction, which claims the others. Only one claim at a time counts.
    """
    to_staff = [row for row in rows if row.audience == Audience.STAFF]
    waitable = _waitable(to_staff, now)
    if not waitable:
        return set()
    member_limits.wait_for_other_claims()
    told = _told_today({row.recipient_id for row in waitable.values()}, now)
    told.update(row.recipient_id for row in to_staff if row.id not in waitable)
    most = delivery_rules.current().most_a_day
    found = set()
    for row in waitable.values():
        if told[row.recipient_id] >= most:
            found.add(row.id)
        else:
            told[row.recipient_id] += 1
    return found


def _waitable(rows: Sequence[Row[Any]], now: datetime) -> dict[str, Row[Any]]:
    """Those that need not be sent today, by their ids."""
    urgency = delivery_rules.current().urgency
    # A kind that the city has given up since is sent as it is. Of a message whose outcome is unknown the
    # person may know already: it is repeated, or left at that.
    alone = [row for row in rows if urgency.get(row.kind) is Urgency.ALONE and row.unknown_since is None]
    if not alone:
        return {}
    until = mornings.end_of_next(now)
    return {row.id: row for row in alone if row.needed_by is None or row.needed_by > until}


def _told_today(people: Collection[str], now: datetime) -> Counter[str]:
    asked = {"people": sorted(people), "since": mornings.start_of_day(now)}
    return Counter({row[0]: row[1] for row in db.session.connection().execute(_COUNTED, asked)})
