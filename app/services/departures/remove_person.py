"""Somebody leaves or is disabled: in one transaction everything they hold goes to somebody who is there."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update

from app.core import clock, eventbus
from app.core.db import db
from app.core.ids import new_id
from app.domain.errors import AlreadyDoneError, ConflictError, FieldsError, NotAllowedError
from app.domain.events import HandoversProposed, StaffLeft
from app.models import (
    Application,
    Audience,
    Case,
    Complaint,
    Conversation,
    Staff,
    StaffDeparture,
    StaffLeave,
)
from app.services.conversations import on_duty
from app.services.departures import lock_person, move_case
from app.services.departures.lock_person import Held
from app.services.departures.move_case import MovedCase, MovedTask
from app.services.history.timeline import ENGINE, By, by_staff
from app.services.people import acting, sessions
from app.services.people.staffing import Colleague
from app.services.visits.changes import closures
from app.services.visits.changes.closures import Hits


@dataclass(frozen=True, slots=True)
class Departed:
    """What a departure moves: cases with their proposed managers, tasks, and visits with their new times.

    `deputy_for`: who named this person as deputy in leave that lasts or is to come, and needs another one.
    """

    id: str
    staff_number: str
    staff_name: str
    cases: Sequence[MovedCase]
    tasks: Sequence[MovedTask]
    conversations: int
    complaints: int
    visits: Hits
    deputy_for: Sequence[str]


def preview(staff: Colleague | None, number: str) -> Departed:
    """What the departure of this person would move. Changes nothing. Raises as `remove` does."""
    with closures.rehearsal():
        return remove(staff, number)


def remove(staff: Colleague | None, number: str) -> Departed:
    """Removes a person. `staff` is a supervisor, or None for the operator.

    Tasks return to their queue or to who acts, cases get a proposed manager who has them at once and whom a
    supervisor confirms, the jobs find other people or times for visits, complaints, conversations and drafts
    move, logins end. Supervisors and the proposed managers are told. Raises `NotAllowedError`, `FieldsError`
    for an unknown number, `AlreadyDoneError` for somebody who has left, `ConflictError` for oneself.
    """
    if staff is not None and not staff.is_supervisor:
        raise NotAllowedError("人员离岗由督办登记，请联系督办人员。")
    member = db.session.scalar(select(Staff).where(Staff.number == number))
    if member is None:
        raise FieldsError(
            [{"field": "staff_number", "code": "invalid", "message": "没有这位员工，请核对工号。"}]
        )
    if staff is not None and member.id == staff.id:
        raise ConflictError("不能为本人登记离岗，请由另一位督办登记。")
    now = clock.now()
    successor = acting.deputy_for(member.id, now)
    # Also what somebody held who left before departures were recorded.
    held = lock_person.lock_and_deactivate(member)
    if _departure_of(member.id) is not None:
        raise AlreadyDoneError("该人员已登记离岗，无需重复登记。")
    departure = StaffDeparture(
        id=new_id(), staff_id=member.id, left_at=now, entered_by=None if staff is None else staff.id
    )
    db.session.add(departure)
    db.session.flush()
    sessions.revoke_all(Audience.STAFF, member.id)
    cases, tasks = _move_cases(departure, held, successor, ENGINE if staff is None else by_staff(staff.id))
    _move_conversations(held, now)
    _move_drafts(member.id, now)
    found = closures.hits_of_departure(member.id, now)
    moved = Departed(
        departure.id,
        member.number,
        member.name,
        cases,
        tasks,
        len(held.conversations),
        len(held.complaints),
        found,
        _deputy_for(member.id, now),
    )
    _tell(departure, moved)
    return moved


def _departure_of(staff_id: str) -> StaffDeparture | None:
    return db.session.scalar(
        select(StaffDeparture).where(
            StaffDeparture.staff_id == staff_id, StaffDeparture.returned_at.is_(None)
        )
    )


def _move_cases(
    departure: StaffDeparture, held: Held, deputy_id: str | None, by: By
) -> tuple[list[MovedCase], list[MovedTask]]:
    cases: list[MovedCase] = []
    tasks: list[MovedTask] = []
    now = departure.left_at
    for case_id in sorted(held.cases):
        case = db.session.get_one(Case, case_id)
        managed = case.manager_id == departure.staff_id
        if managed:
            cases.append(move_case.propose_manager(case, departure, deputy_id, by, now))
        tasks += move_case.move_tasks(case, departure.staff_id, by, now, managed=managed)
    return cases, tasks


def _move_conversations(held: Held, now: datetime) -> None:
    """Conversations and complaints go to who answers for the case's new manager, or for who left."""
    for conversation_id in sorted(held.conversations):
        conversation = db.session.get_one(Conversation, conversation_id)
        named = on_duty.named_manager(conversation).id
        conversation.holder_id = on_duty.who_answers(named, now)
    for complaint_id in sorted(held.complaints):
        complaint = db.session.get_one(Complaint, complaint_id)
        conversation = db.session.get_one(Conversation, complaint.conversation_id)
        complaint.responsible_id = on_duty.who_answers(on_duty.named_manager(conversation).id, now)
    db.session.flush()


def _move_drafts(staff_id: str, now: datetime) -> None:
    """Forms that were begun for customers and not submitted."""
    db.session.execute(
        update(Application)
        .where(Application.staff_id == staff_id, Application.submitted_at.is_(None))
        .values(staff_id=acting.acts_for(staff_id, now))
    )


def _deputy_for(staff_id: str, now: datetime) -> list[str]:
    away = (
        select(Staff.name)
        .join(StaffLeave, StaffLeave.staff_id == Staff.id)
        .where(StaffLeave.deputy_id == staff_id, StaffLeave.ends_at > now, Staff.active.is_(True))
    )
    return sorted(set(db.session.scalars(away)))


def _tell(departure: StaffDeparture, moved: Departed) -> None:
    visits = len(moved.visits.items) + moved.visits.more
    eventbus.publish(StaffLeft(departure.id, len(moved.cases), len(moved.tasks), visits))
    managers = Counter(db.session.get_one(Case, case.case_id).manager_id for case in moved.cases)
    for manager_id, cases in sorted(managers.items()):
        eventbus.publish(HandoversProposed(departure.id, manager_id, cases))
