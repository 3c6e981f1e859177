"""Reserving people's time for a case: choose who comes, reserve, and choose again if somebody was faster."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from app.core import clock
from app.core.db import db
from app.core.ids import new_id
from app.domain.errors import FieldsError, SlotTakenError
from app.domain.slots import grid, openings
from app.models import Case, Task, TaskState, Visit, VisitState
from app.services.history.timeline import By
from app.services.scheduling import availability, candidate_locks, reservations, roster, working_hours
from app.services.scheduling.availability import Supposition
from app.services.scheduling.reservations import Attendee
from app.services.scheduling.working_hours import Stretch
from app.services.visits import visit_updates
from app.services.visits.booking import attendees, customer_time, find_openings
from app.services.visits.booking.attendees import Choice
from app.services.visits.booking.find_openings import Bookable
from app.services.visits.booking.qualified import are_qualified
from app.services.visits.required_visits import Needed

# After losing a person to a faster booking, the next attempt sees it. More attempts than this are not made.
_MOST_ATTEMPTS = 24


@dataclass(frozen=True, slots=True)
class BookingRequest:
    """What to book: `state` with its `hold_until`, and the visit that it replaces (`former`).

    `gives_up`: visits of the case that the caller has ended for it; their time counts as free. `offered`:
    a hold beside `former`, which stays live until the hold is confirmed. `kept`: the people who should
    come again if possible. `joins`: the visit that ends at this start, whose people stay at the place.
    """

    needed: Needed
    starts_at: datetime
    by: By
    state: VisitState
    hold_until: datetime | None = None
    former: Visit | None = None
    gives_up: Sequence[str] = ()
    offered: bool = False
    kept: Sequence[str] = ()
    joins: Visit | None = None


def reserve_visit(case: Case, wish: BookingRequest, times: Bookable) -> Visit:
    """Writes the visit and reserves everybody's time. The caller must have locked the case.

    Raises `FieldsError` for a start that is off the grid or outside `times`, `SlotTakenError` when
    somebody who must attend is not free (any more), or the customer is booked at another place then.
    """
    refuse_impossible(wish.starts_at, times)
    customer_time.lock_customer(case)
    gone = list(wish.gives_up)
    piece = grid.piece_of(wish.starts_at)
    need = wish.needed.purpose.need
    joined = [] if wish.joins is None else [wish.joins.id]
    why = "该时间已约满或不可预约"
    kept = wish.kept or _holder(case, wish.needed)
    for _ in range(_MOST_ATTEMPTS):
        seen = find_openings.view_at(case, wish.needed, times, piece, Supposition(without=[*gone, *joined]))
        seats = (
            attendees.choose_attendees(
                Choice(case, need, seen.stretch, piece, kept),
                seen.party,
                candidate_locks.lock_candidates,
            )
            if seen.allows(piece)
            else None
        )
        if seats is None:
            if seen.is_elsewhere(piece):
                why = "您在该时间前后另有一处预约，来不及赶到"
            break
        values = _row(case, wish, seen.kept >> (piece - seen.stretch.first) & 1 == 0)
        most = seen.people.most_on(working_hours.local_day(wish.starts_at))
        taken = reservations.reserve_time(values, need, seats, most, _still_fit(seats, wish.needed, piece))
        if taken is not None:
            reservations.release_time(gone)
            return taken
        # Mostly somebody was faster. It may also have been an expired hold that nobody had cleared.
        gone += reservations.expire_overdue()
    offer = find_openings.offer(case, wish.needed, times, Supposition(without=gone))
    raise SlotTakenError(offer.instead(why), openings=offer.few())


def _holder(case: Case, needed: Needed) -> list[str]:
    """Who holds the specialist's task that the visit is for: they come, if they are free."""
    if not needed.party.not_manager:
        return []
    held = select(Task.assignee_id).where(
        Task.case_id == case.id,
        Task.key == needed.task_key,
        Task.state == TaskState.OPEN,
        Task.assignee_id.is_not(None),
    )
    return [staff_id for staff_id in db.session.scalars(held) if staff_id is not None]


def refuse_impossible(starts_at: datetime, times: Bookable) -> None:
    """Raises `FieldsError` for a start that no opening could have."""
    if not grid.on_grid(starts_at):
        fault = "请从可约时间中选择，时间以15分钟为单位。"
    elif starts_at < clock.now():
        fault = "该时间已经过去，请选择以后的时间。"
    elif starts_at < times.earliest:
        fault = "该时间过近，来不及安排，请选择稍后的时间。"
    elif starts_at >= times.latest:
        fault = "该时间过远，暂不能预约，请选择较近的时间。"
    else:
        return
    raise FieldsError([{"field": "starts_at", "code": "invalid", "message": fault}])


def _row(case: Case, wish: BookingRequest, after_due: bool) -> dict[str, object]:
    now = clock.now()
    own_id = new_id()
    confirmed = wish.state is VisitState.CONFIRMED
    former = wish.former
    return {
        "id": own_id,
        "case_id": case.id,
        "purpose": wish.needed.purpose.key,
        "stage_key": wish.needed.stage_key,
        "state": wish.state.value,
        "offered": wish.offered,
        "starts_at": wish.starts_at,
        "ends_at": grid.instant_of(grid.piece_of(wish.starts_at) + wish.needed.purpose.need.pieces),
        "hold_until": wish.hold_until,
        "chain_id": own_id if former is None else former.chain_id,
        "sequence": 0 if former is None else former.sequence + 1,
        "due_at": wish.needed.due_at,
        "after_due": after_due,
        "joined_to": None if wish.joins is None else wish.joins.id,
        "booked_by": wish.by.actor.value,
        "booked_by_id": wish.by.id,
        "created_at": now,
        "confirmed_at": now if confirmed else None,
        "code": visit_updates.new_code() if confirmed else None,
    }


def _still_fit(seats: Sequence[Attendee], needed: Needed, piece: int) -> Callable[[], bool]:
    return lambda: fits({seat.staff_id: seat.role for seat in seats}, needed, piece)


def fits(coming: Mapping[str, str], needed: Needed, piece: int) -> bool:
    """Whether all of these people can come then, by their hours, leave, closures and skills as of now.

    `coming`: the role of each by staff id.
    """
    need = needed.purpose.need
    # A visit may end in a break: whether it is one is known by what comes after it.
    rest = grid.PIECES_PER_DAY if need.spans_breaks else 0
    stretch = Stretch(piece - need.before, piece + need.pieces + need.after + rest)
    known = roster.by_id(coming)
    if len(known) != len(coming) or not are_qualified(coming, needed, grid.instant_of(piece)):
        return False
    absent = roster.absences(known, stretch)
    free = availability.at_work(known, stretch, absent, spans_breaks=need.spans_breaks)
    return len(openings.free_at(free.values(), need, stretch.first, piece)) == len(known)
