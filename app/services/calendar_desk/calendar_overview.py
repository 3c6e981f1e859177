"""The calendar in force for supervisors: version, office hours, notices, drafts."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select

from app.core.db import db
from app.domain.errors import NotAllowedError
from app.domain.office_hours import written
from app.models import CalendarVersion
from app.services.calendar_desk import calendar_drafts
from app.services.installation import calendar_versions, city
from app.services.people.staffing import Colleague

DRAFTS_SHOWN = 20


@dataclass(frozen=True, slots=True)
class HoursLine:
    """Office hours from a day on, or those of a half-open day."""

    day: date
    periods: list[list[str]]


@dataclass(frozen=True, slots=True)
class NoticeLine:
    """What a notice says of a date: 休, 班 or 常, and for which holiday."""

    day: date
    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class VersionLine:
    """A draft or a published version; `number` is None for a draft."""

    id: str
    number: int | None
    note: str
    created_at: datetime
    published_at: datetime | None


@dataclass(frozen=True, slots=True)
class CalendarOverview:
    """The calendar in force; `published` is None while the city's folder and the package alone hold."""

    version: str
    published: VersionLine | None
    announced_years: list[int]
    office_hours: list[HoursLine]
    half_days: list[HoursLine]
    days: list[NoticeLine]
    drafts: list[VersionLine]


def must_audit(staff: Colleague) -> None:
    """Raises `NotAllowedError` for anybody but supervisors (督办), who alone change the calendar."""
    if not staff.is_supervisor:
        raise NotAllowedError("工作日历由督办人员维护，如需调整请与其联系。")


def overview() -> CalendarOverview:
    """The calendar in force, and the newest drafts."""
    held = calendar_drafts.in_force()
    version_id = calendar_versions.current_id()
    published = db.session.get_one(CalendarVersion, version_id) if version_id else None
    open_drafts = db.session.scalars(
        select(CalendarVersion)
        .where(CalendarVersion.number.is_(None))
        .order_by(CalendarVersion.created_at.desc(), CalendarVersion.id)
        .limit(DRAFTS_SHOWN)
    )
    return CalendarOverview(
        version=city.working_time().version,
        published=version_line(published) if published else None,
        announced_years=calendar_drafts.announced_years(held),
        office_hours=[HoursLine(hours.valid_from, written(hours.periods)) for hours in held.hours],
        half_days=[HoursLine(half.date, written(half.periods)) for half in held.half_days],
        days=[NoticeLine(on, held.days[on].kind.value, held.days[on].name) for on in sorted(held.days)],
        drafts=[version_line(row) for row in open_drafts],
    )


def version_line(row: CalendarVersion) -> VersionLine:
    """A version in a list."""
    return VersionLine(row.id, row.number, row.note, row.created_at, row.published_at)
