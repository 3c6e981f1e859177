"""The time of joined visits: one trip, so that no travel lies between them while both take place."""

from collections.abc import Sequence

from sqlalchemy import String, bindparam, delete, or_, select, update

from app.core.db import db
from app.core.upsert import for_each_database
from app.domain.slots import grid
from app.models import Visit, VisitAttendee, VisitPiece, VisitState
from app.services.installation import city


def give_up_travel(visit_id: str, staff_ids: Sequence[str], start: int) -> list[str]:
    """Those of these people who attend the visit too; it takes none of their time from `start` on."""
    connection = db.session.connection()
    there = connection.scalars(
        select(VisitAttendee.staff_id).where(
            VisitAttendee.visit_id == visit_id, VisitAttendee.staff_id.in_(staff_ids)
        )
    ).all()
    connection.execute(
        delete(VisitPiece).where(
            VisitPiece.visit_id == visit_id, VisitPiece.staff_id.in_(there), VisitPiece.piece >= start
        )
    )
    return list(there)


def separate(visit_ids: Sequence[str]) -> None:
    """Lets the visits that were joined with these stand alone: everybody's travel is reserved again.

    Call when these have ended and their time is released. Travel that somebody else has taken stays taken.
    """
    connection = db.session.connection()
    left = connection.execute(_JOINED, {"ids": list(visit_ids)}).all()
    if not left:
        return
    rows = []
    for visit_id, purpose, starts_at in left:
        need, start = city.current().visits.purposes[purpose].need, grid.piece_of(starts_at)
        coming = connection.scalars(
            select(VisitAttendee.staff_id).where(VisitAttendee.visit_id == visit_id)
        ).all()
        rows += [
            {"staff_id": staff_id, "piece": start + offset, "visit_id": visit_id}
            for staff_id in coming
            for offset in need.taken
        ]
    # In the order in which bookings reserve, so that no deadlock is possible.
    rows.sort(key=lambda row: (row["staff_id"], row["piece"]))
    connection.execute(_KEEP[connection.dialect.name], rows)
    connection.execute(
        update(Visit).where(Visit.joined_to.in_(_OFF)).values(joined_to=None), {"ids": list(visit_ids)}
    )


# After a visit that is done, its people are at the place still.
_OFF = select(Visit.id).where(
    Visit.id.in_(bindparam("ids", expanding=True, type_=String)), Visit.state != VisitState.DONE.value
)
_JOINED = select(Visit.id, Visit.purpose, Visit.starts_at).where(
    Visit.state == VisitState.CONFIRMED.value,
    or_(
        Visit.joined_to.in_(_OFF),
        Visit.id.in_(select(Visit.joined_to).where(Visit.id.in_(_OFF), Visit.joined_to.is_not(None))),
    ),
)
_KEEP = for_each_database(VisitPiece, lambda insert_piece, _: insert_piece.on_conflict_do_nothing())
