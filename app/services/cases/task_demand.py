"""What is wanted, for whoever holds or may claim a task: demand, calibre, use, drawings and place.

Departments know the customer's demand beforehand (各部门应提前了解客户用水需求), and nothing of who the
customer is.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.core import clock
from app.core.crypto import mask_address
from app.core.db import db
from app.domain.area import Point
from app.domain.errors import NotAllowedError
from app.domain.forms import FieldKind, FormField
from app.models import Application, Case, Task, TaskState
from app.services.applications.answers import form_of
from app.services.cases import calibre
from app.services.documents import document_access
from app.services.documents.document_access import DocumentLine
from app.services.history.access_log import record_reads
from app.services.installation import city
from app.services.people import acting
from app.services.people.staffing import Colleague


@dataclass(frozen=True, slots=True)
class DemandLine:
    """One answer of the form; a choice by its name."""

    key: str
    name: str
    value: Any


@dataclass(frozen=True, slots=True)
class Demand:
    """What is wanted and where. `calibre_mm`: of the plan, before that the one applied for."""

    case_id: str
    case_number: str
    program_name: str
    calibre_mm: int | None
    answers: list[DemandLine]
    address: str
    position: Point | None
    drawings: list[DocumentLine]


def demand_of_task(staff: Colleague, task: Task) -> Demand:
    """The demand behind an open task that this person sees, the address masked and without the position.

    Raises `NotAllowedError` for a task that is done or with somebody else.
    """
    return _demand(staff, task, in_full=False)


def read_demand(staff: Colleague, task: Task) -> Demand:
    """The same with the place in full; the read is recorded (PIPL 51)."""
    found = _demand(staff, task, in_full=True)
    record_reads(staff.id, [task.case_id], "place")
    return found


def _demand(staff: Colleague, task: Task, *, in_full: bool) -> Demand:
    case = db.session.get_one(Case, task.case_id)
    _require_concern(staff, case, task)
    application = db.session.get_one(Application, case.application_id)
    answers = application.answers
    return Demand(
        case_id=case.id,
        case_number=case.number,
        program_name=city.program_of(case.program_key, case.former_program_key).name,
        calibre_mm=calibre.calibre_mm(case),
        answers=[
            DemandLine(field.key, field.label, _shown(field, answers[field.key]))
            for field in form_of(application.program_key).fields
            if field.demand and field.key in answers
        ],
        address=answers["address"] if in_full else mask_address(answers["address"]),
        position=_position(answers.get("location")) if in_full else None,
        drawings=document_access.drawings(case.id),
    )


def _require_concern(staff: Colleague, case: Case, task: Task) -> None:
    theirs = acting.principals(staff.id, clock.now())
    if staff.is_supervisor or case.manager_id in theirs:
        return
    if task.state != TaskState.OPEN:
        raise NotAllowedError("该任务已结束，用水需求不再显示。如需了解，请联系客户管家。")
    may_claim = task.assignee_id is None and task.department == staff.department
    if not may_claim and task.assignee_id not in theirs:
        raise NotAllowedError("该任务由其他同事负责，请联系对方或客户管家了解用水需求。")


def _position(location: Mapping[str, Any] | None) -> Point | None:
    """In early service the position may be unknown."""
    if location is None:
        return None
    return Point(float(location["latitude_gcj02"]), float(location["longitude_gcj02"]))


def _shown(field: FormField, value: Any) -> Any:
    if field.kind is not FieldKind.CHOICE:
        return value
    return next((choice.name for choice in field.choices if choice.key == value), value)
