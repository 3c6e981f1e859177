"""What notices need to know of a conversation, a chase or a complaint, as plain values."""

from dataclasses import dataclass, replace
from datetime import datetime

from app.core import clock
from app.core.db import db
from app.models import Case, Chase, Complaint, Conversation
from app.services.conversations import on_duty
from app.services.event_views import cases
from app.services.event_views.cases import CaseView
from app.services.installation import city
from app.services.people import recipients, staffing
from app.services.people.recipients import CustomerRecipient, StaffRecipient


@dataclass(frozen=True, slots=True)
class ConversationView:
    """A conversation: what it is about, the customer if the mini-program knows them, and who answers.

    `manager` is whom the customer knows, `answering` who does it at present.
    """

    conversation_id: str
    topic: str
    customer: CustomerRecipient | None
    manager: StaffRecipient
    answering: StaffRecipient
    due_at: datetime | None


def talk(conversation_id: str) -> ConversationView:
    """What notices say of a conversation."""
    found = db.session.get_one(Conversation, conversation_id)
    answering = recipients.acting_member(found.holder_id)
    if found.case_id is None:
        customer = recipients.customer(found.customer_id) if found.customer_id else None
        topic = city.current().talk.texts["enquiry_topic"]
        holder = recipients.member(found.holder_id)
        return ConversationView(found.id, topic, customer, holder, answering, found.answer_due_at)
    case = cases.case(found.case_id)
    return ConversationView(
        found.id, case.project_name, case.customer, case.manager, answering, found.answer_due_at
    )


@dataclass(frozen=True, slots=True)
class ChaseView:
    """A chase: the case, the stage with its figures at that moment, and who works on it."""

    chase_id: str
    case: CaseView
    stage_name: str
    used: str
    allowed: str
    due_at: datetime
    holders: tuple[StaffRecipient, ...]


@dataclass(frozen=True, slots=True)
class ComplaintView:
    """A complaint: its conversation (due when the answer is), and who is responsible to the end.

    While that person is away, also whoever stands in; of somebody who left, only they.
    """

    complaint_id: str
    talk: ConversationView
    responsible: tuple[StaffRecipient, ...]


def chase(chase_id: str) -> ChaseView:
    """What notices say of a chase."""
    found = db.session.get_one(Chase, chase_id)
    case = cases.case(found.case_id)
    row = db.session.get_one(Case, found.case_id)
    program = city.program_of(row.program_key, row.former_program_key)
    return ChaseView(
        chase_id=found.id,
        case=case,
        stage_name=program.stage(found.stage_key).name,
        used=found.used,
        allowed=found.allowed,
        due_at=found.due_at,
        holders=cases.holders_of_stage(found.case_id, found.stage_key),
    )


def complaint(complaint_id: str) -> ComplaintView:
    """What notices say of a complaint."""
    found = db.session.get_one(Complaint, complaint_id)
    standing_in = on_duty.who_answers(found.responsible_id, clock.now())
    people = [found.responsible_id] if staffing.active_staff(found.responsible_id) else []
    return ComplaintView(
        complaint_id=found.id,
        talk=replace(talk(found.conversation_id), due_at=found.due_at),
        responsible=tuple(recipients.member(id_) for id_ in dict.fromkeys([*people, standing_in])),
    )
