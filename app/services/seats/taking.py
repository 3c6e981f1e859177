"""Taking people's time, and giving it back. The database decides who was first (docs/decisions/0014).

Everybody inserts in the same order (places of the day, then pieces, each by person), so that two who want the
same time never wait for each other in a circle. A row whose visit is not live any more is up for whoever
comes.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from random import SystemRandom
from typing import Any
from zlib import crc32

from sqlalchemy import bindparam, delete, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from app.core import clock
from app.core.db import db
from app.domain.slots import grid
from app.domain.slots.openings import Need
from app.models import (
    Visit,
    VisitAttendee,
    VisitChance,
    VisitDayPlace,
    VisitDue,
    VisitPiece,
    VisitState,
)
from app.services.seats import availability, hours

LIVE = (VisitState.HELD.value, VisitState.CONFIRMED.value)
_RANDOM = SystemRandom()
# Ours among the database's advisory locks: "vis" in ASCII.
_CLAIMS = 0x766973
_CLAIMED_PIECES = 16


@dataclass(frozen=True, slots=True)
class Seat:
    """Somebody who is to come, in which role; see `VisitAttendee`."""

    staff_id: str
    role: str
    lead: bool
    deputy_for: str | None = None


def take(visit: Mapping[str, Any], need: Need, seats: Sequence[Seat], still_free: Callable[[], bool]) -> bool:
    """Write a visit with everybody's time, in the caller's transaction; False when somebody was faster.

    Then nothing was written. `visit` are the values of its row. `still_free` looks again, when everybody's
    time is taken: whoever enters leave or a closure locks the same people, so that it is seen here if it
    was entered before, and sees this visit if it is entered afterwards.
    """
    connection = db.session.connection()
    everybody = sorted(seat.staff_id for seat in seats)
    with connection.begin_nested() as attempt:
        connection.execute(insert(Visit), dict(visit))
        places = _free_places(everybody, visit["starts_at"], visit["id"])
        if places is None or not _insert(VisitDayPlace, places):
            attempt.rollback()
            return False
        start = grid.piece_of(visit["starts_at"])
        pieces = [
            {"staff_id": staff_id, "piece": start + offset, "visit_id": visit["id"]}
            for staff_id in everybody
            for offset in need.taken
        ]
        if not _insert(VisitPiece, pieces):
            attempt.rollback()
            return False
        connection.execute(
            insert(VisitAttendee),
            [
                {
                    "visit_id": visit["id"],
                    "staff_id": seat.staff_id,
                    "role": seat.role,
                    "lead": seat.lead,
                    "deputy_for": seat.deputy_for,
                }
                for seat in seats
            ],
        )
        if not still_free():
            attempt.rollback()
            return False
    return True


def claim(staff_id: str, piece: int) -> bool:
    """Whether nobody else is booking this person for those hours just now, and from now on nobody is.

    Only a courtesy, which spares two bookers of one hour from waiting for each other over the same person
    when there are others: what is taken is decided by the keys. SQLite has one writer at a time anyway.
    """
    connection = db.session.connection()
    if connection.dialect.name != "postgresql":
        return True
    what = crc32(f"{staff_id}{piece // _CLAIMED_PIECES}".encode()) - 2**31
    return bool(connection.scalar(select(func.pg_try_advisory_xact_lock(_CLAIMS, what))))


def release(visit_ids: Sequence[str]) -> None:
    """Give back what these visits, which are not live any more, had taken; others may get an earlier time."""
    if not visit_ids:
        return
    connection = db.session.connection()
    for table in (VisitPiece, VisitDayPlace):
        connection.execute(delete(table).where(table.visit_id.in_(visit_ids)))
    connection.execute(insert(VisitChance), {"due_at": clock.now()})


def end(visit_id: str, state: VisitState, was: VisitState, values: Mapping[str, Any]) -> bool:
    """Let a visit leave a live state, if it still is in that state; False when it is not."""
    outcome = db.session.connection().execute(
        update(Visit)
        .where(Visit.id == visit_id, Visit.state == was.value)
        .values(state=state.value, ended_at=clock.now(), **values)
    )
    return outcome.rowcount == 1


def expire_overdue() -> list[str]:
    """End every hold that has run out and that nobody else is just now confirming or ending."""
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
    """Have visits looked at: (visit, kind, when); one that waits already for the same is left as it is."""
    values = [{"visit_id": visit_id, "kind": kind, "due_at": due_at} for visit_id, kind, due_at in rows]
    if values:
        connection = db.session.connection()
        connection.execute(_NEW_DUES[connection.dialect.name], values)


_NEW_DUES = {
    dialect: insert_of(VisitDue).on_conflict_do_nothing()
    for dialect, insert_of in (("sqlite", sqlite.insert), ("postgresql", postgresql.insert))
}

# Whoever holds the row of one of these is deciding about it; nobody waits for that here.
_OVERDUE = (
    select(Visit.id)
    .where(Visit.state == VisitState.HELD.value, Visit.hold_until <= bindparam("now"))
    .order_by(Visit.id)
    .with_for_update(skip_locked=True)
)


def _free_places(staff_ids: Sequence[str], starts_at: datetime, visit_id: str) -> list[dict[str, Any]] | None:
    """A free place of the day for each person, taken at random so that few want the same; None when full."""
    on = hours.local_day(starts_at)
    most = availability.most_per_day(staff_ids, on)
    taken: dict[str, set[int]] = {staff_id: set() for staff_id in staff_ids}
    for row in db.session.connection().execute(_PLACES, {"ids": list(staff_ids), "day": on.toordinal()}):
        taken[row.staff_id].add(row.place)
    places = []
    for staff_id in staff_ids:
        free = [place for place in range(most[staff_id]) if place not in taken[staff_id]]
        if not free:
            return None
        places.append(
            {
                "staff_id": staff_id,
                "day": on.toordinal(),
                "place": _RANDOM.choice(free),
                "visit_id": visit_id,
            }
        )
    return places


_PLACES = (
    select(VisitDayPlace.staff_id, VisitDayPlace.place)
    .join(Visit, Visit.id == VisitDayPlace.visit_id)
    .where(
        VisitDayPlace.staff_id.in_(bindparam("ids", expanding=True)),
        VisitDayPlace.day == bindparam("day"),
        Visit.state.in_(LIVE),
    )
)


def _insert(table: type[VisitPiece] | type[VisitDayPlace], rows: Sequence[Mapping[str, Any]]) -> bool:
    """Insert all of these in their order, or take over those of visits that are not live; whether all."""
    connection = db.session.connection()
    written = connection.scalars(_TAKE[table, connection.dialect.name], rows).all()
    return len(written) == len(rows)


def _taking(table: type[VisitPiece] | type[VisitDayPlace], insert_of: Any) -> Any:
    statement = insert_of(table)
    key = [column.name for column in table.__table__.primary_key]
    return statement.on_conflict_do_update(
        index_elements=key,
        set_={"visit_id": statement.excluded.visit_id},
        where=table.visit_id.in_(
            select(Visit.id).where(
                Visit.state != VisitState.HELD.value, Visit.state != VisitState.CONFIRMED.value
            )
        ),
    ).returning(table.visit_id)


_TAKE = {
    (table, dialect): _taking(table, insert_of)
    for table in (VisitPiece, VisitDayPlace)
    for dialect, insert_of in (("sqlite", sqlite.insert), ("postgresql", postgresql.insert))
}
