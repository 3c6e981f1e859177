"""Reading who is free: hours, working patterns, leave, closures and what is taken, as sets of pieces."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import BigInteger, ColumnElement, Integer, String, bindparam, cast, func, literal, or_, select

from app.core import clock
from app.core.db import db
from app.domain.officehours import Periods
from app.domain.slots import grid, patterns
from app.domain.slots.openings import Person
from app.domain.slots.patterns import Pattern
from app.models import (
    Staff,
    StaffLeave,
    Visit,
    VisitClosure,
    VisitDayPlace,
    VisitPiece,
    VisitState,
    WorkPattern,
)
from app.services import city

_WORD = 32
_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Member:
    """A member of staff who may be sent."""

    id: str
    number: str
    name: str
    department: str
    is_manager: bool
    districts: Sequence[str]


@dataclass(frozen=True, slots=True)
class Stretch:
    """The pieces from `first` up to, not including, `last`; sets of this reading count from `first`."""

    first: int
    last: int

    @classmethod
    def of(cls, starts_at: datetime, ends_at: datetime) -> "Stretch":
        """The pieces that lie wholly between two instants."""
        return cls(grid.piece_from(starts_at), grid.piece_of(ends_at))

    @property
    def starts_at(self) -> datetime:
        """When it begins, in UTC."""
        return grid.instant_of(self.first)

    @property
    def ends_at(self) -> datetime:
        """When it ends, in UTC."""
        return grid.instant_of(self.last)

    @property
    def whole(self) -> int:
        """Every piece of it."""
        return grid.between(self.first, self.first, self.last)


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
    days = _days(stretch)
    office = grid.union(_office(on, stretch.first) for on in days) & stretch.whole
    weeks = _patterns(ids)
    away = _away(known, stretch)
    busy: Mapping[str, int] = {} if hours_only else _busy(ids, stretch, without)
    full: Mapping[str, int] = {} if hours_only else _full_days(ids, days, weeks, stretch, without)
    return {
        staff_id: Person(
            staff_id,
            working=_hours(weeks.get(staff_id, ()), days, office, stretch.first)
            & ~away.get(staff_id, 0)
            & ~full.get(staff_id, 0),
            idle=stretch.whole & ~busy.get(staff_id, 0),
        )
        for staff_id in ids
    }


def most_per_day(staff_ids: Iterable[str], on: date) -> dict[str, int]:
    """How many visits each of these people may have on a day."""
    ids = sorted(staff_ids)
    weeks = _patterns(ids)
    return {staff_id: _most(weeks.get(staff_id, ()), on) for staff_id in ids}


def local_day(at: datetime) -> date:
    """The day of an instant in the city's time zone."""
    return at.astimezone(city.zone()).date()


def midnight(on: date) -> datetime:
    """When a day begins in the city's time zone."""
    return datetime(on.year, on.month, on.day, tzinfo=city.zone())


def _days(stretch: Stretch) -> list[date]:
    on, last = local_day(stretch.starts_at), local_day(stretch.ends_at)
    return [on + timedelta(days=number) for number in range((last - on).days + 1)]


def _office(on: date, first: int) -> int:
    line = city.working_time()
    return grid.union(grid.within(first, *period) for period in line.open_periods(on))


def _hours(weeks: Sequence[Pattern], days: Sequence[date], office: int, first: int) -> int:
    """The office hours that are also this person's own."""
    if not weeks:
        return office
    line = city.working_time()
    own = 0
    for on in days:
        pattern = patterns.in_force(weeks, on)
        periods = None if pattern is None else pattern.on(on, line.day(on).kind)
        if periods is None:
            own |= _day(on, first)
        else:
            own |= grid.union(grid.within(first, *span) for span in _spans(on, periods))
    return office & own


def _spans(on: date, periods: Periods) -> list[tuple[datetime, datetime]]:
    zone = city.zone()
    return [
        (datetime.combine(on, opens, tzinfo=zone), datetime.combine(on, closes, tzinfo=zone))
        for opens, closes in periods
    ]


def _day(on: date, first: int) -> int:
    return grid.within(first, midnight(on), midnight(on + _ONE_DAY))


def _most(weeks: Sequence[Pattern], on: date) -> int:
    pattern = patterns.in_force(weeks, on)
    own = None if pattern is None else pattern.most_per_day
    return city.current().visits.most_per_day if own is None else own


def _patterns(ids: Sequence[str]) -> dict[str, list[Pattern]]:
    found: dict[str, list[Pattern]] = defaultdict(list)
    for row in db.session.connection().execute(_PATTERNS, {"ids": ids}):
        found[row.staff_id].append(Pattern(row.valid_from, patterns.weekly_of(row.weekly), row.most_per_day))
    return found


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
    for staff_id, word, bits in connection.execute(_TAKEN, {**span, "without": list(without)}):
        place = word * _WORD - stretch.first
        busy[staff_id] |= bits << place if place >= 0 else bits >> -place
    for staff_id, piece in connection.execute(_RUN_OUT, {**span, "now": clock.now()}):
        busy[staff_id] &= ~(1 << (piece - stretch.first))
    return busy


def _full_days(
    ids: Sequence[str],
    days: Sequence[date],
    weeks: Mapping[str, Sequence[Pattern]],
    stretch: Stretch,
    without: Sequence[str],
) -> dict[str, int]:
    """The days on which a person has as many visits as they may have."""
    full: dict[str, int] = defaultdict(int)
    rows = db.session.connection().execute(
        _COUNTS,
        {"ids": ids, "first": days[0].toordinal(), "last": days[-1].toordinal(), "without": list(without)},
    )
    for staff_id, ordinal, number in rows:
        on = date.fromordinal(ordinal)
        if number >= _most(weeks.get(staff_id, ()), on):
            full[staff_id] |= _day(on, stretch.first)
    return full


_IDS = bindparam("ids", expanding=True, type_=String)
_FIRST, _LAST = bindparam("first", type_=Integer), bindparam("last", type_=Integer)
_WITHOUT = bindparam("without", expanding=True, type_=String)
_PATTERNS = (
    select(WorkPattern.staff_id, WorkPattern.valid_from, WorkPattern.weekly, WorkPattern.most_per_day)
    .where(WorkPattern.staff_id.in_(_IDS))
    .order_by(WorkPattern.staff_id, WorkPattern.valid_from)
)
_LEAVES = select(StaffLeave.staff_id, StaffLeave.starts_at, StaffLeave.ends_at).where(
    StaffLeave.staff_id.in_(_IDS),
    StaffLeave.starts_at < bindparam("ends"),
    StaffLeave.ends_at > bindparam("starts"),
)
_CLOSURES = select(VisitClosure.department, VisitClosure.starts_at, VisitClosure.ends_at).where(
    VisitClosure.starts_at < bindparam("ends"), VisitClosure.ends_at > bindparam("starts")
)
# Put together by the database, 32 pieces a row: reading every piece by itself costs several times as much.
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
)
