"""Reading who is free: hours, working patterns, leave, closures and what is taken, as sets of pieces."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import BigInteger, ColumnElement, Integer, String, bindparam, cast, func, literal, or_, select

from app.core import clock
from app.core.db import db
from app.domain.slots import grid
from app.domain.slots.openings import Person
from app.domain.slots.patterns import WHOLE_DAY
from app.models import (
    Staff,
    StaffLeave,
    Visit,
    VisitClosure,
    VisitDayPlace,
    VisitPiece,
    VisitState,
)
from app.services.seats import hours
from app.services.seats.hours import LocalDay, Stretch, Weeks

# Half a day of pieces to a number: with the office hours of most cities, one number for each day.
_WORD = grid.PIECES_PER_DAY // 2


@dataclass(frozen=True, slots=True)
class Member:
    """A member of staff who may be sent."""

    id: str
    number: str
    name: str
    department: str
    is_manager: bool
    districts: Sequence[str]


def members(departments: Iterable[str], *, managers: bool = False) -> list[Member]:
    """Active people of these departments, and every manager besides; supervisors audit and are not sent."""
    wanted = Staff.department.in_(sorted(set(departments)))
    return _members(
        Staff.is_supervisor.is_(False), or_(wanted, Staff.is_manager.is_(True)) if managers else wanted
    )


def by_id(staff_ids: Iterable[str]) -> list[Member]:
    """Those of these people who still work here."""
    return _members(Staff.id.in_(sorted(set(staff_ids))))


def _members(*conditions: ColumnElement[bool]) -> list[Member]:
    rows = db.session.connection().execute(
        select(Staff.id, Staff.number, Staff.name, Staff.department, Staff.is_manager, Staff.districts)
        .where(Staff.active.is_(True), *conditions)
        .order_by(Staff.number)
    )
    return [Member(*row) for row in rows]


def people(
    wanted: Iterable[Member], stretch: Stretch, *, without: Sequence[str] = (), hours_only: bool = False
) -> dict[str, Person]:
    """When each of these people is free in a stretch of time, by their id.

    What the visits `without` take counts as free, for one that is to be moved; with `hours_only` nothing
    counts as taken, for what is booked already.
    """
    known = {member.id: member for member in wanted}
    ids = sorted(known)
    days = hours.days_of(stretch)
    open_at = hours.office(days, stretch)
    weeks = hours.weeks_of(ids)
    works = {None: open_at} | {week: open_at & hours.own(week, days) for week in set(weeks.values())}
    away = _away(known, stretch)
    busy: Mapping[str, int] = {} if hours_only else _busy(ids, stretch, without)
    full: Mapping[str, int] = {} if hours_only else _full_days(ids, days, weeks, without)
    return {
        staff_id: Person(
            staff_id,
            working=works[weeks.get(staff_id)] & ~away.get(staff_id, 0) & ~full.get(staff_id, 0),
            idle=stretch.whole & ~busy.get(staff_id, 0),
        )
        for staff_id in ids
    }


def most_per_day(staff_ids: Iterable[str], on: date) -> dict[str, int]:
    """How many visits each of these people may have on a day."""
    ids = sorted(staff_ids)
    weeks = hours.weeks_of(ids)
    return {staff_id: hours.most(weeks.get(staff_id, ()), on) for staff_id in ids}


def _away(known: Mapping[str, Member], stretch: Stretch) -> dict[str, int]:
    """Leave of each person, and closures of their department or of everybody."""
    connection = db.session.connection()
    span = {"starts": stretch.starts_at, "ends": stretch.ends_at}
    away: dict[str, int] = defaultdict(int)
    for row in connection.execute(_LEAVES, {"ids": sorted(known), **span}):
        away[row.staff_id] |= grid.touching(stretch.first, row.starts_at, row.ends_at)
    for department, starts_at, ends_at in connection.execute(_CLOSURES, span):
        closed = grid.touching(stretch.first, starts_at, ends_at)
        for staff_id, member in known.items():
            if department in (None, member.department):
                away[staff_id] |= closed
    return away


def _busy(ids: Sequence[str], stretch: Stretch, without: Sequence[str]) -> dict[str, int]:
    """What is taken. A hold that ran out takes nothing, although nobody has cleared it away yet."""
    connection = db.session.connection()
    span = {"ids": ids, "first": stretch.first, "last": stretch.last}
    busy: dict[str, int] = defaultdict(int)
    for staff_id, word, bits in connection.execute(_TAKEN, {**span, "without": list(without)}).all():
        place = word * _WORD - stretch.first
        busy[staff_id] |= bits << place if place >= 0 else bits >> -place
    for staff_id, piece in connection.execute(_RUN_OUT, {**span, "now": clock.now()}):
        busy[staff_id] &= ~(1 << (piece - stretch.first))
    return busy


def _full_days(
    ids: Sequence[str], days: Sequence[LocalDay], weeks: Mapping[str, Weeks], without: Sequence[str]
) -> dict[str, int]:
    """The days on which a person has as many visits as they may have."""
    places = {day.on.toordinal(): day for day in days}
    least = hours.fewest(weeks.values())
    full: dict[str, int] = defaultdict(int)
    asked = {"ids": ids, "first": min(places), "last": max(places), "without": list(without), "least": least}
    for staff_id, ordinal, number in db.session.connection().execute(_COUNTS, asked).all():
        day = places[ordinal]
        if number >= hours.most(weeks.get(staff_id, ()), day.on):
            full[staff_id] |= day.placed(WHOLE_DAY)
    return full


_IDS = bindparam("ids", expanding=True, type_=String)
_FIRST, _LAST = bindparam("first", type_=Integer), bindparam("last", type_=Integer)
_WITHOUT = bindparam("without", expanding=True, type_=String)
_LEAVES = select(StaffLeave.staff_id, StaffLeave.starts_at, StaffLeave.ends_at).where(
    StaffLeave.staff_id.in_(_IDS),
    StaffLeave.starts_at < bindparam("ends"),
    StaffLeave.ends_at > bindparam("starts"),
)
_CLOSURES = select(VisitClosure.department, VisitClosure.starts_at, VisitClosure.ends_at).where(
    VisitClosure.starts_at < bindparam("ends"), VisitClosure.ends_at > bindparam("starts")
)
# Put together by the database, half a day a row: reading every piece by itself costs several times as much.
_WORD_OF = (VisitPiece.piece // _WORD).label("word")
_TAKEN = (
    select(
        VisitPiece.staff_id,
        _WORD_OF,
        cast(func.sum(cast(literal(1), BigInteger).op("<<")(VisitPiece.piece % _WORD)), BigInteger),
    )
    .where(
        VisitPiece.staff_id.in_(_IDS),
        VisitPiece.piece >= _FIRST,
        VisitPiece.piece < _LAST,
        VisitPiece.visit_id.not_in(_WITHOUT),
    )
    .group_by(VisitPiece.staff_id, _WORD_OF)
)
_RUN_OUT = (
    select(VisitPiece.staff_id, VisitPiece.piece)
    .join(Visit, Visit.id == VisitPiece.visit_id)
    .where(
        Visit.state == VisitState.HELD.value,
        Visit.hold_until <= bindparam("now"),
        VisitPiece.staff_id.in_(_IDS),
        VisitPiece.piece >= _FIRST,
        VisitPiece.piece < _LAST,
    )
)
_COUNTS = (
    select(VisitDayPlace.staff_id, VisitDayPlace.day, func.count())
    .where(
        VisitDayPlace.staff_id.in_(_IDS),
        VisitDayPlace.day >= _FIRST,
        VisitDayPlace.day <= _LAST,
        VisitDayPlace.visit_id.not_in(_WITHOUT),
    )
    .group_by(VisitDayPlace.staff_id, VisitDayPlace.day)
    .having(func.count() >= bindparam("least", type_=Integer))
)
