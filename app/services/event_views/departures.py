"""What notices need to know of somebody who left, as plain values."""

from dataclasses import dataclass

from app.core.db import db
from app.models import Staff, StaffDeparture
from app.services.people import recipients
from app.services.people.recipients import StaffRecipient


@dataclass(frozen=True, slots=True)
class DepartureView:
    """Somebody who left, and the manager to whom cases pass (None where it is about nobody in particular)."""

    departure_id: str
    number: str
    name: str
    manager: StaffRecipient | None


def departure(departure_id: str, manager_id: str | None = None) -> DepartureView:
    """What notices say of a departure."""
    found = db.session.get_one(StaffDeparture, departure_id)
    member = db.session.get_one(Staff, found.staff_id)
    return DepartureView(
        departure_id,
        member.number,
        member.name,
        None if manager_id is None else recipients.acting_member(manager_id),
    )
