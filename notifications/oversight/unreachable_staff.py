"""Which members of staff can't be told by any channel, and how many of them were to be told something."""

from datetime import datetime

from sqlalchemy import func, select

from app.core.db import db
from app.services.people import addresses
from app.services.people.addresses import UnreachableStaff
from notifications.models import Notice
from notifications.outbox import delivery_rules

DIGEST = "morning_digest"
"""The message that the summary is a part of."""
SUMMARY = "undelivered"
"""The kind of the morning summary itself, which must not be a reason for the next one."""


def listed() -> list[UnreachableStaff]:
    """Everybody whom none of the city's channels for staff reaches, by staff number."""
    return addresses.unreachable_staff(delivery_rules.current().staff_chain)


def told_in_vain(since: datetime, until: datetime) -> int:
    """How many of them had something written to them after `since` and until `until`."""
    people = [each.staff_id for each in listed()]
    if not people:
        return 0
    found = select(func.count(Notice.staff_id.distinct())).where(
        Notice.staff_id.in_(people),
        Notice.created_at > since,
        Notice.created_at <= until,
        Notice.kind.not_in((SUMMARY, DIGEST)),
    )
    return db.session.scalar(found) or 0
