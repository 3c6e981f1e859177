"""Reading who is free, as sets of pieces: who works when they are not away, less what is taken."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import BigInteger, Integer, String, bindparam, cast, func, literal, select

from app.core import clock
from app.core.db import db
from app.domain.slots import grid
from app.domain.slots.openings import Person
from app.domain.slots.patterns import WHOLE_DAY
from app.models import Visit, VisitDayPlace, VisitPiece, VisitState
from app.services.seats import hours
from app.services.seats.hours import LocalDay, Stretch, Weeks
from app.services.seats.roster import Absences, Member

# Half a day of pieces to a number: with the office hours of most cities, one number for each day.
_WORD = grid.PIECES_PER_DAY // 2


def people(
    wanted: Iterable[Member], stretch: Stretch, absent: Absences, *, without: Sequence[str] = ()
) -> dict[str, Person]:
    """When each of these people is free in a stretch of time, by their id.

    What the visits `without` take counts as free, for one that is to be moved.
    """
    known = {member.id: member for member in wanted}
    days = hours.days_of(stretch)
    busy = _busy(sorted(known), stretch, without)
    full = _full_days(known, days, without)
    return {
        staff_id: Person(staff_id, working & ~full.get(staff_id, 0), stretch.whole & ~busy.get(staff_id, 0))
        for staff_id, working in _working(known.values(), stretch, absent, days).items()
    }


def at_work(wanted: Iterable[Member], stretch: Stretch, absent: Absences) -> dict[str, Person]:
    """The same as if nobody had any visits, for what is booked already."""
    return {
        staff_id: Person(staff_id, working, stretch.whole)
        for staff_id, working in _working(wanted, stretch, absent, hours.days_of(stretch)).items()
    }


def _working(
    wanted: Iterable[Member], stretch: Stretch, absent: Absences, days: Sequence[LocalDay]
) -> dict[str, int]:
    open_at = hours.office(days, stretch)
    works: dict[Weeks, int] = {}
    found = {}
    for member in wanted:
        if member.weeks not in works:
            works[member.weeks] = open_at & hours.own(member.weeks, days)
        found[member.id] = works[member.weeks] & ~absent.away.get(member.id, 0)
    return found


def _busy(ids: Sequence[str], stretch: Stretch, without: Sequence[str]) -> dict[str, int]:
    """What is taken."""
    asked = {
        "ids": ids,
        "first": stretch.first,
        "last": stretch.last,
        "without": list(without),
        "now": clock.now(),
    }
    busy: dict[str, int] = defaultdict(int)
    for staff_id, word, bits in db.session.connection().execute(_TAKEN, asked).all():
        place = word * _WORD - stretch.first
        busy[staff_id] |= bits << place if place >= 0 else bits >> -place
    return busy


def _full_days(
    known: Mapping[str, Member], days: Sequence[LocalDay], without: Sequence[str]
) -> dict[str, int]:
    """The days on which a person has as many visits as they may have."""
    places = {day.on.toordinal(): day for day in days}
    asked = {
        "ids": sorted(known),
        "first": min(places),
        "last": max(places),
        "without": list(without),
        "now": clock.now(),
        "least": hours.fewest(member.weeks for member in known.values()),
    }
    full: dict[str, int] = defaultdict(int)
    for staff_id, ordinal, number in db.session.connection().execute(_COUNTS, asked).all():
        day = places[ordinal]
        if number >= hours.most(known[staff_id].weeks, day.on):
            full[staff_id] |= day.placed(WHOLE_DAY)
    return full


_IDS = bindparam("ids", expanding=True, type_=String)
_FIRST, _LAST = bindparam("first", type_=Integer), bindparam("last", type_=Integer)
_WITHOUT = bindparam("without", expanding=True, type_=String)
# A hold that ran out takes nothing, although nobody has cleared it away yet.
_RUN_OUT = select(Visit.id).where(Visit.state == VisitState.HELD.value, Visit.hold_until <= bindparam("now"))
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
