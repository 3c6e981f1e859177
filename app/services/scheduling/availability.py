"""Who is free when, as sets of time slots: working hours less absences less bookings."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import BigInteger, Integer, String, bindparam, cast, func, literal, select

from app.core import clock
from app.core.db import db
from app.domain.slots import grid
from app.domain.slots.openings import Person
from app.domain.slots.patterns import WHOLE_DAY
from app.models import Visit, VisitDayPlace, VisitPiece, VisitState
from app.services.scheduling import working_hours
from app.services.scheduling.roster import Absences, Member
from app.services.scheduling.working_hours import LocalDay, Stretch, Weeks

# Half a day of time slots in one number: with most cities' office hours one number for each day.
_WORD = grid.PIECES_PER_DAY // 2


@dataclass(frozen=True, slots=True)
class BookedTime:
    """A person's booked time: time slots, travel included, of a visit on a day."""

    staff_id: str
    pieces: range
    day: date


@dataclass(frozen=True, slots=True)
class Supposition:
    """Deviations from what is booked: visits whose time counts as free, and time that counts as taken.

    For a visit that is to be moved, and for simulated moves.
    """

    without: Sequence[str] = ()
    taken: Sequence[BookedTime] = ()


AS_BOOKED = Supposition()


def people(
    wanted: Iterable[Member],
    stretch: Stretch,
    absent: Absences,
    supposed: Supposition = AS_BOOKED,
    *,
    spans_breaks: bool = False,
) -> dict[str, Person]:
    """When each of these people is free in a stretch of time, by staff id.

    With `spans_breaks` the breaks between two periods in which somebody works are theirs as well.
    """
    known = {member.id: member for member in wanted}
    days = working_hours.days_of(stretch)
    busy = _busy(sorted(known), stretch, supposed)
    full = _full_days(known, days, supposed)
    found = {}
    for staff_id, (working, begins) in _working(
        known.values(), stretch, absent, days, spans_breaks=spans_breaks
    ).items():
        open_days = ~full.get(staff_id, 0)
        found[staff_id] = Person(
            staff_id, working & open_days, stretch.whole & ~busy.get(staff_id, 0), begins
        )
    return found


def at_work(
    wanted: Iterable[Member], stretch: Stretch, absent: Absences, *, spans_breaks: bool = False
) -> dict[str, Person]:
    """The same without bookings: when they work."""
    days = working_hours.days_of(stretch)
    return {
        staff_id: Person(staff_id, working, stretch.whole, begins)
        for staff_id, (working, begins) in _working(
            wanted, stretch, absent, days, spans_breaks=spans_breaks
        ).items()
    }


def _working(
    wanted: Iterable[Member],
    stretch: Stretch,
    absent: Absences,
    days: Sequence[LocalDay],
    *,
    spans_breaks: bool,
) -> dict[str, tuple[int, int | None]]:
    """When each may be on a visit, and when one may begin where that is less."""
    open_at = working_hours.office(days, stretch)
    breaks = working_hours.breaks(days, stretch) if spans_breaks else ()
    works: dict[Weeks, tuple[int, int | None]] = {}
    found = {}
    for member in wanted:
        if member.weeks not in works:
            hours = open_at & working_hours.own(member.weeks, days)
            works[member.weeks] = (grid.bridged(hours, breaks), hours) if breaks else (hours, None)
        hours, begins = works[member.weeks]
        found[member.id] = hours & ~absent.away.get(member.id, 0), begins
    return found


def _busy(ids: Sequence[str], stretch: Stretch, supposed: Supposition) -> dict[str, int]:
    """The booked time slots, by staff id."""
    asked = {
        "ids": ids,
        "first": stretch.first,
        "last": stretch.last,
        "without": list(supposed.without),
        "now": clock.now(),
    }
    busy: dict[str, int] = defaultdict(int)
    for staff_id, word, bits in db.session.connection().execute(_TAKEN, asked).all():
        place = word * _WORD - stretch.first
        busy[staff_id] |= bits << place if place >= 0 else bits >> -place
    for taken in supposed.taken:
        busy[taken.staff_id] |= grid.between(stretch.first, taken.pieces.start, taken.pieces.stop)
    return busy


def _full_days(
    known: Mapping[str, Member], days: Sequence[LocalDay], supposed: Supposition
) -> dict[str, int]:
    """The days on which a person already has the most visits allowed."""
    places = {day.on.toordinal(): day for day in days}
    counts = Counter((taken.staff_id, taken.day.toordinal()) for taken in supposed.taken)
    asked = {
        "ids": sorted(known),
        "first": min(places),
        "last": max(places),
        "without": list(supposed.without),
        "now": clock.now(),
        # Days with fewer visits do not matter, unless more of them are supposed.
        "least": working_hours.fewest(member.weeks for member in known.values())
        - max(counts.values(), default=0),
    }
    for staff_id, ordinal, number in db.session.connection().execute(_COUNTS, asked):
        counts[staff_id, ordinal] += number
    full: dict[str, int] = defaultdict(int)
    for (staff_id, ordinal), number in counts.items():
        day, member = places.get(ordinal), known.get(staff_id)
        if day is not None and member is not None and number >= working_hours.most(member.weeks, day.on):
            full[staff_id] |= day.placed(WHOLE_DAY)
    return full


_IDS = bindparam("ids", expanding=True, type_=String)
_FIRST, _LAST = bindparam("first", type_=Integer), bindparam("last", type_=Integer)
_WITHOUT = bindparam("without", expanding=True, type_=String)
# An expired hold takes no time, although nobody has cleared it yet.
_RUN_OUT = select(Visit.id).where(Visit.state == VisitState.HELD.value, Visit.hold_until <= bindparam("now"))
# Aggregated by the database, half a day in a row: reading single time slots costs several times as much.
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
        VisitPiece.visit_id.not_in(_RUN_OUT),
    )
    .group_by(VisitPiece.staff_id, _WORD_OF)
)
_COUNTS = (
    select(VisitDayPlace.staff_id, VisitDayPlace.day, func.count())
    .where(
        VisitDayPlace.staff_id.in_(_IDS),
        VisitDayPlace.day >= _FIRST,
        VisitDayPlace.day <= _LAST,
        VisitDayPlace.visit_id.not_in(_WITHOUT),
        VisitDayPlace.visit_id.not_in(_RUN_OUT),
    )
    .group_by(VisitDayPlace.staff_id, VisitDayPlace.day)
    .having(func.count() >= bindparam("least", type_=Integer))
)
