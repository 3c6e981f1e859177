"""Rehearsing a draft: what it would move if it were published now. Changes nothing."""

from calendar import isleap
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select

from app.core import clock
from app.core.db import db
from app.domain.errors import AlreadyDoneError, ConflictError
from app.domain.holiday_notice import CalendarContent
from app.domain.worktime import WorkingTime
from app.models import CalendarVersion, Staff
from app.services.calendar_desk import calendar_drafts, due_date_moves
from app.services.calendar_desk.due_date_moves import CaseMoves
from app.services.installation import calendar_versions, city


@dataclass(frozen=True, slots=True)
class MoveLine:
    """One due date, old and new; `department` for a task's."""

    name: str
    department: str | None
    was: datetime
    becomes: datetime


@dataclass(frozen=True, slots=True)
class RehearsedCase:
    """A case with a moving due date; `customer_told`: its customer sees it."""

    id: str
    number: str
    program_name: str
    project_name: str
    state: str
    manager_name: str
    customer_told: bool
    stages: list[MoveLine]
    tasks: list[MoveLine]


@dataclass(frozen=True, slots=True)
class Counts:
    """How many cases were examined, and what moves in them."""

    checked: int
    cases: int
    stages: int
    tasks: int
    customers_told: int


@dataclass(frozen=True, slots=True)
class DayChange:
    """A day that becomes another one: its kind before and after, its new name, and what it then counts."""

    day: date
    was: str
    becomes: str
    name: str
    working_days: str


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """Every day that changes, in order, and every case that moves, by number, with the counts."""

    days: list[DayChange]
    counts: Counts
    items: list[RehearsedCase]


def rehearse_calendar(draft: CalendarVersion) -> Rehearsal:
    """Compares every open due date with what the draft makes of it, to the microsecond.

    Raises `AlreadyDoneError` for a published version and `ConflictError` for a draft that a later publication
    has overtaken.
    """
    check_publishable(draft)
    line = line_of_draft(draft, "draft")
    managers: dict[str, str] = {row.id: row.name for row in db.session.execute(select(Staff.id, Staff.name))}
    tally = Tally()
    items = []
    for batch in due_date_moves.of_open_cases(line, clock.now()):
        for found in batch:
            tally.add(found)
            if found.moved:
                items.append(_line(found, managers))
    days = _day_changes(line, calendar_versions.content(draft.id))
    return Rehearsal(days, tally.counts(), sorted(items, key=lambda item: item.number))


def _day_changes(line: WorkingTime, held: CalendarContent) -> list[DayChange]:
    """The days of which the draft says something else than the calendar in force."""
    present, before = city.working_time(), calendar_drafts.in_force()
    half_days = {half.date for half in (*held.half_days, *before.half_days)}
    years = held.announced ^ before.announced
    asked = {*held.days, *before.days, *half_days}
    for year in years:
        first = date(year, 1, 1)
        asked |= {first + timedelta(days=number) for number in range(366 if isleap(year) else 365)}
    changes = []
    for on in sorted(asked):
        was, becomes = present.day(on), line.day(on)
        if (was.kind, was.name, was.weight) != (becomes.kind, becomes.name, becomes.weight):
            weight = str(float(becomes.weight)).removesuffix(".0")
            changes.append(DayChange(on, was.kind.value, becomes.kind.value, becomes.name, weight))
    return changes


def check_publishable(draft: CalendarVersion) -> None:
    """Refuses a version that is published already, or that would undo a later one."""
    if draft.number is not None:
        raise AlreadyDoneError("该版本已发布，无需重复操作。")
    if draft.base_id != calendar_versions.current_id():
        raise ConflictError("起草之后已有新版工作日历发布，请在新版基础上重新起草。")


def line_of_draft(draft: CalendarVersion, name: str) -> WorkingTime:
    """The working-time line of the draft."""
    return calendar_versions.line_of(
        calendar_versions.content(draft.id), city.current().calendar, f"{city.current().city.key}-{name}"
    )


class Tally:
    """Counts what moves, case by case."""

    def __init__(self) -> None:
        """Starts at zero."""
        self._checked = self._cases = self._stages = self._tasks = self._told = 0

    def add(self, found: CaseMoves) -> None:
        """Counts one examined case."""
        self._checked += 1
        self._cases += found.moved
        self._stages += len(found.stages)
        self._tasks += len(found.tasks)
        self._told += found.told

    def counts(self) -> Counts:
        """Everything counted so far."""
        return Counts(self._checked, self._cases, self._stages, self._tasks, self._told)


def _line(found: CaseMoves, managers: dict[str, str]) -> RehearsedCase:
    case = found.case
    return RehearsedCase(
        id=case.id,
        number=case.number,
        program_name=city.program(case.program_key).name,
        project_name=case.project_name,
        state=case.state,
        manager_name=managers[case.manager_id],
        customer_told=found.told,
        stages=[MoveLine(stage.name, None, stage.was, stage.becomes) for stage in found.stages],
        tasks=[
            MoveLine(task.name, city.department_name(task.department), task.was, task.becomes)
            for task in found.tasks
        ],
    )
