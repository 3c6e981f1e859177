"""Work patterns (工作安排): a person's dated weekly hours and leave; previewed, then entered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import aliased

from app.core import clock
from app.core.db import db
from app.domain.errors import FieldsError, NotAllowedError
from app.domain.office_hours import Periods, periods_of
from app.domain.slots import patterns
from app.domain.slots.patterns import Pattern
from app.models import Case, Staff, StaffLeave, Visit, WorkPattern
from app.services.installation import city
from app.services.people.staffing import Colleague
from app.services.scheduling import absences, pattern_fit, working_hours
from app.services.visits import required_visits
from app.services.visits.changes import closures, revalidate
from app.services.visits.changes.closures import Hits

_NAMES = dict(zip(patterns.DAYS, "一二三四五六日", strict=True))

WrittenWeek = Mapping[str, Sequence[Sequence[str]]]
"""Pairs of local times by weekday, and under `make_up` for make-up workdays."""


@dataclass(frozen=True, slots=True)
class NewWeek:
    """A person's ordinary week from a day on, and the visits per day (None: the city's number).

    With `ask`, customers of affected visits are asked, and the visits are not moved.
    """

    number: str
    valid_from: date
    weekly: WrittenWeek
    most_per_day: int | None = None
    ask: bool = False


class Force(StrEnum):
    """Whether a pattern applied in the past, applies today, or will apply."""

    PAST = "past"
    PRESENT = "present"
    COMING = "coming"


@dataclass(frozen=True, slots=True)
class WeekLine:
    """A pattern as entered."""

    valid_from: date
    force: Force
    weekly: WrittenWeek
    most_per_day: int | None


@dataclass(frozen=True, slots=True)
class LeaveLine:
    """A leave, and the deputy."""

    starts_at: datetime
    ends_at: datetime
    deputy_name: str


@dataclass(frozen=True, slots=True)
class WorkTime:
    """A person's patterns, oldest first, and current or future leave. Without a pattern: the office hours."""

    number: str
    name: str
    department: str
    patterns: Sequence[WeekLine]
    leaves: Sequence[LeaveLine]


def read(staff: Colleague, number: str | None) -> WorkTime:
    """One's own, or for supervisors anybody's. Raises `NotAllowedError`, `FieldsError`."""
    if number is None or number == staff.number:
        person = staff
    else:
        _must_audit(staff)
        person = Colleague.of(closures.active(number, "staff_number"))
    return WorkTime(
        person.number,
        person.name,
        city.department_name(person.department),
        _weeks(person.id),
        _leaves(person.id),
    )


def preview(staff: Colleague, wanted: NewWeek) -> Hits:
    """The visits that a pattern would affect, in order of time. Enters nothing. Raises as `enter` does."""
    with closures.rehearsal():
        return enter(staff, wanted)


def enter(staff: Colleague, wanted: NewWeek) -> Hits:
    """Enters the pattern; the jobs then move affected visits or ask. Patterns of earlier days stay.

    A smaller `most_per_day` affects nothing that is booked. Raises `NotAllowedError` for anybody but
    supervisors, and `FieldsError` for past days or days beyond the calendar, periods that end before they
    begin or overlap, a week without work or one after which nobody could attend some visit, or an unknown
    person.
    """
    _must_audit(staff)
    person = closures.active(wanted.number, "staff_number")
    _check_day(wanted.valid_from)
    weekly = _weekly(wanted.weekly)
    pattern = Pattern(wanted.valid_from, weekly, wanted.most_per_day)
    unfit = _unfit(person, pattern)
    absences.enter_pattern(person.id, pattern, ask=wanted.ask)
    return replace(_hits(person, wanted), unfit=unfit)


def _unfit(person: Staff, pattern: Pattern) -> list[str]:
    """The visits that this person can't attend any more. Raises `FieldsError` when nobody else can either."""
    found = pattern_fit.pattern_fit(person, pattern)
    if found.without_anybody:
        names = "、".join(f"“{purpose.name}”（{purpose.minutes}分钟）" for purpose in found.without_anybody)
        raise FieldsError(
            [_fault("weekly", f"按此安排，再无人能参加{names}，请延长时段，或先安排其他同事。")]
        )
    return [purpose.name for purpose in found.unfit]


def _must_audit(staff: Colleague) -> None:
    if not staff.is_supervisor:
        raise NotAllowedError("只能查看本人的工作安排；调整和查看他人的工作安排由督办办理，请联系督办人员。")


def _check_day(valid_from: date) -> None:
    if valid_from < working_hours.local_day(clock.now()):
        raise FieldsError([_fault("valid_from", "已过去的工作安排不能改写，请选择今天或以后的日期。")])
    if valid_from.year >= city.working_time().last_year:
        raise FieldsError([_fault("valid_from", "日期超出范围，请重新选择。")])


def _weekly(written: WrittenWeek) -> dict[str, Periods]:
    week, faults = {}, []
    for day, pairs in written.items():
        if not pairs:
            continue
        try:
            week[day] = periods_of(pairs)
        except ValueError:
            name = f"星期{_NAMES[day]}" if day in _NAMES else "调休上班日"
            fault = f"{name}的时段应按先后排列、互不重叠，如08:30至12:00、13:30至17:00。"
            faults.append(_fault(f"weekly.{day}", fault))
    if not faults and not week.keys() & _NAMES.keys():
        faults.append(_fault("weekly", "请至少填写一天的上班时段；较长时间不上班请登记请假。"))
    if faults:
        raise FieldsError(faults)
    return week


def _fault(field: str, message: str) -> dict[str, str]:
    return {"field": field, "code": "invalid", "message": message}


def _hits(person: Staff, wanted: NewWeek) -> Hits:
    booked = closures.booked_with(Staff.id == person.id, working_hours.midnight(wanted.valid_from))
    rows = db.session.execute(booked).all()
    return closures.hits([row for row in rows if is_hit(*row)], ask=wanted.ask)


def is_hit(visit: Visit, case: Case) -> bool:
    """Whether a booked visit can't take place as things stand in this transaction."""
    needed = required_visits.find_needed(case, visit.purpose)
    return needed is not None and not revalidate.can_take_place(case, visit, needed)


def _weeks(staff_id: str) -> list[WeekLine]:
    rows = db.session.scalars(
        select(WorkPattern).where(WorkPattern.staff_id == staff_id).order_by(WorkPattern.valid_from)
    ).all()
    today = working_hours.local_day(clock.now())
    begun = [row.valid_from for row in rows if row.valid_from <= today]
    force = dict.fromkeys(begun, Force.PAST) | dict.fromkeys(begun[-1:], Force.PRESENT)
    return [
        WeekLine(row.valid_from, force.get(row.valid_from, Force.COMING), row.weekly, row.most_per_day)
        for row in rows
    ]


def _leaves(staff_id: str) -> list[LeaveLine]:
    deputy = aliased(Staff)
    rows = db.session.execute(
        select(StaffLeave.starts_at, StaffLeave.ends_at, deputy.name)
        .join(deputy, deputy.id == StaffLeave.deputy_id)
        .where(StaffLeave.staff_id == staff_id, StaffLeave.ends_at > clock.now())
        .order_by(StaffLeave.starts_at)
    )
    return [LeaveLine(*row) for row in rows]
