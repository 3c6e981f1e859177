"""Chases (催办): the customer asks to go faster. Manager and department get it with the case's figures."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select, update

from app.core import clock, eventbus
from app.core.db import db
from app.core.ids import new_id
from app.core.upsert import insert_or_ignore
from app.domain.errors import AlreadyDoneError, CaseEndedError, ConflictError, NotFoundError
from app.domain.events import CaseChased, ChaseOverdue
from app.domain.worktime import WorkingTime
from app.models import Case, CaseState, Chase, ConversationTimerKind
from app.services.cases.views import progress
from app.services.conversations import (
    conversation_timers,
    open_conversation,
    send_message,
)
from app.services.conversations.answer_clock import spoken_time
from app.services.conversations.append_message import ANSWER, append_text
from app.services.conversations.message_content import of_text
from app.services.history.timeline import by_customer, note
from app.services.installation import city
from app.services.people.staffing import Colleague

OPEN = "open"
UNLIMITED = "不限"


@dataclass(frozen=True, slots=True)
class ChaseLine:
    """A chase in a list. `used` and `allowed`: the stage's working days at the time of the chase."""

    id: str
    stage: str
    stage_name: str
    used: str
    allowed: str
    at: datetime
    due_at: datetime
    answer: str | None
    answered_at: datetime | None


def chase(case: Case, customer_id: str) -> ChaseLine:
    """The customer chases the open stage, at most once a working day.

    A chase on a day off counts for the next working day. Raises `CaseEndedError`, `ConflictError` when no
    stage is open, `AlreadyDoneError` for a second one.
    """
    if case.state != CaseState.OPEN:
        raise CaseEndedError("该工单已结束，无需催办。如有问题，请给客户管家留言。")
    stage = _running(case)
    now, line = clock.now(), city.working_time()
    row = {
        "id": new_id(),
        "case_id": case.id,
        "stage_key": stage["key"],
        "day": working_day(line, now),
        "customer_id": customer_id,
        "used": stage["used"],
        "allowed": stage["promised_max"] or UNLIMITED,
        "at": now,
        "due_at": line.due(now, city.current().talk.chase_due),
    }
    if not _first(row):
        raise AlreadyDoneError(f"本工作日已催办过“{stage['name']}”，客户管家会尽快答复您，也可直接留言。")
    chase_id = str(row["id"])
    note(case.id, now, "case_chased", by_customer(customer_id), {"stage": stage["key"]})
    words = city.current().talk.texts["chased"]
    due = spoken_time(row["due_at"])
    append_text(
        open_conversation.conversation_of_case(case), words.format(stage_name=stage["name"], due=due), now
    )
    conversation_timers.set_timer(chase_id, ConversationTimerKind.CHASE_OVERDUE, row["due_at"])
    eventbus.publish(CaseChased(chase_id))
    return chase_line(case, db.session.get_one(Chase, chase_id))


def answer_chase(staff: Colleague, case: Case, chase_id: str, text: str) -> ChaseLine:
    """Answers a chase in the conversation, once; anybody concerned by the case may.

    Raises `NotFoundError`, `AlreadyDoneError`, `FieldsError` for an empty text.
    """
    said = of_text(text)
    found = db.session.scalar(select(Chase).where(Chase.id == chase_id, Chase.case_id == case.id))
    if found is None:
        raise NotFoundError
    now = clock.now()
    taken = db.session.execute(
        update(Chase)
        .where(Chase.id == chase_id, Chase.answered_at.is_(None))
        .values(answer=said.values["text"], answered_at=now, answered_by=staff.id)
        .returning(Chase.id)
        .execution_options(synchronize_session=False)
    )
    if taken.first() is None:
        raise AlreadyDoneError("该催办已答复，无需重复答复。")
    conversation_timers.clear_timers(chase_id, [ConversationTimerKind.CHASE_OVERDUE])
    send_message.send_by_staff(staff, case, case.id, said, ANSWER + chase_id, urgent=False)
    db.session.refresh(found)
    return chase_line(case, found)


def remind_of_chase(chase_id: str) -> None:
    """The answer is overdue: supervisors are told, again each working morning while the case is open."""
    owed = select(Case.state).join(Chase, Chase.case_id == Case.id)
    state = db.session.scalar(owed.where(Chase.id == chase_id, Chase.answered_at.is_(None)))
    if state == CaseState.OPEN:
        now = clock.now()
        eventbus.publish(ChaseOverdue(chase_id, now))
        conversation_timers.set_timer(
            chase_id, ConversationTimerKind.CHASE_OVERDUE, city.working_time().next_morning(now)
        )


def chases_of_case(case: Case) -> list[ChaseLine]:
    """Every chase of a case, newest first."""
    rows = db.session.scalars(select(Chase).where(Chase.case_id == case.id).order_by(Chase.at.desc()))
    return [chase_line(case, row) for row in rows]


def chase_line(case: Case, row: Chase) -> ChaseLine:
    """A chase in words."""
    program = city.program_of(case.program_key, case.former_program_key)
    return ChaseLine(
        id=row.id,
        stage=row.stage_key,
        stage_name=program.stage(row.stage_key).name,
        used=row.used,
        allowed=row.allowed,
        at=row.at,
        due_at=row.due_at,
        answer=row.answer,
        answered_at=row.answered_at,
    )


def working_day(line: WorkingTime, now: datetime) -> date:
    """The working day to which `now` belongs: today, or the next working day."""
    today = now.astimezone(line.zone).date()
    if line.opening_of(today) is not None:
        return today
    return line.next_opening(now).astimezone(line.zone).date()


def _running(case: Case) -> dict[str, Any]:
    stages = progress.progress_for_staff(case.id)["stages"]
    found: dict[str, Any] | None = next((stage for stage in stages if stage["state"] == OPEN), None)
    if found is None:
        raise ConflictError("目前没有正在办理的环节，如有问题，请给客户管家留言。")
    return found


def _first(row: dict[str, Any]) -> bool:
    db.session.flush()
    return insert_or_ignore(Chase, row, conflict=("case_id", "stage_key", "day"))
