"""Leave and closures as staff enter them: first a preview of the affected visits, then the entry."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import ColumnElement, Row, Select, select

from app.core import clock
from app.core.db import db
from app.domain.errors import FieldsError, NotAllowedError
from app.models import Case, Staff, StaffLeave, Visit, VisitAttendee, VisitClosure, VisitState
from app.services.installation import city
from app.services.people.staffing import Colleague
from app.services.scheduling import absences
from app.services.visits import required_visits
from app.services.visits.changes import skill_gaps
from app.services.visits.changes.simulate_moves import Plan
from app.services.visits.changes.skill_gaps import SkillGap
from app.services.visits.views import visit_queries

_MOST_LISTED = 200


@dataclass(frozen=True, slots=True)
class Away:
    """Leave of a person (`number`, `deputy`), or a closure of a department, or, with neither, of all."""

    starts_at: datetime
    ends_at: datetime
    number: str | None = None
    deputy: str | None = None
    department: str | None = None
    reason: str = ""
    ask: bool = False


@dataclass(frozen=True, slots=True)
class Hit:
    """A visit that could not take place, and its new time; None when the customer will be asked.

    Earlier visits choose first, in the order in which the jobs move them.
    """

    visit_id: str
    case_id: str
    case_number: str
    project_name: str
    purpose_name: str
    starts_at: datetime
    becomes: datetime | None
    visitors: Sequence[str]


@dataclass(frozen=True, slots=True)
class Hits:
    """The affected visits: the first ones in detail, and the number of the others.

    `unfit`: the names of the purposes that a new work pattern leaves no room for; `skill_gaps`: when a skill
    is nobody's.
    """

    items: Sequence[Hit]
    more: int
    unfit: Sequence[str] = ()
    skill_gaps: Sequence[SkillGap] = ()


def preview(staff: Colleague, away: Away) -> Hits:
    """The visits that an absence would affect, in order of time. Enters nothing. Raises as `enter` does."""
    with rehearsal():
        return enter(staff, away)


def enter(staff: Colleague, away: Away) -> Hits:
    """Enters the absence. The jobs then move the affected visits or ask the customers.

    Raises `NotAllowedError` for somebody else's leave or a closure unless by a supervisor, and
    `FieldsError` for a time that is over, ends before it begins or is too long, for unknown people, or for
    a deputy who could not do the work.
    """
    _enter(staff, away)
    return hits_of(away)


@contextmanager
def rehearsal() -> Iterator[None]:
    """Rolls back at its end whatever was written in the block."""
    with db.session.begin_nested() as trial:
        yield
        trial.rollback()


def _enter(staff: Colleague, away: Away) -> StaffLeave | VisitClosure:
    if away.number is None:
        if not staff.is_supervisor:
            raise NotAllowedError("停止预约由督办登记，请联系督办人员。")
        if away.department is not None and away.department not in city.current().departments:
            raise FieldsError([_fault("department", "没有这个部门，请核对。")])
        return absences.enter_closure(
            away.department, away.starts_at, away.ends_at, away.reason, staff.id, ask=away.ask
        )
    person, deputy = active(away.number, "staff_number"), active(away.deputy or "", "deputy_number")
    if not staff.is_supervisor and person.id != staff.id:
        raise NotAllowedError("只能登记本人的请假，其他人员由督办登记。")
    return absences.enter_leave(person.id, deputy.id, away.starts_at, away.ends_at, ask=away.ask)


def active(number: str, field: str) -> Staff:
    """The active member of staff with this number. Raises `FieldsError` on `field` when there is none."""
    found = db.session.scalar(select(Staff).where(Staff.number == number, Staff.active.is_(True)))
    if found is None:
        raise FieldsError([_fault(field, "没有这位员工，请核对工号。")])
    return found


def _fault(field: str, message: str) -> dict[str, str]:
    return {"field": field, "code": "invalid", "message": message}


def hits_of(away: Away) -> Hits:
    """The visits that an absence which is entered affects."""
    booked = booked_with(_concerned(away), away.starts_at).where(Visit.starts_at < away.ends_at)
    found = hits(db.session.execute(booked).all(), ask=away.ask)
    if away.number is None:
        return found
    person = active(away.number, "staff_number")
    return replace(found, skill_gaps=skill_gaps.gaps(person.id, away.starts_at, away.ends_at))


def hits_of_departure(staff_id: str, now: datetime) -> Hits:
    """The visits that somebody who has left can't make, and the skills that are nobody's in the window."""
    found = hits(db.session.execute(booked_with(Staff.id == staff_id, now)).all(), ask=False)
    until = now + city.current().visits.window
    return replace(found, skill_gaps=skill_gaps.gaps(staff_id, now, until))


def hits(visits: Sequence[Row[Visit, Case]], *, ask: bool) -> Hits:
    """The visits that cannot take place as booked, with their new times; with `ask` none gets a new time."""
    plan = None if ask else Plan()
    listed = [_hit(case, visit, plan) for visit, case in visits[:_MOST_LISTED]]
    return Hits(listed, len(visits) - len(listed))


def booked_with(whose: ColumnElement[bool], since: datetime) -> Select[Visit, Case]:
    """The confirmed visits that these people attend and that end after `since`, in order."""
    return (
        select(Visit, Case)
        .join(Case, Case.id == Visit.case_id)
        .where(
            Visit.state == VisitState.CONFIRMED,
            Visit.ends_at > max(since, clock.now()),
            select(VisitAttendee.visit_id)
            .join(Staff, Staff.id == VisitAttendee.staff_id)
            .where(VisitAttendee.visit_id == Visit.id, whose)
            .exists(),
        )
        .order_by(Visit.starts_at, Visit.id)
    )


def _concerned(away: Away) -> ColumnElement[bool]:
    if away.number is not None:
        return Staff.number == away.number
    return Staff.department == away.department if away.department is not None else Staff.id.is_not(None)


def _hit(case: Case, visit: Visit, plan: Plan | None) -> Hit:
    opening = None
    needed = required_visits.find_needed(case, visit.purpose)
    if plan is not None and needed is not None:
        opening = plan.move(case, visit, needed)
    return Hit(
        visit.id,
        case.id,
        case.number,
        case.project_name,
        visit_queries.purpose_name(visit),
        visit.starts_at,
        None if opening is None else opening.starts_at,
        [visitor.name for visitor in visit_queries.visitors(visit.id)],
    )
