"""Who is written to, and how values are put, for every handler."""

from collections.abc import Iterable

from app.core import clock
from app.services.event_views.cases import CaseBrief
from app.services.installation import city
from app.services.people.recipients import PersonBrief
from notifications.outbox.outbox import Recipient
from notifications.telling.values import Speech
from notifications.wording import catalog
from notifications.wording.kinds import Audience


def speech() -> Speech:
    """The words of this city, at the instant of what is told."""
    return Speech(catalog.current().wording, city.zone(), clock.now())


def customer(brief: CaseBrief) -> list[Recipient]:
    """The customer, if the case has one yet: it may have been opened for somebody who never logged in."""
    if brief.customer_id is None:
        return []
    return [
        Recipient(Audience.CUSTOMER, brief.customer_id, brief.customer_openid, brief.customer_service_openid)
    ]


def staff(people: Iterable[PersonBrief]) -> list[Recipient]:
    """Members of staff, by the openids that WeChat knows of them."""
    return [
        Recipient(Audience.STAFF, person.staff_id, person.openid, person.service_openid) for person in people
    ]
