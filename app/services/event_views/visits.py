"""What notices need to know of a visit, as plain values."""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select

from app.core.db import db
from app.domain.visit_rules import Place
from app.models import Case, Visit, VisitState
from app.services.event_views import cases
from app.services.event_views.cases import CaseView
from app.services.people import recipients
from app.services.people.recipients import StaffRecipient
from app.services.scheduling.availability import Supposition
from app.services.visits import appointments, required_visits
from app.services.visits.booking import find_openings
from app.services.visits.views import visit_queries


@dataclass(frozen=True, slots=True)
class VisitView:
    """A visit and everybody who comes, the lead first.

    `at_customers`: at the customer's address, not at the utility's office. `was` is the time that it had
    before, `next_opening` the first other one that could be had now. `announced_with`: the visit that it is
    joined to, whose reminders name this one, too.
    """

    visit_id: str
    case: CaseView
    purpose_name: str
    state: str
    starts_at: datetime
    ends_at: datetime
    was: datetime | None
    expected_at: datetime | None
    hold_until: datetime | None
    next_opening: datetime | None
    address: str
    at_customers: bool
    visitors: tuple[StaffRecipient, ...]
    reason: str | None
    no_show_of: str | None
    announced_with: str | None = None


def visit(visit_id: str, *, former_id: str | None = None, look_for_next: bool = False) -> VisitView:
    """What notices say of a visit; `former_id` is the one in whose place it came.

    `look_for_next` asks for the next opening, which costs as much as listing them.
    """
    found = db.session.get_one(Visit, visit_id)
    case = db.session.get_one(Case, found.case_id)
    place = visit_queries.where(case, found)
    former = None if former_id is None else db.session.get_one(Visit, former_id)
    return VisitView(
        visit_id=found.id,
        case=cases.case(case.id),
        purpose_name=visit_queries.purpose_name(found),
        state=found.state,
        starts_at=found.starts_at,
        ends_at=found.ends_at,
        was=None if former is None else former.starts_at,
        expected_at=found.expected_at,
        hold_until=found.hold_until,
        next_opening=_next(case, found) if look_for_next else None,
        address=place.address,
        at_customers=place.kind == Place.SITE,
        visitors=tuple(recipients.member(staff_id) for staff_id in appointments.staff_ids(found.id)),
        reason=found.reason if former is None else former.reason,
        no_show_of=found.no_show_of,
        announced_with=_announced_with(found),
    )


def trip(visit_id: str) -> VisitView:
    """The same, named with the purposes of the visits that are joined to it: one trip, one reminder."""
    found = visit(visit_id)
    joined = db.session.scalars(
        select(Visit)
        .where(Visit.joined_to == visit_id, Visit.state == VisitState.CONFIRMED)
        .order_by(Visit.starts_at)
    )
    names = [found.purpose_name, *(visit_queries.purpose_name(each) for each in joined)]
    return replace(found, purpose_name="、".join(names))


def people(visit_id: str) -> tuple[StaffRecipient, ...]:
    """Everybody who comes, or was to come, to a visit."""
    return tuple(recipients.member(staff_id) for staff_id in appointments.staff_ids(visit_id))


def who_came(visit_id: str) -> tuple[StaffRecipient, ...]:
    """Those of them who have checked in."""
    came = [row.staff_id for row in appointments.attendees(visit_id) if row.arrived_at is not None]
    return tuple(recipients.member(staff_id) for staff_id in came)


def _announced_with(found: Visit) -> str | None:
    first = None if found.joined_to is None else db.session.get_one(Visit, found.joined_to)
    # Of a visit in doubt nobody is reminded.
    if first is None or first.state != VisitState.CONFIRMED or first.in_doubt_at is not None:
        return None
    return first.id


def _next(case: Case, found: Visit) -> datetime | None:
    needed = required_visits.find_needed(case, found.purpose)
    if needed is None:
        return None
    openings = find_openings.view(
        case, needed, find_openings.bookable(), Supposition(without=[found.id])
    ).listed()
    return openings[0].starts_at if openings else None
