"""Visits by day for staff: my day and week, the department's calendar, load per person."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, select

from app.core import clock
from app.core.db import db
from app.domain.errors import FieldsError, NotAllowedError
from app.domain.slots.grid import PIECE
from app.models import (
    Application,
    Case,
    Staff,
    Visit,
    VisitAttendee,
    VisitPiece,
    VisitState,
)
from app.services.cases import access
from app.services.history.access_log import record_reads
from app.services.installation import city
from app.services.people.staffing import Colleague
from app.services.scheduling import availability, roster, working_hours
from app.services.scheduling.working_hours import Stretch
from app.services.visits import visit_task
from app.services.visits.views import arrival_pass, visit_queries
from app.services.visits.views.visit_queries import VisitLine

_MINUTES = PIECE // timedelta(minutes=1)
# Visits that took place or will; moved and cancelled ones would only be in the way.
_SHOWN = (VisitState.CONFIRMED.value, VisitState.DONE.value, VisitState.NO_SHOW.value)


@dataclass(frozen=True, slots=True)
class Days:
    """`number` days from `first` on, in the city's time zone."""

    first: date
    number: int

    @classmethod
    def of(cls, first: date | None, number: int) -> "Days":
        """So many days from `first` on, or from today. Raises `FieldsError` for a day beyond the calendar."""
        day = working_hours.local_day(clock.now()) if first is None else first
        line = city.working_time()
        if not line.first_year <= day.year < line.last_year:
            fault = {"field": "first", "code": "invalid", "message": "日期超出范围，请重新选择。"}
            raise FieldsError([fault])
        return cls(day, number)

    @property
    def starts_at(self) -> datetime:
        """The first midnight."""
        return working_hours.midnight(self.first)

    @property
    def ends_at(self) -> datetime:
        """The midnight after the last day."""
        return working_hours.midnight(self.first + timedelta(days=self.number))


@dataclass(frozen=True, slots=True)
class StaffVisit:
    """A visit with its case and the person to meet, in full or masked.

    `code` is what the customer's pass shows. `proposed`: outputs of the task that the check-in answers.
    """

    visit: VisitLine
    case_id: str
    case_number: str
    project_name: str
    contact: dict[str, str | None]
    code: str | None
    task_id: str | None
    proposed: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Load:
    """The load of a person: number of visits, and minutes booked (with travel) of the minutes worked."""

    number: str
    name: str
    department: str
    visits: int
    taken_minutes: int
    working_minutes: int


def mine(staff: Colleague, days: Days, *, in_full: bool) -> list[StaffVisit]:
    """The visits that this person attends, in order.

    Reading in full is recorded for each case (PIPL 51); masked stay cases in which their work is over.
    """
    return _visits(staff, VisitAttendee.staff_id == staff.id, days, in_full=in_full)


def of_department(staff: Colleague, days: Days) -> list[StaffVisit]:
    """Every visit that somebody of the same department attends, in order, masked."""
    return _visits(staff, Staff.department == staff.department, days, in_full=False)


def one(staff: Colleague, case: Case, visit: Visit) -> StaffVisit:
    """One visit that this person may see, masked."""
    return _line(staff, visit, case, visit_queries.answers_of(case), in_full=False)


def load(staff: Colleague, days: Days) -> list[Load]:
    """The load of everybody of the department, for supervisors of everybody; busiest first.

    Raises `NotAllowedError` for anybody but managers and supervisors.
    """
    if not (staff.is_supervisor or staff.is_manager):
        raise NotAllowedError("仅客户管家或督办可查看工作量。")
    departments = sorted(city.current().departments) if staff.is_supervisor else [staff.department]
    people = roster.members(departments)
    stretch = Stretch.of(days.starts_at, days.ends_at)
    working = availability.at_work(people, stretch, roster.absences(people, stretch))
    pieces = dict(_taken_pieces(stretch))
    number = dict(_visit_counts(days))
    lines = [
        Load(
            member.number,
            member.name,
            city.department_name(member.department),
            number.get(member.id, 0),
            pieces.get(member.id, 0) * _MINUTES,
            working[member.id].working.bit_count() * _MINUTES,
        )
        for member in people
    ]
    return sorted(lines, key=lambda line: (-line.taken_minutes, line.number))


def _visits(staff: Colleague, whose: ColumnElement[bool], days: Days, *, in_full: bool) -> list[StaffVisit]:
    rows = db.session.execute(
        select(Visit, Case, Application.answers)
        .join(Case, Case.id == Visit.case_id)
        .join(Application, Application.id == Case.application_id)
        .where(
            Visit.starts_at >= days.starts_at,
            Visit.starts_at < days.ends_at,
            Visit.state.in_(_SHOWN),
            select(VisitAttendee.visit_id)
            .join(Staff, Staff.id == VisitAttendee.staff_id)
            .where(VisitAttendee.visit_id == Visit.id, whose)
            .exists(),
        )
        .order_by(Visit.starts_at, Visit.id)
    ).all()
    shown = access.contact_needed(staff, {case.id for _, case, _ in rows}) if in_full else frozenset()
    if in_full:
        record_reads(staff.id, (case.id for _, case, _ in rows if case.id in shown), "contact")
    return [_line(staff, visit, case, answers, in_full=case.id in shown) for visit, case, answers in rows]


def _line(
    staff: Colleague, visit: Visit, case: Case, answers: Mapping[str, Any], *, in_full: bool
) -> StaffVisit:
    line = visit_queries.visit_line(case, visit, answers, masked=not in_full)
    comes = any(visitor.staff_id == staff.id for visitor in line.visitors)
    task_id, proposed = visit_task.proposed_outputs(case, visit)
    return StaffVisit(
        visit=line,
        case_id=case.id,
        case_number=case.number,
        project_name=case.project_name,
        contact=access.full_contact(answers) if in_full else access.masked_contact(answers),
        code=arrival_pass.code_of(visit) if comes and visit.state == VisitState.CONFIRMED else None,
        task_id=task_id,
        proposed=proposed,
    )


def _taken_pieces(stretch: Stretch) -> Sequence[tuple[str, int]]:
    rows = db.session.execute(
        select(VisitPiece.staff_id, func.count())
        .join(Visit, Visit.id == VisitPiece.visit_id)
        .where(
            VisitPiece.piece >= stretch.first,
            VisitPiece.piece < stretch.last,
            # Like the count of visits: a hold may still expire.
            Visit.state == VisitState.CONFIRMED,
        )
        .group_by(VisitPiece.staff_id)
    )
    return [(staff_id, number) for staff_id, number in rows]


def _visit_counts(days: Days) -> Sequence[tuple[str, int]]:
    rows = db.session.execute(
        select(VisitAttendee.staff_id, func.count())
        .join(Visit, Visit.id == VisitAttendee.visit_id)
        .where(
            Visit.starts_at >= days.starts_at,
            Visit.starts_at < days.ends_at,
            Visit.state == VisitState.CONFIRMED,
        )
        .group_by(VisitAttendee.staff_id)
    )
    return [(staff_id, number) for staff_id, number in rows]
