"""Which visits a work pattern leaves no room for, for one person and for everybody who could come instead."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from app.domain import visit_fitting
from app.domain.slots import patterns
from app.domain.slots.patterns import Pattern
from app.domain.visit_rules import Purpose
from app.domain.workdays import DayKind
from app.models import Staff
from app.services.installation import city
from app.services.scheduling import roster
from app.services.scheduling.working_hours import Weeks

# Long enough to hold an ordinary week, whatever holidays lie in it.
_LOOKED_AT = timedelta(days=28)


@dataclass(frozen=True, slots=True)
class PatternFit:
    """The purposes that a person can attend on no day, and those of them that nobody else can attend."""

    unfit: Sequence[Purpose]
    without_anybody: Sequence[Purpose]


def pattern_fit(person: Staff, pattern: Pattern) -> PatternFit:
    """What a person's pattern leaves no room for in the first weeks in which it holds.

    Only purposes for which people of the department, or managers, have to come.
    """
    missed = [
        purpose for purpose in _attended(person) if not _has_day(purpose, (pattern,), pattern.valid_from)
    ]
    without = []
    for purpose in missed:
        others: Iterable[Weeks] = {
            member.weeks
            for member in roster.members([person.department], managers=person.is_manager)
            if member.id != person.id and (member.department == person.department or member.is_manager)
        }
        if not any(_has_day(purpose, weeks, pattern.valid_from) for weeks in others):
            without.append(purpose)
    return PatternFit(missed, without)


def _attended(person: Staff) -> list[Purpose]:
    bundle = city.current()
    keys = {
        task.visit.purpose
        for program in bundle.programs.values()
        for stage in program.stages
        for task in stage.tasks
        if task.visit is not None
        and (person.department in task.visit.departments or (task.visit.manager and person.is_manager))
    }
    return [
        purpose
        for purpose in bundle.visits.purposes.values()
        if purpose.key in keys or (purpose.always and person.is_manager)
    ]


def _has_day(purpose: Purpose, weeks: Weeks, first: date) -> bool:
    line = city.working_time()
    for number in range(_LOOKED_AT.days):
        on = first + timedelta(days=number)
        if line.day(on).kind is DayKind.MAKE_UP_WORKDAY:
            # A few days a year are no room for what is booked all the year round.
            continue
        pattern = patterns.in_force(weeks, on)
        own = patterns.WHOLE_DAY if pattern is None else pattern.pieces_on(on, line.day(on).kind)
        office = tuple(
            (period.start.astimezone(line.zone).time(), period.end.astimezone(line.zone).time())
            for period in line.open_periods(on)
        )
        if office and visit_fitting.fits(purpose.need, office, patterns.WHOLE_DAY if own is None else own):
            return True
    return False
