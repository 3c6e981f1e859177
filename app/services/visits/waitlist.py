"""The wait-list: joining it, leaving it, and what becomes of a customer's place when an offer runs out."""

from datetime import datetime, timedelta

from sqlalchemy import delete, select, update

from app.core import clock, eventbus
from app.core.db import db
from app.core.ids import new_id
from app.domain.conversation.push_timing import after_quiet
from app.domain.errors import AlreadyDoneError
from app.domain.events import VisitWaitEnded
from app.models import Case, Visit, VisitChance, VisitState, VisitWait
from app.services.cases import access
from app.services.installation import city
from app.services.scheduling import reservations, working_hours
from app.services.visits import required_visits


def join_waitlist(case: Case, purpose_key: str) -> None:
    """Puts a case on the wait-list for a time earlier than the booked one, or for any. Raises
    `AlreadyDoneError`.
    """
    access.lock_case(case)
    needed = required_visits.require_needed(case, purpose_key)
    if _waiting(case.id, purpose_key) is not None:
        raise AlreadyDoneError("您已登记候补，有更早的时间会及时通知您。")
    now = clock.now()
    db.session.add(VisitWait(id=new_id(), case_id=case.id, purpose=needed.purpose.key, since=now))
    look_again_tomorrow(now)


def leave_waitlist(case_id: str, purpose_key: str) -> None:
    """Takes a case off the wait-list; does nothing if it is not on it."""
    db.session.execute(
        delete(VisitWait)
        .where(VisitWait.case_id == case_id, VisitWait.purpose == purpose_key)
        .execution_options(synchronize_session=False)
    )


def stop_offering(case_id: str, purpose_key: str) -> None:
    """Takes a case off the list after it cancelled its visit; an offer that is still held is given up."""
    leave_waitlist(case_id, purpose_key)
    offered = open_offer(case_id, purpose_key)
    if offered is not None and reservations.end_booking(offered, VisitState.EXPIRED, VisitState.HELD, {}):
        reservations.release_time([offered])


def offer_ran_out(visit: Visit) -> None:
    """Counts an offer that nobody confirmed: the case goes to the end of the list, or leaves it.

    It leaves after the city's number of offers, and the customer is told.
    """
    # One statement: the customer may be leaving the list at this moment.
    counted = db.session.scalar(
        update(VisitWait)
        .where(VisitWait.case_id == visit.case_id, VisitWait.purpose == visit.purpose)
        .values(since=clock.now(), offers=VisitWait.offers + 1)
        .returning(VisitWait.offers)
        .execution_options(synchronize_session=False)
    )
    if counted is not None and counted >= city.current().visits.most_offers:
        leave_waitlist(visit.case_id, visit.purpose)
        eventbus.publish(VisitWaitEnded(visit.id))


def look_again_tomorrow(now: datetime) -> None:
    """Has the list gone through when a new day enters the window, outside the quiet hours."""
    next_day = working_hours.midnight(working_hours.local_day(now) + timedelta(days=1))
    at = first_quiet_free(next_day)
    known = select(VisitChance.id).where(VisitChance.due_at == at, VisitChance.after_since.is_(None))
    if db.session.scalar(known.limit(1)) is None:
        reservations.set_chance(at)


def open_offer(case_id: str, purpose_key: str) -> str | None:
    """The id of the visit that is held for a customer of the list, if there is one."""
    return db.session.scalar(
        select(Visit.id).where(
            Visit.case_id == case_id,
            Visit.purpose == purpose_key,
            Visit.state == VisitState.HELD,
            Visit.offered.is_(True),
        )
    )


def first_quiet_free(at: datetime) -> datetime:
    """`at`, or the end of the quiet hours that an offer made then would reach into."""
    bundle, zone = city.current(), city.zone()
    begins = after_quiet(bundle.talk.push, at, zone)
    last = begins + bundle.visits.offer - timedelta(microseconds=1)
    quiet_over = after_quiet(bundle.talk.push, last, zone)
    return begins if quiet_over == last else quiet_over


def _waiting(case_id: str, purpose_key: str) -> VisitWait | None:
    return db.session.scalar(
        select(VisitWait).where(VisitWait.case_id == case_id, VisitWait.purpose == purpose_key)
    )
