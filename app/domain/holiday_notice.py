"""A holiday notice (节假日安排通知) as a file of dates, and what it makes of the calendar's days.

One line for each date: `2027-02-11,休,春节` (day off, and for which holiday), `2027-02-20,班,春节` (a weekend
day worked in exchange; the name may be left out) or `2027-03-10,常` (ordinary again, as its day of the week
is: takes back what an earlier notice, or the published one, exchanged). Empty lines and lines that begin with
# say nothing. Faults are told in Chinese, since supervisors (督办) import notices too.
"""

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from fractions import Fraction

from app.domain.office_hours import FIRST_DAY, HalfDay, OfficeHours
from app.domain.texts import has_control_characters
from app.domain.workdays import Day, DayKind

LAST_DAY = date(2099, 12, 31)
LONGEST_NAME = 50
_COMMENT = "#"
_DECEMBER, _JANUARY = 12, 1
_SATURDAY = 5
_MOST_NAMED = 5
_FEWEST_PARTS, _MOST_PARTS = 2, 3


class NoticeKind(StrEnum):
    """What a notice says of a day, in its own words."""

    OFF = "休"
    WORK = "班"
    ORDINARY = "常"


@dataclass(frozen=True, slots=True)
class NoticeDay:
    """One date of a notice; `name` is the holiday that it belongs to, "" where none is named."""

    date: date
    kind: NoticeKind
    name: str


@dataclass(frozen=True, slots=True)
class NoticeFault:
    """What is wrong, for people; `line` counts from 1 and is 0 for a fault of the file as a whole."""

    line: int
    message: str

    def __str__(self) -> str:
        """The fault with its place."""
        return f"第{self.line}行：{self.message}" if self.line else self.message


class NoticeFaultsError(ValueError):
    """A notice can't be imported; `faults` says everything that is wrong with it."""

    def __init__(self, faults: Sequence[NoticeFault]) -> None:
        super().__init__("\n".join(str(fault) for fault in faults))
        self.faults = tuple(faults)


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice that was read: the year it announces, and its dates in order."""

    year: int
    days: tuple[NoticeDay, ...]


@dataclass(frozen=True, slots=True)
class CalendarContent:
    """Everything that one version of a utility's calendar holds beside the published holidays.

    `announced`: the years whose whole notice was imported: provisional no more, and wholly the notice's.
    """

    hours: tuple[OfficeHours, ...]
    half_days: tuple[HalfDay, ...]
    days: Mapping[date, NoticeDay]
    announced: frozenset[int]


@dataclass(frozen=True, slots=True)
class KnownYears:
    """What is known of years without the notice.

    `days`: every day of a year; `in_force`: the same with what earlier notices of ours say; `by_law`: the
    public holidays of a year before any exchange, by name; `announced`: the years whose notice is known
    already.
    """

    days: Callable[[int], Sequence[Day]]
    in_force: Callable[[int], Sequence[Day]]
    by_law: Callable[[int], Mapping[date, str]]
    announced: Set[int]


def read_notice(text: str, year: int | None, known: KnownYears) -> Notice:
    """Read a notice's file strictly.

    `year`: the year it announces; None takes the one year in which its dates lie. A notice may correct
    single dates of a year that is announced already; that of any other must name each public holiday of its
    year, since half a notice would make the other half look announced. Raises `NoticeFaultsError` with
    every fault.
    """
    reader = _Reader()
    for number, line in enumerate(text.lstrip("\ufeff").splitlines(), start=1):
        if line.strip() and not line.lstrip().startswith(_COMMENT):
            reader.read(number, line)
    return reader.finish(year, known)


def overlaid(days: Sequence[Day], named: Mapping[date, NoticeDay], announced: Set[int]) -> list[Day]:
    """The days of a year with what notices say of them.

    Days of an announced year that no notice names are what their day of the week makes them: a forecast's
    days in lieu must not outlive the notice that gave other ones.
    """
    return [_as_announced(day, named.get(day.date), announced) for day in days]


def is_ordinary(day: Day) -> bool:
    """Whether a day is what its day of the week makes it."""
    return day.kind is _ordinary_kind(day.date)


def _ordinary_kind(on: date) -> DayKind:
    return DayKind.WEEKEND if on.weekday() >= _SATURDAY else DayKind.WORKDAY


def _as_announced(day: Day, said: NoticeDay | None, announced: Set[int]) -> Day:
    kind = _ordinary_kind(day.date)
    ordinary = replace(day, kind=kind, name="", weight=Fraction(kind is DayKind.WORKDAY))
    if day.date.year in announced:
        day = replace(ordinary, provisional=False)
    if said is None:
        return day
    if said.kind is NoticeKind.OFF:
        return replace(day, kind=DayKind.HOLIDAY, name=said.name, weight=Fraction(0))
    if said.kind is NoticeKind.ORDINARY:
        return replace(ordinary, provisional=day.provisional)
    name = f"调休上班（{said.name}）" if said.name else "调休上班"
    return replace(day, kind=DayKind.MAKE_UP_WORKDAY, name=name, weight=Fraction(1))


class _Reader:
    """One reading of one file, collecting faults instead of stopping at the first."""

    def __init__(self) -> None:
        self._found: dict[date, tuple[int, NoticeDay]] = {}
        self._faults: list[NoticeFault] = []

    def read(self, number: int, line: str) -> None:
        parts = [part.strip() for part in line.replace("，", ",").split(",")]
        if not _FEWEST_PARTS <= len(parts) <= _MOST_PARTS:
            self._fault(number, "应为“日期,休/班,名称”，如“2027-02-11,休,春节”。")
            return
        on, kind = self._date(number, parts[0]), self._kind(number, parts[1])
        name = parts[2] if len(parts) == _MOST_PARTS else ""
        if len(name) > LONGEST_NAME or has_control_characters(name):
            self._fault(number, f"名称应为不超过{LONGEST_NAME}个字的普通文字。")
        if kind is NoticeKind.OFF and not name:
            self._fault(number, "休息日应注明节日名称。")
        if on is None or kind is None:
            return
        if on in self._found:
            self._fault(number, f"{on}在第{self._found[on][0]}行已出现。")
            return
        self._found[on] = (number, NoticeDay(on, kind, name))

    def finish(self, year: int | None, known: KnownYears) -> Notice:
        if not self._found and not self._faults:
            self._fault(0, "文件中没有日期。")
        years = {on.year for on in self._found}
        if year is None and len(years) > 1:
            self._fault(0, "日期跨年，请注明通知所属年份。")
        chosen = year if year is not None else max(years, default=FIRST_DAY.year)
        if not FIRST_DAY.year <= chosen <= LAST_DAY.year:
            self._fault(0, f"年份应在{FIRST_DAY.year}至{LAST_DAY.year}之间。")
        for on, (number, said) in self._found.items():
            if not _belongs(on, chosen):
                self._fault(number, f"{on}不属于{chosen}年的通知。")
            day = known.days(on.year)[on.timetuple().tm_yday - 1]
            if said.kind is NoticeKind.WORK and day.kind is DayKind.WORKDAY:
                self._fault(number, f"{on}本来就是工作日，请核对日期。")
            if said.kind is NoticeKind.ORDINARY:
                self._check_ordinary(number, on, known)
        if not self._faults and chosen not in known.announced:
            self._check_whole(chosen, known.by_law(chosen))
        if self._faults:
            raise NoticeFaultsError(sorted(self._faults, key=lambda fault: fault.line))
        return Notice(chosen, tuple(said for _, (_, said) in sorted(self._found.items())))

    def _check_ordinary(self, number: int, on: date, known: KnownYears) -> None:
        name = known.by_law(on.year).get(on)
        if name is not None:
            self._fault(number, f"{on}是法定节假日（{name}），不能改为平常日，请核对日期。")
        elif is_ordinary(known.in_force(on.year)[on.timetuple().tm_yday - 1]):
            self._fault(number, f"{on}本来就是平常日，请核对日期。")

    def _check_whole(self, year: int, by_law: Mapping[date, str]) -> None:
        missing = [f"{on}（{name}）" for on, name in sorted(by_law.items()) if on not in self._found]
        if missing:
            names = "、".join(missing[:_MOST_NAMED])
            self._fault(0, f"{year}年的通知缺少法定节假日{names}（共{len(missing)}天），请核对文件是否完整。")

    def _date(self, number: int, text: str) -> date | None:
        try:
            on = date.fromisoformat(text)
        except ValueError:
            on = None
        if on is None or on.isoformat() != text:
            self._fault(number, "日期应写成2027-02-11的形式，且确有此日。")
            return None
        if not FIRST_DAY <= on <= LAST_DAY:
            self._fault(number, f"日期应在{FIRST_DAY}至{LAST_DAY}之间。")
            return None
        return on

    def _kind(self, number: int, text: str) -> NoticeKind | None:
        try:
            return NoticeKind(text)
        except ValueError:
            self._fault(number, "第二项应为“休”“班”或“常”。")
            return None

    def _fault(self, line: int, message: str) -> None:
        self._faults.append(NoticeFault(line, message))


def _belongs(on: date, year: int) -> bool:
    """A notice speaks of its own year, and of the days around New Year that it exchanges."""
    return (
        on.year == year
        or (on.year == year - 1 and on.month == _DECEMBER)
        or (on.year == year + 1 and on.month == _JANUARY)
    )
