"""Reserving people's time and releasing it. The database decides who was first (docs/decisions/0014).

Everybody inserts in the same order (places of the day, then time slots, each by person), so that no deadlock
is possible. A row whose visit is no longer live may be taken over.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import SystemRandom
from typing import Any

from sqlalchemy import (
    Integer,
    String,
    asc,
    bindparam,
    collate,
    delete,
    insert,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.orm import aliased

from app.core import clock
from app.core.db import db
from app.core.upsert import Insert, for_each_database
from app.domain.slots import grid
from app.domain.slots.openings import Need
from app.models import (
    DueKind,
    Staff,
    Visit,
    VisitAttendee,
    VisitChance,
    VisitDayPlace,
    VisitDue,
    VisitPiece,
    VisitState,
)
from app.services.scheduling import joined_time, working_hours

LIVE = (VisitState.HELD.value, VisitState.CONFIRMED.value)
# The one order in which people's rows are locked: by code point, as Python sorts, whatever the database's
# collation.
IN_ORDER = {"sqlite": asc(Staff.id), "postgresql": asc(collate(Staff.id, "C"))}
_RANDOM = SystemRandom()


@dataclass(frozen=True, slots=True)
class Attendee:
    """An attendee with their role; see `VisitAttendee`."""

    staff_id: str
    role: str
    lead: bool
    deputy_for: str | None = None


def reserve_time(
    values: Mapping[str, Any],
    need: Need,
    seats: Sequence[Attendee],
    most: Mapping[str, int],
    still_free: Callable[[], bool],
) -> Visit | None:
    """Writes a visit with everybody's time in the caller's transaction; None when somebody was faster.

    Then nothing was written. `values`: the columns of its row. `most`: how many visits each person may
    have that day. `still_free` checks again once the time is reserved: whoever enters leave or a closure
    locks the same people, so an absence entered before is seen here, and one entered later sees this
    visit. Who comes from the visit that it is joined to needs no travel in between.
    """
    connection = db.session.connection()
    everybody = sorted(seat.staff_id for seat in seats)
    start = grid.piece_of(values["starts_at"])
    with connection.begin_nested() as attempt:
        visit = db.session.scalars(insert(Visit).returning(Visit), [dict(values)]).one()
        there = (
            [] if visit.joined_to is None else joined_time.give_up_travel(visit.joined_to, everybody, start)
        )
        if _take_places(visit, everybody, most) and _take_pieces(visit, everybody, need, start, there):
            _attend(visit, seats)
            # With SQLite's single writer, what was read cannot have changed.
            if connection.dialect.name == "sqlite" or still_free():
                return visit
        attempt.rollback()
    db.session.expunge(visit)
    return None


def release_time(visit_ids: Sequence[str], *, chance_after: timedelta = timedelta(0)) -> None:
    """Releases the time of visits that are no longer live; others may then get an earlier time.

    For `chance_after` it is open to all, before the wait-list is gone through.
    """
    if not visit_ids:
        return
    connection = db.session.connection()
    for table in (VisitPiece, VisitDayPlace):
        connection.execute(delete(table).where(table.visit_id.in_(visit_ids)))
    joined_time.separate(visit_ids)
    now = clock.now()
    set_chance(now + chance_after)
    # Who was warned of their delay may be on time again.
    warned = connection.scalars(_WARNED, {"ids": list(visit_ids), "since": now - _A_DAY}).all()
    set_due((visit_id, DueKind.DELAY.value, now) for visit_id in warned)


def set_chance(due_at: datetime) -> None:
    """Has the wait-list gone through from its beginning at an instant: time may have opened by then."""
    db.session.connection().execute(insert(VisitChance), {"due_at": due_at})


_A_DAY = timedelta(days=1)
_ENDED = aliased(VisitAttendee)
_WARNED = (
    select(VisitAttendee.visit_id)
    .join(Visit, Visit.id == VisitAttendee.visit_id)
    .join(_ENDED, _ENDED.staff_id == VisitAttendee.staff_id)
    .where(
        _ENDED.visit_id.in_(bindparam("ids", expanding=True)),
        Visit.starts_at > bindparam("since"),
        Visit.state == VisitState.CONFIRMED.value,
        Visit.warned_at.is_not(None),
    )
    .distinct()
)


def end_booking(visit_id: str, state: VisitState, was: VisitState, values: Mapping[str, Any]) -> bool:
    """Moves a visit out of a live state, if it is still in that state. Returns whether it was."""
    outcome = db.session.connection().execute(
        update(Visit)
        .where(Visit.id == visit_id, Visit.state == was.value)
        .values(state=state.value, ended_at=clock.now(), **values)
    )
    return outcome.rowcount == 1


def expire_overdue() -> list[str]:
    """Ends every expired hold that nobody is confirming or ending at this moment."""
    connection = db.session.connection()
    overdue = list(connection.scalars(_OVERDUE, {"now": clock.now()}))
    if overdue:
        connection.execute(
            update(Visit)
            .where(Visit.id.in_(overdue))
            .values(state=VisitState.EXPIRED.value, ended_at=clock.now())
        )
    return overdue


def set_due(rows: Iterable[tuple[str, str, datetime]]) -> None:
    """Sets due entries (visit, kind, instant); an existing entry of the same kind stays as it is."""
    values = [{"visit_id": visit_id, "kind": kind, "due_at": due_at} for visit_id, kind, due_at in rows]
    if values:
        connection = db.session.connection()
        connection.execute(_NEW_DUES[connection.dialect.name], values)


_NEW_DUES = for_each_database(VisitDue, lambda insert_due, _: insert_due.on_conflict_do_nothing())

# Whoever has locked one of these rows is deciding about it; do not wait here.
_OVERDUE = (
    select(Visit.id)
    .where(Visit.state == VisitState.HELD.value, Visit.hold_until <= bindparam("now"))
    .order_by(Visit.id)
    .with_for_update(skip_locked=True)
)


def _take_places(visit: Visit, staff_ids: Sequence[str], most: Mapping[str, int]) -> bool:
    """Reserves a free place of the day for each person, at random so that few collide; False without one."""
    day = working_hours.local_day(visit.starts_at).toordinal()
    connection = db.session.connection()
    taken: dict[str, set[int]] = {staff_id: set() for staff_id in staff_ids}
    for row in connection.execute(_PLACES, {"ids": list(staff_ids), "day": day}):
        taken[row.staff_id].add(row.place)
    rows = []
    for staff_id in staff_ids:
        free = [place for place in range(most[staff_id]) if place not in taken[staff_id]]
        if not free:
            return False
        rows.append({"staff_id": staff_id, "day": day, "place": _RANDOM.choice(free), "visit_id": visit.id})
    return len(connection.scalars(_TAKE_PLACES[connection.dialect.name], rows).all()) == len(rows)


def _take_pieces(
    visit: Visit, staff_ids: Sequence[str], need: Need, start: int, there: Sequence[str]
) -> bool:
    """Reserves every time slot of everybody in one statement; False when one is not available.

    `there`: those of these people who are at the place already, and need no travel before.
    """
    connection = db.session.connection()
    taken = need.taken
    asked = {
        "ids": list(staff_ids),
        "first": start + taken.start,
        "end": start + taken.stop,
        "visit": visit.id,
        "start": start,
        "there": list(there),
    }
    written = connection.scalars(_TAKE_PIECES[connection.dialect.name], asked).all()
    return len(written) == len(staff_ids) * len(taken) - len(there) * need.before


def _attend(visit: Visit, seats: Sequence[Attendee]) -> None:
    db.session.connection().execute(
        insert(VisitAttendee),
        [
            {
                "visit_id": visit.id,
                "staff_id": seat.staff_id,
                "role": seat.role,
                "lead": seat.lead,
                "deputy_for": seat.deputy_for,
            }
            for seat in seats
        ],
    )


_PLACES = (
    select(VisitDayPlace.staff_id, VisitDayPlace.place)
    .join(Visit, Visit.id == VisitDayPlace.visit_id)
    .where(
        VisitDayPlace.staff_id.in_(bindparam("ids", expanding=True)),
        VisitDayPlace.day == bindparam("day"),
        Visit.state.in_(LIVE),
    )
)


def _taking(table: type[VisitPiece] | type[VisitDayPlace], insertion: Insert) -> Any:
    """Inserts in the given order, or takes over the rows of visits that are no longer live."""
    return insertion.on_conflict_do_update(
        index_elements=[column.name for column in table.__table__.primary_key],
        set_={"visit_id": insertion.excluded.visit_id},
        where=table.visit_id.in_(
            select(Visit.id).where(
                Visit.state != VisitState.HELD.value, Visit.state != VisitState.CONFIRMED.value
            )
        ),
    ).returning(table.visit_id)


def _pieces_of(everybody: Any) -> Any:
    first = select(bindparam("first", type_=Integer).label("piece")).cte("pieces", recursive=True)
    pieces = first.union_all(
        select(first.c.piece + 1).where(first.c.piece + 1 < bindparam("end", type_=Integer))
    )
    return (
        select(Staff.id, pieces.c.piece, bindparam("visit", type_=String))
        .join_from(Staff, pieces, true())
        .where(
            Staff.id.in_(bindparam("ids", expanding=True)),
            or_(
                pieces.c.piece >= bindparam("start", type_=Integer),
                Staff.id.not_in(bindparam("there", expanding=True, type_=String)),
            ),
        )
        .order_by(everybody, pieces.c.piece)
    )


_TAKE_PLACES = for_each_database(VisitDayPlace, lambda insert_place, _: _taking(VisitDayPlace, insert_place))
_TAKE_PIECES = for_each_database(
    VisitPiece,
    lambda insert_piece, dialect: _taking(
        VisitPiece,
        insert_piece.from_select(["staff_id", "piece", "visit_id"], _pieces_of(IN_ORDER[dialect])),
    ),
)
