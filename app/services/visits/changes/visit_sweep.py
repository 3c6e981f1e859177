"""What becomes due with visits: expiring holds, reminders, late visitors, revalidation after a change.

The visit's state at that time decides. One visit in each transaction, since revalidation locks a case.
"""

from datetime import datetime, timedelta

from sqlalchemy import select

from app.core import clock, eventbus
from app.core.db import db
from app.core.queue import Queue
from app.domain.events import VisitLate, VisitNear, VisitUnended
from app.models import DueKind, Visit, VisitAttendee, VisitDue, VisitRecheck, VisitState
from app.services.installation import city
from app.services.scheduling import reservations
from app.services.visits import appointments, waitlist, work_before_visits
from app.services.visits.changes import offer_times, unended
from app.services.visits.changes.revalidate import revalidate
from app.services.visits.day import delay_reach

VISITS = Queue("visits", VisitDue, falls_due=VisitDue.due_at)
RECHECKS = Queue("rechecks", VisitRecheck, falls_due=VisitRecheck.due_at)
QUEUES = (RECHECKS, VISITS, offer_times.QUEUE)
"""Everything that falls due with visits."""


def sweep() -> int:
    """Handles the visit that has waited longest, in the caller's transaction. Returns how many it handled."""
    rows = VISITS.pop(1)
    for row in rows:
        kind = DueKind(row.kind)
        if kind in (DueKind.REFIT, DueKind.ASK):
            revalidate(row.visit_id, ask=kind is DueKind.ASK)
            continue
        if kind is DueKind.DELAY:
            delay_reach.follow_delay(row.visit_id)
            continue
        visit = db.session.get_one(Visit, row.visit_id)
        if kind is DueKind.HOLD_END:
            _end_hold(visit)
        elif kind is DueKind.END_OF_DAY:
            unended.end_unended(visit)
        elif visit.state == VisitState.CONFIRMED:
            _confirmed(visit, kind)
    return len(rows)


def spread() -> int:
    """Turns a change that affects many visits into one revalidation each. Returns how many changes it
    handled.

    Visits booked later are not included: they were booked under the new conditions.
    """
    rows = RECHECKS.pop(1)
    now = clock.now()
    for row in rows:
        # Wider hours, an absence taken back or a new calendar open time, too.
        reservations.set_chance(now)
        concerned = select(Visit.id).where(Visit.state.in_(reservations.LIVE), Visit.starts_at > now)
        if row.staff_id is not None:
            concerned = concerned.join(VisitAttendee, VisitAttendee.visit_id == Visit.id).where(
                VisitAttendee.staff_id == row.staff_id
            )
        if row.case_id is not None:
            concerned = concerned.where(Visit.case_id == row.case_id)
        kind = DueKind.ASK if row.ask else DueKind.REFIT
        found = db.session.scalars(concerned.order_by(Visit.starts_at, Visit.id)).all()
        # Earlier visits become due first, so that they choose first, as the preview says.
        reservations.set_due(
            (visit_id, kind.value, now - timedelta(microseconds=len(found) - place))
            for place, visit_id in enumerate(found)
        )
    return len(rows)


def _end_hold(visit: Visit) -> None:
    pause = city.current().visits.offer_pause if visit.offered else timedelta(0)
    if reservations.end_booking(visit.id, VisitState.EXPIRED, VisitState.HELD, {}):
        reservations.release_time([visit.id], chance_after=pause)
    db.session.refresh(visit)
    # Also when somebody who wanted the time had ended the offer; not when it ended before its hour was over.
    if visit.offered and visit.state == VisitState.EXPIRED and _lasted(visit):
        waitlist.offer_ran_out(visit)


def _lasted(visit: Visit) -> bool:
    return visit.hold_until is None or visit.ended_at is None or visit.ended_at >= visit.hold_until


def _confirmed(visit: Visit, kind: DueKind) -> None:
    if kind is DueKind.UNENDED:
        if appointments.somebody_came(visit.id):
            eventbus.publish(VisitUnended(visit.id))
        return
    if kind is not DueKind.LATE:
        if visit.in_doubt_at is None:
            eventbus.publish(VisitNear(visit.id, evening=kind is DueKind.EVENING_BEFORE))
            work_before_visits.tell_missing(visit)
        return
    if appointments.somebody_came(visit.id):
        return
    again = _later(visit)
    if again is None:
        eventbus.publish(VisitLate(visit.id))
    else:
        reservations.set_due([(visit.id, DueKind.LATE.value, again)])


def _later(visit: Visit) -> datetime | None:
    """When to check again for a visitor who announced a delay; None when that time has passed too."""
    if visit.expected_at is None:
        return None
    until = visit.expected_at + city.current().visits.late_after
    return until if until > clock.now() else None
