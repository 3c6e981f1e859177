"""Going through the wait-list: who waits longest is offered the earliest time that is earlier than theirs.

A chance (`VisitChance`) says that time may have opened, whatever opened it: a visit that ended, a hold that
ran out, changed hours, a colleague who came or is back, a new calendar, a new day in the window. Chances that
are due together are one round through the list, from its beginning; each transaction asks one customer. Which
time opened is not kept: each customer is offered what they themselves could book (docs/decisions/0026).
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Row, and_, delete, insert, or_, select
from sqlalchemy.orm import aliased

from app.core import clock, eventbus
from app.core.db import db
from app.core.queue import Queue
from app.domain.errors import SlotTakenError
from app.domain.events import VisitOffered
from app.domain.slots import grid
from app.domain.slots.openings import Opening
from app.models import Actor, Case, DueKind, Visit, VisitAttendee, VisitChance, VisitState, VisitWait
from app.services.cases import access
from app.services.history.timeline import ENGINE
from app.services.installation import city
from app.services.scheduling import reservations, working_hours
from app.services.scheduling.availability import BookedTime, Supposition
from app.services.visits import appointments, required_visits, waitlist
from app.services.visits.booking import find_openings
from app.services.visits.booking.reserve import BookingRequest, reserve_visit
from app.services.visits.required_visits import Needed

QUEUE = Queue("waitlist", VisitChance, falls_due=VisitChance.due_at)
_JOINED = 100
_MOST_ATTEMPTS = 3


def sweep() -> int:
    """Asks one customer, the first in line first. Returns how many chances it took, 0 when none is due.

    One in each transaction, since each locks a case: holding two could deadlock with other processes. When an
    offer would reach into the quiet hours nobody is asked: the chance waits for the morning, everybody keeps
    their place, and until then the time is open to all.
    """
    rows = QUEUE.pop(_JOINED)
    if not rows:
        return 0
    now = clock.now()
    morning = waitlist.first_quiet_free(now)
    if morning > now:
        reservations.set_chance(morning)
        return len(rows)
    since, after_id = _least_advanced(rows)
    waiting = _next(since, after_id)
    if waiting is not None:
        if since is None:
            waitlist.look_again_tomorrow(now)
        db.session.connection().execute(
            insert(VisitChance),
            {"due_at": rows[0].due_at, "after_since": waiting.since, "after_id": waiting.id},
        )
        _try(waiting)
    return len(rows)


def _least_advanced(rows: Sequence[Row[*tuple[object, ...]]]) -> tuple[datetime | None, str | None]:
    """Where to go on so that nobody is passed over by any of these rounds."""
    if any(row.after_since is None for row in rows):
        return None, None
    return min((row.after_since, row.after_id) for row in rows)


def _next(since: datetime | None, after_id: str | None) -> VisitWait | None:
    query = select(VisitWait).order_by(VisitWait.since, VisitWait.id).limit(1)
    if since is not None:
        later = and_(VisitWait.since == since, VisitWait.id > (after_id or ""))
        query = query.where(or_(VisitWait.since > since, later))
    return db.session.scalar(query)


def _try(waiting: VisitWait) -> None:
    """Holds the earliest time that is earlier than what the customer has and that they did not refuse."""
    case = db.session.get_one(Case, waiting.case_id)
    access.lock_case(case)
    if db.session.scalar(select(VisitWait.id).where(VisitWait.id == waiting.id)) is None:
        # Left the list while this waited for the lock, by cancelling for example.
        return
    needed = required_visits.find_needed(case, waiting.purpose)
    if needed is None:
        db.session.execute(
            delete(VisitWait).where(VisitWait.id == waiting.id).execution_options(synchronize_session=False)
        )
        return
    booked = appointments.live_visit(case.id, waiting.purpose)
    if waitlist.open_offer(case.id, waiting.purpose) or (
        booked is not None and booked.state == VisitState.HELD
    ):
        return
    for _ in range(_MOST_ATTEMPTS):
        opening = _earlier(case, needed, booked)
        if opening is None or _hold(case, needed, booked, opening):
            return
        # Somebody was faster; there may be another one.


def _earlier(case: Case, needed: Needed, booked: Visit | None) -> Opening | None:
    refused = _refused(case.id, needed.purpose.key)
    seen = find_openings.view(case, needed, find_openings.bookable(), Supposition(taken=_open_to_all()))
    for opening in seen.listed():
        if booked is not None and opening.starts_at >= booked.starts_at:
            return None
        if not any(opening.starts_at < ends and starts < opening.ends_at for starts, ends in refused):
            return opening
    return None


def _refused(case_id: str, purpose_key: str) -> list[tuple[datetime, datetime]]:
    """Times that the customer was offered and let go, cancelled, or moved away from."""
    later = aliased(Visit)
    moved_by_customer = (
        select(later.id)
        .where(
            later.chain_id == Visit.chain_id,
            later.sequence == Visit.sequence + 1,
            later.booked_by == Actor.CUSTOMER.value,
        )
        .exists()
    )
    rows = db.session.execute(
        select(Visit.starts_at, Visit.ends_at).where(
            Visit.case_id == case_id,
            Visit.purpose == purpose_key,
            or_(
                Visit.offered.is_(True),
                Visit.state == VisitState.CANCELLED,
                and_(Visit.state == VisitState.RESCHEDULED, moved_by_customer),
            ),
        )
    )
    return [(starts_at, ends_at) for starts_at, ends_at in rows]


def _open_to_all() -> list[BookedTime]:
    """The time of offers that ran out a moment ago: for a pause it is nobody's on the list."""
    rules, now = city.current().visits, clock.now()
    rows = db.session.execute(
        select(VisitAttendee.staff_id, Visit.purpose, Visit.starts_at)
        .join(Visit, Visit.id == VisitAttendee.visit_id)
        .where(
            Visit.starts_at > now,
            Visit.offered.is_(True),
            Visit.state == VisitState.EXPIRED,
            Visit.ended_at > now - rules.offer_pause,
        )
    )
    found = []
    for staff_id, purpose, starts_at in rows:
        piece, taken = grid.piece_of(starts_at), rules.purposes[purpose].need.taken
        pieces = range(piece + taken.start, piece + taken.stop)
        found.append(BookedTime(staff_id, pieces, working_hours.local_day(starts_at)))
    return found


def _hold(case: Case, needed: Needed, booked: Visit | None, opening: Opening) -> bool:
    """Holds it and tells the customer; False when somebody was faster."""
    until = clock.now() + city.current().visits.offer
    wish = BookingRequest(
        needed,
        opening.starts_at,
        ENGINE,
        VisitState.HELD,
        hold_until=until,
        former=booked,
        offered=True,
        kept=() if booked is None else appointments.staff_ids(booked.id),
    )
    try:
        visit = reserve_visit(case, wish, find_openings.bookable())
    except SlotTakenError:
        return False
    reservations.set_due([(visit.id, DueKind.HOLD_END.value, until)])
    eventbus.publish(VisitOffered(visit.id))
    return True
