"""A message's row as the dispatcher reads it, and the envelope that is made of it."""

from datetime import datetime
from typing import Any

from sqlalchemy import LargeBinary, Row, type_coerce

from notifications.channels.envelope import Envelope, LaterRoutes, Route
from notifications.models import OutboxMessage
from notifications.wording.kinds import Channel

COLUMNS: tuple[Any, ...] = (
    OutboxMessage.id,
    OutboxMessage.kind,
    OutboxMessage.case_id,
    OutboxMessage.recipient_id,
    OutboxMessage.case_id,
    OutboxMessage.task_id,
    OutboxMessage.subject_id,
    OutboxMessage.channel,
    OutboxMessage.template_key,
    OutboxMessage.openid,
    OutboxMessage.data,
    OutboxMessage.page,
    type_coerce(OutboxMessage.next_channels, LargeBinary).label("next_channels"),
    OutboxMessage.importance,
    OutboxMessage.attempts,
    OutboxMessage.created_at,
    OutboxMessage.expires_at,
    OutboxMessage.needed_by,
    OutboxMessage.audience,
    OutboxMessage.state,
    OutboxMessage.handed_at,
    OutboxMessage.unknown_since,
)
"""What an envelope is made of, and what a claim has to know."""


def envelope(row: Row[Any], attempt: int, lease_until: datetime, phone: str | None = None) -> Envelope:
    """The message of a row of `COLUMNS`."""
    return Envelope(
        id=row.id,
        kind=row.kind,
        case_id=row.case_id,
        recipient_id=row.recipient_id,
        route=Route(Channel(row.channel), row.template_key, row.openid, row.data),
        next_routes=LaterRoutes(row.next_channels),
        page=row.page,
        attempt=attempt,
        lease_until=lease_until,
        unknown_since=row.unknown_since,
        phone=phone,
    )
