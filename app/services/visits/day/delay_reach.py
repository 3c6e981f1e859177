"""A delay that reaches the crew's next visits: their customers are warned, and may choose another time.

The jobs look at one visit in each transaction, since a visit's case has to be locked; each visit that is
reached has those that follow it looked at.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select

from app.core import clock, eventbus
from app.core.db import db
from app.domain.events import VisitDelayReached
from app.models import Case, DueKind, Visit, VisitAttendee, VisitState
from app.services.cases import access
from app.services.history.timeline import ENGINE, note
from app.services.installation import city
from app.services.scheduling import reservations, working_hours
from app.services.visits import appointments, visit_updates

# The crew will be there, or was.
_TAKE_PLACE = (VisitState.CONFIRMED.value, VisitState.DONE.value, VisitState.NO_SHOW.value)


def look_at_next(visit: Visit) -> None:
    """Has the jobs look at the next visit of everybody who attends this one, on the same day."""
    now = clock.now()
    found = (_next(visit, staff_id) for staff_id in appointments.staff_ids(visit.id))
    following = {each.id for each in found if each is not None}
    reservations.set_due((visit_id, DueKind.DELAY.value, now) for visit_id in sorted(following))


def follow_delay(visit_id: str) -> None:
    """Computes when the crew can be at a visit, and tells its customer if that has changed.

    A visitor's own announcement for this visit stays, unless the delay before it is longer.
    """
    visit = db.session.get_one(Visit, visit_id)
    case = db.session.get_one(Case, visit.case_id)
    access.lock_case(case)
    db.session.refresh(visit)
    if visit.state != VisitState.CONFIRMED or appointments.somebody_came(visit.id):
        return
    reached = _there_at(visit)
    late = reached is not None and reached > visit.starts_at
    if visit.warned_at is None and (
        not late or (visit.expected_at is not None and reached is not None and visit.expected_at >= reached)
    ):
        return
    expected = reached if late else None
    if expected == visit.expected_at:
        return
    now = clock.now()
    visit_updates.update_visit(visit, expected_at=expected, warned_at=now if late else None)
    detail = {
        "purpose": visit.purpose,
        "starts_at": appointments.history_time(expected or visit.starts_at),
    }
    note(case.id, now, "visit_delayed", ENGINE, detail)
    eventbus.publish(VisitDelayReached(visit.id, late=late))
    look_at_next(visit)


def _there_at(visit: Visit) -> datetime | None:
    """When the last of the attendees can be there, coming from the visit before; None when nothing delays."""
    instants = [
        at
        for staff_id in appointments.staff_ids(visit.id)
        if (before := _before(visit, staff_id)) is not None and (at := _free_at(before, visit)) is not None
    ]
    return max(instants, default=None)


def _free_at(before: Visit, visit: Visit) -> datetime | None:
    """When somebody who comes from the visit `before` can be at this one: its delayed end, and the way.

    None when it runs as booked. A visit that somebody came to counts from then on; of one that is over, the
    end is known.
    """
    purposes = city.current().visits.purposes
    way = timedelta(
        minutes=purposes[before.purpose].travel_after_minutes + purposes[visit.purpose].travel_before_minutes
    )
    if before.id == visit.joined_to:
        # Joined visits are one trip: the crew is there already.
        way = timedelta()
    if before.state != VisitState.CONFIRMED:
        return None if before.ended_at is None else before.ended_at + way
    came = [row.arrived_at for row in appointments.attendees(before.id) if row.arrived_at is not None]
    begins = min(came) if came else before.expected_at
    if begins is None or begins <= before.starts_at:
        return None
    return begins + (before.ends_at - before.starts_at) + way


def _next(visit: Visit, staff_id: str) -> Visit | None:
    later = (found for found in _of_day(visit, staff_id) if found.starts_at > visit.starts_at)
    return next((found for found in later if found.state == VisitState.CONFIRMED), None)


def _before(visit: Visit, staff_id: str) -> Visit | None:
    earlier = [found for found in _of_day(visit, staff_id) if found.starts_at < visit.starts_at]
    return earlier[-1] if earlier else None


def _of_day(visit: Visit, staff_id: str) -> Sequence[Visit]:
    """The visits of a person on the day of this one that take place or did, in order."""
    day = working_hours.local_day(visit.starts_at)
    starts, ends = working_hours.midnight(day), working_hours.midnight(day + timedelta(days=1))
    return db.session.scalars(
        select(Visit)
        .join(VisitAttendee, VisitAttendee.visit_id == Visit.id)
        .where(
            VisitAttendee.staff_id == staff_id,
            Visit.state.in_(_TAKE_PLACE),
            Visit.starts_at >= starts,
            Visit.starts_at < ends,
        )
        .order_by(Visit.starts_at)
    ).all()
