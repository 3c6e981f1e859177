"""Who may be sent: active people with their work patterns, and who of them is absent."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import Any

from sqlalchemy import (
    Boolean,
    CompoundSelect,
    Row,
    String,
    and_,
    bindparam,
    cast,
    null,
    or_,
    select,
    union_all,
)

from app.core.db import db
from app.models import Staff, StaffLeave, VisitClosure, WorkPattern
from app.services.scheduling import working_hours
from app.services.scheduling.working_hours import Stretch, Weeks


@dataclass(frozen=True, slots=True)
class Member:
    """A member of staff who may be sent, with their work patterns."""

    id: str
    number: str
    name: str
    department: str
    is_manager: bool
    districts: Sequence[str]
    weeks: Weeks


@dataclass(frozen=True, slots=True)
class Absences:
    """Who is absent in a stretch of time, as sets of time slots by staff id: on leave, or because of a
    closure.

    `deputies` are those named in leave in that time.
    """

    away: Mapping[str, int]
    deputies: Mapping[str, Collection[str]]


def members(departments: Iterable[str], *, managers: bool = False) -> list[Member]:
    """Active people of these departments, and every manager; supervisors are never sent."""
    asked = {"departments": sorted(set(departments)), "managers": managers}
    return _members(db.session.connection().execute(_MAY_BE_SENT, asked))


def by_id(staff_ids: Iterable[str]) -> list[Member]:
    """Those of these people who are active."""
    return _members(db.session.connection().execute(_OF_THESE, {"ids": sorted(set(staff_ids))}))


def _members(rows: Iterable[Row[Any]]) -> list[Member]:
    """From one row for each pattern of each person; people without a pattern have one row."""
    found = []
    for _, of_person in groupby(rows, attrgetter("id")):
        each = list(of_person)
        weeks = [
            working_hours.pattern_of(row.valid_from, row.weekly, row.most_per_day)
            for row in each
            if row.valid_from is not None
        ]
        one = each[0]
        found.append(
            Member(
                one.id,
                one.number,
                one.name,
                one.department,
                one.is_manager,
                one.districts,
                tuple(weeks),
            )
        )
    return found


def absences(wanted: Iterable[Member], stretch: Stretch, *, manager: str | None = None) -> Absences:
    """The leave of these people, the closures that concern them, and the deputies of `manager`.

    The manager need not be among them: somebody who has left may still have a deputy.
    """
    known = {member.id: member for member in wanted}
    asked = {
        "ids": sorted(known if manager is None else known.keys() | {manager}),
        "starts": stretch.starts_at,
        "ends": stretch.ends_at,
    }
    away: dict[str, int] = defaultdict(int)
    deputies: dict[str, set[str]] = defaultdict(set)
    for row in db.session.connection().execute(_ABSENCES, asked):
        missed = stretch.touched_by(row.starts_at, row.ends_at)
        if row.staff_id is not None:
            away[row.staff_id] |= missed
            deputies[row.staff_id].add(row.deputy_id)
            continue
        for member in known.values():
            if row.department in (None, member.department):
                away[member.id] |= missed
    return Absences(away, deputies)


_IDS = bindparam("ids", expanding=True, type_=String)
# The stored text is the key: many people share few patterns, and each is parsed once.
_PEOPLE = (
    select(
        Staff.id,
        Staff.number,
        Staff.name,
        Staff.department,
        Staff.is_manager,
        Staff.districts,
        WorkPattern.valid_from,
        cast(WorkPattern.weekly, String).label("weekly"),
        WorkPattern.most_per_day,
    )
    .outerjoin(WorkPattern, WorkPattern.staff_id == Staff.id)
    .where(Staff.active.is_(True))
    .order_by(Staff.number, WorkPattern.valid_from)
)
_OF_THESE = _PEOPLE.where(Staff.id.in_(_IDS))
_MAY_BE_SENT = _PEOPLE.where(
    Staff.is_supervisor.is_(False),
    or_(
        Staff.department.in_(bindparam("departments", expanding=True, type_=String)),
        and_(bindparam("managers", type_=Boolean), Staff.is_manager.is_(True)),
    ),
)
# Leave names a person, a closure a department or nobody.
_ABSENCES: CompoundSelect[Any] = union_all(
    select(
        StaffLeave.staff_id,
        StaffLeave.deputy_id,
        null().cast(String).label("department"),
        StaffLeave.starts_at,
        StaffLeave.ends_at,
    ).where(
        StaffLeave.staff_id.in_(_IDS),
        StaffLeave.starts_at < bindparam("ends"),
        StaffLeave.ends_at > bindparam("starts"),
    ),
    select(null(), null(), VisitClosure.department, VisitClosure.starts_at, VisitClosure.ends_at).where(
        VisitClosure.starts_at < bindparam("ends"), VisitClosure.ends_at > bindparam("starts")
    ),
)
