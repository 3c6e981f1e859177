"""The wait-list: who waits longest is offered an earlier time that became free."""

from datetime import datetime

from sqlalchemy import and_, delete, insert, or_, select

from app.core import clock, eventbus
from app.core.db import db
from app.core.ids import new_id
from app.core.queue import Queue
from app.domain.errors import AlreadyDoneError, SlotTakenError
from app.domain.events import VisitOffered
from app.models import Case, DueKind, Visit, VisitChance, VisitState, VisitWait
from app.services.cases import access
from app.services.history.timeline import ENGINE
from app.services.installation import city
from app.services.scheduling import reservations
from app.services.visits import appointments, required_visits
from app.services.visits.booking import find_openings
from app.services.visits.booking.reserve import BookingRequest, reserve_visit

QUEUE = Queue("waitlist", VisitChance, falls_due=VisitChance.due_at)


def join_waitlist(case: Case, purpose_key: str) -> None:
    """Puts a case on the wait-list for a time earlier than the booked one, or for any. Raises
    `AlreadyDoneError`.
    """
    access.lock_case(case)
    needed = required_visits.require_needed(case, purpose_key)
    if _waiting(case.id, purpose_key) is not None:
        raise AlreadyDoneError("您已登记候补，有更早的时间会立即通知您。")
    db.session.add(VisitWait(id=new_id(), case_id=case.id, purpose=needed.purpose.key, since=clock.now()))


def leave_waitlist(case_id: str, purpose_key: str) -> None:
    """Takes a case off the wait-list; does nothing if it is not on it."""
    db.session.execute(
        delete(VisitWait)
        .where(VisitWait.case_id == case_id, VisitWait.purpose == purpose_key)
        .execution_options(synchronize_session=False)
    )


def to_the_end(case_id: str, purpose_key: str) -> None:
    """Moves a case to the end of the list, after it let an offer expire."""
    waiting = _waiting(case_id, purpose_key)
    if waiting is not None:
        waiting.since = clock.now()


def sweep() -> int:
    """Offers freed time to one customer, the first in line first. Returns how many chances were used.

    One in each transaction, since each locks a case: holding two could deadlock with other processes.
    """
    rows = QUEUE.pop(1)
    for row in rows:
        waiting = _next(row.after_since, row.after_id)
        if waiting is not None:
            db.session.connection().execute(
                insert(VisitChance),
                {"due_at": row.due_at, "after_since": waiting.since, "after_id": waiting.id},
            )
            _try(waiting)
    return len(rows)


def _next(since: datetime | None, after_id: str | None) -> VisitWait | None:
    query = select(VisitWait).order_by(VisitWait.since, VisitWait.id).limit(1)
    if since is not None:
        later = and_(VisitWait.since == since, VisitWait.id > (after_id or ""))
        query = query.where(or_(VisitWait.since > since, later))
    return db.session.scalar(query)


def _try(waiting: VisitWait) -> None:
    """Holds the earliest time that is earlier than what the customer has, if there is one."""
    case = db.session.get_one(Case, waiting.case_id)
    access.lock_case(case)
    needed = required_visits.find_needed(case, waiting.purpose)
    if needed is None:
        leave_waitlist(case.id, waiting.purpose)
        return
    booked = appointments.live_visit(case.id, waiting.purpose)
    if _offered(case.id, waiting.purpose) or (booked is not None and booked.state == VisitState.HELD):
        return
    times = find_openings.bookable()
    found = find_openings.offer(case, needed, times).openings
    if not found or (booked is not None and found[0].starts_at >= booked.starts_at):
        return
    until = clock.now() + city.current().visits.offer
    wish = BookingRequest(
        needed,
        found[0].starts_at,
        ENGINE,
        VisitState.HELD,
        hold_until=until,
        former=booked,
        offered=True,
        kept=() if booked is None else appointments.staff_ids(booked.id),
    )
    try:
        visit = reserve_visit(case, wish, times)
    except SlotTakenError:
        return
    reservations.set_due([(visit.id, DueKind.HOLD_END.value, until)])
    eventbus.publish(VisitOffered(visit.id))


def _waiting(case_id: str, purpose_key: str) -> VisitWait | None:
    return db.session.scalar(
        select(VisitWait).where(VisitWait.case_id == case_id, VisitWait.purpose == purpose_key)
    )


def _offered(case_id: str, purpose_key: str) -> bool:
    return (
        db.session.scalar(
            select(Visit.id).where(
                Visit.case_id == case_id,
                Visit.purpose == purpose_key,
                Visit.state == VisitState.HELD,
                Visit.offered.is_(True),
            )
        )
        is not None
    )
