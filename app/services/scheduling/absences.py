"""Leave, closures and changed hours: when people cannot be booked. Entering one blocks bookings meanwhile.

On PostgreSQL a booking references its people's rows and so blocks `FOR UPDATE` on them (SQLite allows one
writer at a time anyway). Whoever enters an absence therefore waits for bookings in progress, and a booking
that waited sees the absence when it checks again. The jobs revalidate existing bookings afterwards.
"""

from datetime import datetime

from sqlalchemy import delete, insert, select

from app.core import advisory_lock, clock
from app.core.db import db
from app.core.ids import new_id
from app.domain.slots import patterns
from app.domain.slots.patterns import Pattern
from app.models import Staff, StaffLeave, VisitClosure, VisitRecheck, WorkPattern
from app.services.scheduling import absence_checks, reservations


def enter_leave(
    staff_id: str, deputy_id: str, starts_at: datetime, ends_at: datetime, *, ask: bool = False
) -> StaffLeave:
    """Enters a leave. Affected visits are moved, or with `ask` their customers are asked.

    Raises `FieldsError` for a time or a deputy that cannot be.
    """
    absence_checks.check_span(starts_at, ends_at)
    absence_checks.check_deputy(staff_id, deputy_id)
    lock_bookings_of([staff_id])
    row = StaffLeave(staff_id=staff_id, deputy_id=deputy_id, starts_at=starts_at, ends_at=ends_at)
    db.session.add(row)
    db.session.flush()
    revalidate_later(staff_id=staff_id, ask=ask)
    return row


def enter_closure(
    department: str | None, starts_at: datetime, ends_at: datetime, reason: str, by: str, *, ask: bool = False
) -> VisitClosure:
    """Closes a department, or with None everything. Raises `FieldsError` for an impossible time."""
    absence_checks.check_span(starts_at, ends_at)
    lock_bookings_of(_people_of(department))
    row = VisitClosure(
        id=new_id(),
        department=department,
        starts_at=starts_at,
        ends_at=ends_at,
        reason=reason,
        entered_by=by,
        entered_at=clock.now(),
    )
    db.session.add(row)
    db.session.flush()
    revalidate_later(ask=ask)
    return row


def change_leave(
    row: StaffLeave, starts_at: datetime, ends_at: datetime, deputy_id: str, *, ask: bool = False
) -> None:
    """Shortens, moves or extends a leave, or names another deputy. Raises as `enter_leave` does."""
    absence_checks.check_span(starts_at, ends_at)
    absence_checks.check_deputy(row.staff_id, deputy_id)
    lock_bookings_of([row.staff_id])
    row.starts_at, row.ends_at, row.deputy_id = starts_at, ends_at, deputy_id
    db.session.flush()
    revalidate_later(staff_id=row.staff_id, ask=ask)


def change_closure(row: VisitClosure, starts_at: datetime, ends_at: datetime, *, ask: bool = False) -> None:
    """Shortens, moves or extends a closure. Raises as `enter_closure` does."""
    absence_checks.check_span(starts_at, ends_at)
    lock_bookings_of(_people_of(row.department))
    row.starts_at, row.ends_at = starts_at, ends_at
    db.session.flush()
    revalidate_later(ask=ask)


def take_back(row: StaffLeave | VisitClosure) -> None:
    """Takes an absence back: one that has begun ends now, one to come has never been.

    Visits about which customers have been asked are looked at again; what was moved stays.
    """
    now = clock.now()
    staff_id = row.staff_id if isinstance(row, StaffLeave) else None
    lock_bookings_of([row.staff_id] if isinstance(row, StaffLeave) else _people_of(row.department))
    if row.starts_at < now:
        row.ends_at = now
    else:
        db.session.delete(row)
    db.session.flush()
    revalidate_later(staff_id=staff_id)


def enter_pattern(staff_id: str, pattern: Pattern, *, ask: bool = False) -> None:
    """Sets a person's work pattern from its day on; one of the same day is replaced."""
    lock_bookings_of([staff_id])
    connection = db.session.connection()
    connection.execute(
        delete(WorkPattern).where(
            WorkPattern.staff_id == staff_id, WorkPattern.valid_from == pattern.valid_from
        )
    )
    connection.execute(
        insert(WorkPattern),
        {
            "staff_id": staff_id,
            "valid_from": pattern.valid_from,
            "weekly": patterns.week_written(pattern.weekly),
            "most_per_day": pattern.most_per_day,
        },
    )
    revalidate_later(staff_id=staff_id, ask=ask)


def person_came() -> None:
    """Somebody new may be booked: who waits for a time may be offered theirs."""
    reservations.set_chance(clock.now())


def person_left(member: Staff) -> None:
    """Somebody has left: nobody books them any more, and their visits are revalidated."""
    lock_bookings_of([member.id])
    member.active = False
    db.session.flush()
    revalidate_later(staff_id=member.id)


def one_at_a_time() -> None:
    """Lets nobody else enter an absence or remove somebody until the transaction ends.

    Two of them may need each other's people: who leaves and who takes over, who is away and who stands in.
    """
    advisory_lock.wait_for("abs")


def revalidate_later(*, staff_id: str | None = None, case_id: str | None = None, ask: bool = False) -> None:
    """Has the jobs revalidate the visits of a person, of a case, or of everybody."""
    db.session.connection().execute(
        insert(VisitRecheck), {"due_at": clock.now(), "staff_id": staff_id, "case_id": case_id, "ask": ask}
    )


def _people_of(department: str | None) -> list[str]:
    everybody = select(Staff.id).where(Staff.active.is_(True))
    if department is not None:
        everybody = everybody.where(Staff.department == department)
    return list(db.session.scalars(everybody))


def lock_bookings_of(staff_ids: list[str]) -> None:
    """Waits for bookings of these people in progress, and blocks new ones until the transaction ends."""
    one_at_a_time()
    # In the order in which bookings lock them, so that no deadlock is possible.
    connection = db.session.connection()
    order = reservations.IN_ORDER[connection.dialect.name]
    connection.execute(
        select(Staff.id).where(Staff.id.in_(staff_ids)).order_by(order).with_for_update()
    ).all()
