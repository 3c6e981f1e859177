"""When no message reaches a customer: the manager is asked to call, unless the notice was read in the app."""

from typing import Any

from sqlalchemy import Row, insert, select, update

from app.core import clock
from app.core.db import db
from app.core.queue import Queue
from app.services.cases.decisions import call_customer
from notifications.channels.envelope import OutcomeKind
from notifications.dispatch import skip_rules
from notifications.dispatch.outbox_queue import is_waiting
from notifications.models import DeliveryAttempt, DeliveryState, Notice, OutboxMessage
from notifications.outbox.delivery_rules import IMPORTANCES
from notifications.wording.kinds import Channel

READ = "read_in_app"
ASKED = "manager_asked"
NOBODY = "nobody_to_ask"
TOO_LATE = OutcomeKind.OVER.value
"""How an attempt ends: no need to call; the manager has the task; the case has no such task (any more); what
was to be told has lost its point."""


def ask_managers(limit: int) -> int:
    """Deal with up to `limit` messages that nothing carried, in the caller's transaction; how many it were.

    One open task “致电客户” stands for everything a customer of that case was not told.
    """
    now = clock.now()
    rows = db.session.connection().execute(_DUE, {"now": now, "limit": limit}).all()
    if not rows:
        return 0
    late = skip_rules.pointless(rows, now)
    outcomes = {row.id: _deal_with(row, late=row.id in late) for row in rows}
    connection = db.session.connection()
    for outcome, state in _STATES.items():
        ids = [each for each, came in outcomes.items() if came == outcome]
        if ids:
            connection.execute(
                update(OutboxMessage)
                .where(OutboxMessage.id.in_(ids))
                .values(state=state, failure_class=outcome, settled_at=now)
            )
    connection.execute(
        insert(DeliveryAttempt),
        [
            {
                "message_id": each,
                "at": now,
                "channel": Channel.CALL,
                "template_key": "",
                "outcome": outcome,
                "errcode": None,
            }
            for each, outcome in outcomes.items()
        ],
    )
    return len(rows)


_STATES = {
    READ: DeliveryState.DELIVERED,
    ASKED: DeliveryState.TO_CALL,
    NOBODY: DeliveryState.REFUSED,
    TOO_LATE: DeliveryState.EXPIRED,
}

QUEUE = Queue(
    "calls",
    OutboxMessage,
    due=tuple(is_waiting(Channel.CALL, importance) for importance in IMPORTANCES),
    order_by=(OutboxMessage.importance, OutboxMessage.next_attempt_at),
)
_DUE = QUEUE.locking(
    select(
        OutboxMessage.id,
        OutboxMessage.kind,
        OutboxMessage.recipient_id,
        OutboxMessage.case_id,
        OutboxMessage.task_id,
        OutboxMessage.subject_id,
        OutboxMessage.expires_at,
        Notice.read_at,
    ).join(Notice, Notice.id == OutboxMessage.notice_id)
)


def _deal_with(row: Row[*tuple[Any, ...]], *, late: bool) -> str:
    if row.read_at is not None:
        return READ
    if late:
        return TOO_LATE
    return ASKED if call_customer.ask_to_call(row.case_id) else NOBODY
