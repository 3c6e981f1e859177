"""Calendar drafts: a copy of the version in force with a notice, office hours or half-open days changed."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from importlib.metadata import version as installed_version
from typing import TypeVar

from sqlalchemy import select

from app.core import clock
from app.core.db import db
from app.core.ids import new_id
from app.domain import visit_fitting
from app.domain.errors import FieldsError, NotFoundError
from app.domain.holiday_notice import (
    LAST_DAY,
    CalendarContent,
    KnownYears,
    NoticeFaultsError,
    NoticeKind,
    is_ordinary,
    overlaid,
    read_notice,
)
from app.domain.office_hours import FIRST_DAY, HalfDay, OfficeHours, periods_of, written
from app.models import CalendarDay, CalendarHalfDay, CalendarHours, CalendarVersion
from app.services.installation import calendar_versions, city, holidays
from app.services.people.staffing import Colleague
from app.services.scheduling import working_hours

SHAPE = "应为按先后排列、互不重叠的时段，如08:30至12:00、13:30至17:00。"
T = TypeVar("T", OfficeHours, HalfDay)


@dataclass(frozen=True, slots=True)
class DatedPeriods:
    """Office hours from a day on, or the hours of a half-open day; no periods withdraw an entry."""

    day: date
    periods: Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class Change:
    """What a draft changes. `notice`: the text of a notice file. `year`: the year it announces."""

    note: str
    notice: str | None = None
    year: int | None = None
    office_hours: Sequence[DatedPeriods] = ()
    half_days: Sequence[DatedPeriods] = ()


def make_draft(change: Change, staff_id: str | None) -> CalendarVersion:
    """Stores a draft, which has no effect before it is published; `staff_id` is None when IT makes it.

    An empty change is allowed: publishing it recomputes every open due date, as an upgrade of the holiday
    package needs. Raises `FieldsError` with every fault, those of the notice by line.
    """
    faults: list[dict[str, str]] = []
    base_id = calendar_versions.current_id()
    held = in_force()
    if change.notice is not None:
        held = _with_notice(held, change.notice, change.year, faults)
    hours = _changed("office_hours", held.hours, change.office_hours, OfficeHours, faults)
    half_days = _changed("half_days", held.half_days, change.half_days, HalfDay, faults)
    if not faults and (not hours or hours[0].valid_from > FIRST_DAY):
        faults.append(_fault("office_hours", f"办公时间须从{FIRST_DAY}起有规定，首条不能取消。"))
    if not faults:
        faults = _no_room(hours, change.office_hours)
    if faults:
        raise FieldsError(faults)
    row = CalendarVersion(
        id=new_id(),
        base_id=base_id,
        note=change.note,
        announced=sorted(held.announced),
        package=installed_version(calendar_versions.PACKAGE),
        created_at=clock.now(),
        created_by=staff_id,
    )
    db.session.add(row)
    db.session.flush()
    _keep(row.id, replace(held, hours=hours, half_days=half_days))
    return row


def in_force() -> CalendarContent:
    """The content of the version in force; before the first publication, that of the city's folder."""
    version_id = calendar_versions.current_id()
    if version_id is None:
        office = city.current().office
        return CalendarContent(office.hours, office.half_days, {}, frozenset())
    return calendar_versions.content(version_id)


def announced_years(held: CalendarContent) -> list[int]:
    """The years whose notice is known, from the holiday package or from one of our notices."""
    published = range(FIRST_DAY.year, holidays.last_announced_year() + 1)
    return sorted({*published, *held.announced})


def of_supervisor(staff: Colleague, draft_id: str) -> CalendarVersion:
    """A draft or version, for supervisors. Raises `NotFoundError` for anybody else."""
    row = db.session.get(CalendarVersion, draft_id)
    if row is None or not staff.is_supervisor:
        raise NotFoundError
    return row


def newest() -> CalendarVersion | None:
    """The newest draft, for the command line."""
    return db.session.scalar(
        select(CalendarVersion)
        .where(CalendarVersion.number.is_(None))
        .order_by(CalendarVersion.created_at.desc(), CalendarVersion.id)
        .limit(1)
    )


def _with_notice(
    held: CalendarContent, text: str, year: int | None, faults: list[dict[str, str]]
) -> CalendarContent:
    known = KnownYears(
        calendar_versions.package_days,
        lambda asked: overlaid(calendar_versions.package_days(asked), held.days, held.announced),
        holidays.holidays_by_law,
        frozenset(announced_years(held)),
    )
    try:
        notice = read_notice(text, year, known)
    except NoticeFaultsError as error:
        faults += [_fault(f"notice.{fault.line}", str(fault)) for fault in error.faults]
        return held
    days = dict(held.days)
    for said in notice.days:
        if said.kind is NoticeKind.ORDINARY and _is_ordinary_unsaid(held, said.date):
            days.pop(said.date, None)
        else:
            days[said.date] = said
    # A year that the package knows keeps the package's days, with single dates corrected.
    whole = set() if notice.year in known.announced else {notice.year}
    return replace(held, days=days, announced=held.announced | whole)


def _is_ordinary_unsaid(held: CalendarContent, on: date) -> bool:
    """Whether a day is ordinary when our notices say nothing of it."""
    days = overlaid(calendar_versions.package_days(on.year), {}, held.announced)
    return is_ordinary(days[on.timetuple().tm_yday - 1])


def _changed(
    field: str,
    held: Sequence[T],
    changes: Sequence[DatedPeriods],
    kind: type[T],
    faults: list[dict[str, str]],
) -> tuple[T, ...]:
    by_day = {_day_of(entry): entry for entry in held}
    seen: set[date] = set()
    for place, change in enumerate(changes):
        where = f"{field}.{place}"
        if change.day in seen:
            faults.append(_fault(where, f"{change.day}重复。"))
        seen.add(change.day)
        if not FIRST_DAY <= change.day <= LAST_DAY:
            faults.append(_fault(where, f"日期应在{FIRST_DAY}至{LAST_DAY}之间。"))
        elif not change.periods:
            by_day.pop(change.day, None)
        else:
            try:
                by_day[change.day] = kind(change.day, periods_of(change.periods))
            except ValueError:
                faults.append(_fault(where, SHAPE))
    return tuple(by_day[day] for day in sorted(by_day))


def _no_room(hours: Sequence[OfficeHours], changes: Sequence[DatedPeriods]) -> list[dict[str, str]]:
    """The visits for which dated hours that hold today or later leave no room, at the change that says so."""
    purposes = city.current().visits.purposes.values()
    places = {change.day: f"office_hours.{place}" for place, change in enumerate(changes)}
    today = working_hours.local_day(clock.now())
    faults = []
    for dated in visit_fitting.still_to_come(hours, today):
        field, since = places.get(dated.valid_from, "office_hours"), f"从{dated.valid_from}起的办公时间"
        faults += [
            _fault(field, f"{since}放不下“{purpose.name}”（需{purpose.minutes}分钟），请延长时段。")
            for purpose in visit_fitting.unfit(purposes, dated.periods)
        ]
        faults += [
            _fault(field, f"{since}休息过短，不够“{purpose.name}”的路程时间，请延长休息时段。")
            for purpose in visit_fitting.too_far(purposes, dated.periods)
        ]
    return faults


def _day_of(entry: OfficeHours | HalfDay) -> date:
    return entry.valid_from if isinstance(entry, OfficeHours) else entry.date


def _keep(version_id: str, held: CalendarContent) -> None:
    db.session.add_all(
        CalendarHours(version_id=version_id, valid_from=hours.valid_from, periods=written(hours.periods))
        for hours in held.hours
    )
    db.session.add_all(
        CalendarHalfDay(version_id=version_id, day=half.date, periods=written(half.periods))
        for half in held.half_days
    )
    db.session.add_all(
        CalendarDay(version_id=version_id, day=said.date, kind=said.kind.value, name=said.name)
        for said in held.days.values()
    )
    db.session.flush()


def _fault(field: str, message: str) -> dict[str, str]:
    return {"field": field, "code": "invalid", "message": message}
