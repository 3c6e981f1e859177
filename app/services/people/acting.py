"""Who acts for whom now, asked of the database. The rule itself is `app.domain.stand_ins`.

The usual case, somebody active and present, costs one statement by primary key. Lists are filtered by
`principals`: the people for whom somebody acts, found by the same rule.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, exists, func, or_, select

from app.core.db import UtcDateTime
from app.core.list_parameter import one_of
from app.core.prepared_query import PreparedQuery
from app.domain.stand_ins import DutyRoster, LeaveInForce, Load, Person
from app.models import Case, Complaint, Conversation, Staff, StaffLeave, Task, TaskState


def acts_for(staff_id: str, at: datetime, *, since: str | None = None) -> str:
    """Who acts for a member of staff at `at`; `since` is who has been acting so far, if anybody."""
    if _is_present(_PRESENCE.rows({"staff_id": staff_id, "at": at})):
        return staff_id
    return _roster(at, [staff_id]).who_acts(staff_id, since=since)


def keep_from_leaving(staff_id: str) -> bool:
    """Keeps an active person from being removed until the transaction ends.

    False: they have been removed meanwhile. Ask it after the lock of the case.
    """
    return bool(_KEPT.rows({"staff_id": staff_id}))


def deputy_for(staff_id: str, at: datetime) -> str | None:
    """The qualified, present deputy of somebody's leave in force; None without one."""
    return _roster(at, [staff_id]).deputy(staff_id)


def principals(staff_id: str, at: datetime) -> frozenset[str]:
    """Everybody for whom this person acts at `at`, themselves included.

    Of those who have left only who still holds work counts: removal leaves nothing with them.
    """
    absent = [row[0] for row in _ABSENT.rows({"at": at})]
    if not absent:
        return frozenset({staff_id})
    roster = _roster(at, absent)
    return frozenset({staff_id, *(each for each in absent if roster.who_acts(each) == staff_id)})


def specialist(department: str, manager_id: str, at: datetime) -> str | None:
    """Somebody of a department who is present and is not the case's manager, nor acts for them.

    Who holds the fewest open tasks, of equals the lowest staff number. Supervisors, who review what comes of
    it, are not chosen. None when there is nobody: the work is left to the department's queue.
    """
    asked = {"department": department, "manager_id": manager_id, "at": at}
    acts = acts_for(manager_id, at)
    found = [row[0] for row in _SPECIALISTS.rows(asked) if row[0] != acts]
    return found[0] if found else None


def reviewer(at: datetime) -> str | None:
    """The supervisor who reviews: the first present one by staff number, else an absent one.

    None without any supervisor: the review is left to the lead department's queue.
    """
    rows = _REVIEWERS.rows({"at": at})
    found: str | None = rows[0][0] if rows else None
    return found


def on_leave(staff_id: Any, at: Any) -> ColumnElement[bool]:
    """The condition that this person is on leave at `at`. Not who acts for them: that is `acts_for`."""
    return exists().where(
        StaffLeave.staff_id == staff_id, StaffLeave.starts_at <= at, StaffLeave.ends_at > at
    )


def _is_present(rows: Sequence[Sequence[Any]]) -> bool:
    return bool(rows) and bool(rows[0][0]) and not rows[0][1]


def _roster(at: datetime, also: Collection[str]) -> DutyRoster:
    """Everybody active, and `also`, who may have left."""
    people: dict[str, Person] = {}
    leaves = []
    for *person, entered, deputy_id, starts_at in _PEOPLE.rows({"at": at, "also": sorted(also)}):
        known = people.setdefault(person[0], Person(*person))
        if entered is not None:
            leaves.append(LeaveInForce(entered, known.id, deputy_id, starts_at))
    return DutyRoster(list(people.values()), leaves, _load())


def _load() -> Load:
    """Open cases of managers, open tasks of everybody else, each counted when first asked for."""

    @cache
    def counted(query: PreparedQuery) -> dict[str, int]:
        return dict(map(tuple, query.rows({})))

    return lambda person: counted(_OPEN_CASES if person.is_manager else _OPEN_TASKS).get(person.id, 0)


_AT = bindparam("at", type_=UtcDateTime)
_PRESENCE = PreparedQuery(
    select(Staff.active, on_leave(Staff.id, _AT)).where(Staff.id == bindparam("staff_id"))
)
# Removal takes the row FOR UPDATE, which waits for these. SQLite allows one writer at a time anyway.
_KEPT = PreparedQuery(
    select(Staff.id)
    .where(Staff.id == bindparam("staff_id"), Staff.active.is_(True))
    .with_for_update(read=True, key_share=True)
)
_PEOPLE = PreparedQuery(
    select(
        Staff.id,
        Staff.number,
        Staff.department,
        Staff.is_manager,
        Staff.is_supervisor,
        Staff.active,
        StaffLeave.id,
        StaffLeave.deputy_id,
        StaffLeave.starts_at,
    )
    .outerjoin(
        StaffLeave,
        and_(StaffLeave.staff_id == Staff.id, StaffLeave.starts_at <= _AT, StaffLeave.ends_at > _AT),
    )
    .where(or_(Staff.active.is_(True), one_of(Staff.id, "also")))
)
_HOLDS_WORK = or_(
    exists().where(Case.manager_id == Staff.id, Case.closed_at.is_(None)),
    exists().where(Task.assignee_id == Staff.id, Task.state == TaskState.OPEN.value),
    exists().where(Conversation.holder_id == Staff.id),
    exists().where(Complaint.responsible_id == Staff.id, Complaint.closed_at.is_(None)),
)
ABSENT = (
    select(StaffLeave.staff_id)
    .where(StaffLeave.starts_at <= _AT, StaffLeave.ends_at > _AT)
    .union(select(Staff.id).where(Staff.active.is_(False), _HOLDS_WORK))
)
"""Everybody for whom somebody else acts; its plan is tested."""
_ABSENT = PreparedQuery(ABSENT)
_REVIEWERS = PreparedQuery(
    select(Staff.id)
    .where(Staff.active.is_(True), Staff.is_supervisor.is_(True))
    .order_by(on_leave(Staff.id, _AT), Staff.number)
    .limit(1)
)
_HELD_TASKS = (
    select(func.count())
    .where(Task.assignee_id == Staff.id, Task.state == TaskState.OPEN.value)
    .correlate(Staff)
    .scalar_subquery()
)
_SPECIALISTS = PreparedQuery(
    select(Staff.id)
    .where(
        Staff.active.is_(True),
        Staff.is_supervisor.is_(False),
        Staff.department == bindparam("department"),
        Staff.id != bindparam("manager_id"),
        ~on_leave(Staff.id, _AT),
    )
    .order_by(_HELD_TASKS, Staff.number)
    .limit(2)
)
_OPEN_CASES = PreparedQuery(
    select(Case.manager_id, func.count()).where(Case.closed_at.is_(None)).group_by(Case.manager_id)
)
_OPEN_TASKS = PreparedQuery(
    select(Task.assignee_id, func.count())
    .where(Task.state == TaskState.OPEN.value, Task.assignee_id.is_not(None))
    .group_by(Task.assignee_id)
)
