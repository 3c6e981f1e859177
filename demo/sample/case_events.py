"""What else happens in a case: messages, chases, complaints, stops and their disputes, permits, papers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from sqlalchemy import select

from app.core.db import db
from app.core.ids import new_id
from app.models import Case, Chase, Complaint, Stop, Task, TaskState
from app.services.cases.clock import road_permit, stop_reviews, stops
from app.services.conversations import open_conversation, send_message
from app.services.conversations.care import chases, complaints
from app.services.conversations.message_content import of_place, of_text
from app.services.history.timeline import by_customer
from app.services.people.staffing import Colleague
from app.services.tasks import task_queries
from app.services.tasks.make_task_paper import make_task_paper
from demo.sample import deliverables
from demo.sample.directory import Directory
from demo.sample.plan import PlannedEvent

ENGINEER = "E001"


@dataclass(frozen=True, slots=True)
class _Scene:
    """An event with the case it happens in; `outputs` is what tasks deliver."""

    case: Case
    customer_id: str
    details: Mapping[str, Any]
    directory: Directory
    outputs: Mapping[str, Any]

    @property
    def manager(self) -> Colleague:
        return self.directory.manager_of(self.case)


def happen(
    event: PlannedEvent, case_id: str, customer_id: str, directory: Directory, outputs: Mapping[str, Any]
) -> None:
    """Let one event of a case happen now. Raises `KeyError` for a kind that there is not."""
    case = db.session.get_one(Case, case_id)
    _HANDLERS[event.what](_Scene(case, customer_id, event.details, directory, outputs))


def _customer_writes(scene: _Scene) -> None:
    send_message.send_by_customer(scene.case, scene.customer_id, of_text(scene.details["text"]), new_id())


def _customer_sends_place(scene: _Scene) -> None:
    send_message.send_by_customer(scene.case, scene.customer_id, of_place(scene.details["place"]), new_id())


def _manager_writes(scene: _Scene) -> None:
    said = of_text(scene.details["text"])
    send_message.send_by_staff(scene.manager, scene.case, scene.case.id, said, new_id(), urgent=False)


def _customer_chases(scene: _Scene) -> None:
    chases.chase(scene.case, scene.customer_id)


def _chase_is_answered(scene: _Scene) -> None:
    newest = select(Chase.id).where(Chase.case_id == scene.case.id).order_by(Chase.at.desc()).limit(1)
    chases.answer_chase(scene.manager, scene.case, db.session.scalars(newest).one(), scene.details["text"])


def _customer_complains(scene: _Scene) -> None:
    conversation = open_conversation.conversation_of_case(scene.case)
    complaints.complain(conversation, by_customer(scene.customer_id), scene.details["text"])


def _complaint_is_answered(scene: _Scene) -> None:
    complaints.answer_complaint(scene.directory.supervisor(), _complaint(scene.case), scene.details["text"])


def _complaint_is_closed(scene: _Scene) -> None:
    complaints.close_by_owner(scene.case.id, by_customer(scene.customer_id), _complaint(scene.case))


def _clock_is_stopped(scene: _Scene) -> None:
    details = scene.details
    stops.stop_clock(scene.case, scene.manager.id, details["reason"], details["party"], details["evidence"])


def _stop_is_disputed(scene: _Scene) -> None:
    newest = select(Stop.id).where(Stop.case_id == scene.case.id).order_by(Stop.started_at.desc()).limit(1)
    stop_reviews.dispute_stop(
        scene.case, scene.customer_id, db.session.scalars(newest).one(), scene.details["text"]
    )


def _permit_step(scene: _Scene) -> None:
    engineer, details = scene.directory.member(ENGINEER), scene.details
    road_permit.enter_step(scene.case, engineer, details["step"], None, details["evidence"])


def _paper_is_made(scene: _Scene) -> None:
    """The paper waits for the customer's confirmation: nobody confirms it here."""
    case = scene.case
    task = db.session.scalars(
        select(Task).where(
            Task.case_id == case.id, Task.key == scene.details["task"], Task.state == TaskState.OPEN
        )
    ).one()
    holder = scene.directory.holder_of(task)
    outputs = deliverables.deliverables(task_queries.task_line(holder, task), scene.outputs, rating=5)
    make_task_paper(holder, task, deliverables.terms(case, task, outputs))


def _complaint(case: Case) -> str:
    newest = select(Complaint.id).where(Complaint.conversation_id == case.id)
    return db.session.scalars(newest.order_by(Complaint.raised_at.desc()).limit(1)).one()


_HANDLERS: Mapping[str, Callable[[_Scene], None]] = MappingProxyType(
    {
        "customer_writes": _customer_writes,
        "customer_sends_place": _customer_sends_place,
        "manager_writes": _manager_writes,
        "customer_chases": _customer_chases,
        "chase_is_answered": _chase_is_answered,
        "customer_complains": _customer_complains,
        "complaint_is_answered": _complaint_is_answered,
        "complaint_is_closed": _complaint_is_closed,
        "clock_is_stopped": _clock_is_stopped,
        "stop_is_disputed": _stop_is_disputed,
        "permit_step": _permit_step,
        "paper_is_made": _paper_is_made,
    }
)
"""By the `what` of an event in cases.toml."""
