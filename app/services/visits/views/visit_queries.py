"""Visits as people read them: when, why, where, who comes, and what can still be changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import aliased

from app.core import clock
from app.core.crypto import mask_address
from app.core.db import db
from app.domain.area import Point
from app.domain.visit_rules import Place
from app.models import Application, Case, Staff, Visit, VisitAttendee, VisitState, VisitWait
from app.services.installation import city
from app.services.visits import appointments, required_visits
from app.services.visits.required_visits import Needed


@dataclass(frozen=True, slots=True)
class Visitor:
    """An attendee. `instead_of` is the manager's name where a stand-in leads."""

    staff_id: str
    name: str
    number: str
    photo_url: str
    department: str
    lead: bool
    instead_of: str | None
    arrived_at: datetime | None


@dataclass(frozen=True, slots=True)
class Where:
    """Address and position (GCJ-02) of a visit. In early service the position may be unknown."""

    kind: str
    address: str
    position: Point | None


@dataclass(frozen=True, slots=True)
class VisitLine:
    """A visit of a case. `changeable`: the customer may move or cancel it without help now."""

    id: str
    purpose: str
    purpose_name: str
    state: str
    offered: bool
    starts_at: datetime
    ends_at: datetime
    hold_until: datetime | None
    due_at: datetime | None
    after_due: bool
    expected_at: datetime | None
    in_doubt: bool
    no_show_of: str | None
    reason: str | None
    changeable: bool
    joined_to: str | None
    place: Where
    visitors: Sequence[Visitor]


@dataclass(frozen=True, slots=True)
class Bookings:
    """What can be booked for a case now, every visit it ever had, and its places on the wait-list."""

    needed: Sequence[Needed]
    items: Sequence[VisitLine]
    waiting: Sequence[str]


def bookings_of_case(case: Case, *, masked: bool = False) -> Bookings:
    """Everything about the visits of a case that the caller was allowed to see, newest first.

    `masked`: addresses as in lists, without positions.
    """
    rows = db.session.scalars(
        select(Visit)
        .where(Visit.case_id == case.id)
        # A moved visit and its successor may have the same start and the same time of entry.
        .order_by(Visit.starts_at.desc(), Visit.created_at.desc(), Visit.sequence.desc())
    ).all()
    waiting = db.session.scalars(
        select(VisitWait.purpose).where(VisitWait.case_id == case.id).order_by(VisitWait.purpose)
    ).all()
    answers = answers_of(case) if rows else None
    return Bookings(
        required_visits.visits_needed(case),
        [visit_line(case, row, answers, masked=masked) for row in rows],
        waiting,
    )


def visit_line(
    case: Case, visit: Visit, answers: Mapping[str, Any] | None = None, *, masked: bool = False
) -> VisitLine:
    """One visit of a case in words. `answers`: those of its application, if they were read already.

    `masked`: the address as in lists, without the position.
    """
    place = where(case, visit, answers)
    coming = visitors(visit.id)
    came = any(visitor.arrived_at is not None for visitor in coming)
    return VisitLine(
        id=visit.id,
        purpose=visit.purpose,
        purpose_name=purpose_name(visit),
        state=visit.state,
        offered=visit.offered,
        starts_at=visit.starts_at,
        ends_at=visit.ends_at,
        hold_until=visit.hold_until if visit.state == VisitState.HELD else None,
        due_at=visit.due_at,
        after_due=visit.after_due,
        expected_at=visit.expected_at,
        in_doubt=visit.in_doubt_at is not None,
        no_show_of=visit.no_show_of,
        reason=visit.reason,
        changeable=_may_change(visit, came=came),
        joined_to=visit.joined_to,
        place=masked_place(place) if masked else place,
        visitors=coming,
    )


def purpose_name(visit: Visit) -> str:
    """The display name of a visit's purpose."""
    return city.current().visits.purposes[visit.purpose].name


def is_changeable(visit: Visit) -> bool:
    """Whether the customer may move or cancel it: before the cut-off, or when the utility cannot keep it."""
    return _may_change(visit, came=appointments.somebody_came(visit.id))


def _may_change(visit: Visit, *, came: bool) -> bool:
    if came or visit.state != VisitState.CONFIRMED:
        return False
    rules = city.current().visits
    now = clock.now()
    ours = visit.in_doubt_at is not None or now >= visit.starts_at + rules.late_after
    pushed = visit.expected_at is not None and visit.expected_at > visit.starts_at + rules.late_after
    warned = visit.warned_at is not None
    return ours or pushed or warned or now <= visit.starts_at - rules.cut_off


def where(case: Case, visit: Visit, answers: Mapping[str, Any] | None = None) -> Where:
    """Where it takes place: at the site of the case, or at the utility's office."""
    rules = city.current().visits
    if rules.purposes[visit.purpose].place is Place.OFFICE:
        return Where(Place.OFFICE.value, rules.office.address, rules.office.position)
    if answers is None:
        answers = answers_of(case)
    location = answers.get("location")
    position = (
        Point(float(location["latitude_gcj02"]), float(location["longitude_gcj02"])) if location else None
    )
    return Where(Place.SITE.value, answers["address"], position)


def masked_place(place: Where) -> Where:
    """A customer's address as in lists, without the position. The utility's office is nobody's secret."""
    if place.kind == Place.OFFICE:
        return place
    return Where(place.kind, mask_address(place.address), None)


def visitors(visit_id: str) -> list[Visitor]:
    """The attendees, the lead first."""
    return [
        Visitor(
            staff_id=row.staff_id,
            name=row.name,
            number=row.number,
            photo_url=row.photo_url,
            department=city.department_name(row.department),
            lead=row.lead,
            instead_of=row.instead_of,
            arrived_at=row.arrived_at,
        )
        for row in db.session.execute(_VISITORS, {"visit_id": visit_id})
    ]


def answers_of(case: Case) -> Mapping[str, Any]:
    """The answers of the case's application."""
    asked = select(Application.answers).where(Application.id == case.application_id)
    answers: Mapping[str, Any] = db.session.scalars(asked).one()
    return answers


_ABSENT = aliased(Staff)
_VISITORS = (
    select(
        VisitAttendee.staff_id,
        Staff.name,
        Staff.number,
        Staff.photo_url,
        Staff.department,
        VisitAttendee.lead,
        _ABSENT.name.label("instead_of"),
        VisitAttendee.arrived_at,
    )
    .join(Staff, Staff.id == VisitAttendee.staff_id)
    .outerjoin(_ABSENT, _ABSENT.id == VisitAttendee.deputy_for)
    .where(VisitAttendee.visit_id == bindparam("visit_id"))
    .order_by(VisitAttendee.lead.desc(), VisitAttendee.role)
)
