"""Briefs of people as somebody to write to."""

from collections.abc import Iterable

from app.services.briefs import CaseBrief, PersonBrief
from notifications.kinds import Audience
from notifications.outbox import Recipient


def customer_of(brief: CaseBrief) -> list[Recipient]:
    """The customer, if the case has one yet: it may have been opened for somebody who never logged in."""
    if brief.customer_id is None:
        return []
    return [
        Recipient(Audience.CUSTOMER, brief.customer_id, brief.customer_openid, brief.customer_service_openid)
    ]


def members(people: Iterable[PersonBrief]) -> list[Recipient]:
    """Members of staff."""
    return [
        Recipient(Audience.STAFF, person.staff_id, person.openid, person.service_openid) for person in people
    ]
