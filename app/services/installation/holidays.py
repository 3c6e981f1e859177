"""Working days in China: the only module that reads the `holidays` package."""

from collections.abc import Sequence
from datetime import date, timedelta
from fractions import Fraction
from functools import cache
from importlib.metadata import version
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from app.domain.office_hours import HalfDay, OfficeHours
from app.domain.workdays import Day, DayKind
from app.domain.worktime import WorkingTime

if TYPE_CHECKING:
    from holidays import HolidayBase

_NOTHING, _WHOLE = Fraction(0), Fraction(1)


def build(
    city_hours: Sequence[OfficeHours], half_days: Sequence[HalfDay], zone: ZoneInfo, version_tag: str
) -> WorkingTime:
    """The working-time line of a city with these office hours; `version_tag` is part of its version name."""
    return WorkingTime(
        zone,
        days_of_year,
        city_hours,
        half_days,
        version=lambda: f"holidays-{version('holidays')}/{last_announced_year()}/{version_tag}",
    )


def days_of_year(year: int) -> list[Day]:
    """Every day of a year, in order; all provisional when the State Council has not announced that year yet.

    A public holiday that falls on a weekend is a holiday; a weekend day worked in exchange (调休) is a
    make-up workday, named with the day off that it is worked for. Weights are 1 or 0: half-open days are the
    utility's and not known here.
    """
    # The year after, too: its notice may make a late December day a make-up workday.
    china = _china(year, year + 1)
    worked_for = _exchanges(china, year) | _exchanges(china, year + 1)
    # A plain dict: the package's own look-up costs microseconds, and there are eighty years of days.
    names = {on: "、".join(china.get_list(on)) for on in china}
    provisional = year > last_announced_year()
    first = date(year, 1, 1)
    days = []
    for number in range((date(year + 1, 1, 1) - first).days):
        on = first + timedelta(days=number)
        if on in worked_for:
            kind, name = DayKind.MAKE_UP_WORKDAY, f"调休上班（换 {worked_for[on]} 休息）"
        elif on in names:
            kind, name = DayKind.HOLIDAY, names[on]
        else:
            kind, name = (DayKind.WEEKEND if china.is_weekend(on) else DayKind.WORKDAY), ""
        works = kind in (DayKind.WORKDAY, DayKind.MAKE_UP_WORKDAY)
        days.append(Day(on, kind, name, provisional, _WHOLE if works else _NOTHING))
    return days


def holidays_by_law(year: int) -> dict[date, str]:
    """A year's public holidays by name (全国年节及纪念日放假办法), before any exchange or day in lieu.

    Of announced years as of others: the package leaves out days in lieu when it is asked to, but not the
    days off that a notice exchanged for weekend days, nor those it gave in addition. Those are left out here.
    """
    china = _china(year, observed=False)
    by_notice = {date(year, *entry[:2]) for entry in china.special_public_holidays.get(year, ())}
    return {
        on: "、".join(names)
        for on in china
        for names in (china.get_list(on),)
        if on.year == year and (on not in by_notice or len(names) > 1)
    }


@cache
def last_announced_year() -> int:
    """The last year whose holiday notice the installed package holds.

    Every notice of the State Council since 2001 exchanges days, and the package keeps these exchanges by year
    as written; for years without them it can only forecast the statutory days.
    """
    announced: dict[int, object] = _china().special_public_holidays
    return max(announced)


def _china(*years: int, observed: bool = True) -> "HolidayBase":
    # Imported here: the package imports every country of the world, and not every process asks for a day.
    from holidays import country_holidays

    return country_holidays("CN", years=years, language="zh_CN", observed=observed)


def _exchanges(china: "HolidayBase", year: int) -> dict[date, date]:
    """The weekend days worked by one year's notice, each with the day off that it is worked for."""
    exchanges: dict[date, date] = {}
    for entry in china.special_public_holidays.get(year, ()):
        # Month and day off, month and day worked, and its year where that is another one; shorter entries
        # name an extra holiday that nobody works for.
        if len(entry) >= 4:
            off_month, off_day, month, day = entry[:4]
            worked = date(entry[4] if len(entry) > 4 else year, month, day)
            if worked in china.weekend_workdays:
                exchanges[worked] = date(year, off_month, off_day)
    return exchanges
