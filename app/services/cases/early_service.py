"""Early service (提前服务): the departments' opinions on a 设计方案意见征询, and the form that follows.

Such a case exists before anybody applied for water. Acceptance starts when the information transfer is
complete. The form is completed with the manager at the door, or earlier by the customer
(docs/decisions/0007).
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from app.core.db import db
from app.domain.errors import ConflictError, NotAllowedError, NotFoundError
from app.domain.programs.definition import Stage as StageSpec
from app.domain.programs.definition import StageKind
from app.domain.programs.tasks import Holder, TaskSpec
from app.models import Application, Case, Partner, PartnerCase, Staff, Task, TaskState
from app.services.cases.flow.case_flow import BY_CONSULTATION
from app.services.installation import city
from app.services.people import acting
from app.services.people.staffing import Colleague


@dataclass(frozen=True, slots=True)
class Opinion:
    """One department's part of the information transfer. `opinion` is empty until it answers."""

    department: str
    task_id: str
    task_name: str
    assignee_name: str | None
    due_at: datetime | None
    completed_at: datetime | None
    opinion: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class EarlyService:
    """A consultation as staff see it: the question, the departments that have answered, and those that have
    not.
    """

    partner_name: str
    reference: str
    received_at: datetime
    developer: str
    planned_facilities: list[str]
    form_complete: bool
    opinions: list[Opinion]

    @property
    def awaited(self) -> list[str]:
        """The names of the departments that have not answered yet."""
        return [opinion.department for opinion in self.opinions if opinion.completed_at is None]


def consultation_of(case: Case) -> EarlyService:
    """Returns the consultation that opened a case. Raises `NotFoundError` if none did."""
    row = db.session.execute(
        select(PartnerCase, Partner.name)
        .join(Partner, Partner.id == PartnerCase.partner_id)
        .where(PartnerCase.case_id == case.id)
    ).first()
    if row is None or row.PartnerCase.consultation is None:
        raise NotFoundError
    told = row.PartnerCase
    return EarlyService(
        partner_name=row.name,
        reference=told.reference,
        received_at=told.received_at,
        developer=told.consultation["developer"],
        planned_facilities=told.consultation["planned_facilities"],
        form_complete=form_is_complete(case),
        opinions=_opinions(case),
    )


def form_is_complete(case: Case) -> bool:
    """Whether the application form was submitted. Only in early service it may not be."""
    return db.session.get_one(Application, case.application_id).submitted_at is not None


def require_form(case: Case, stage: StageSpec, task: TaskSpec) -> None:
    """Refuses the manager's work of the promised time until the form is complete.

    附件 1 and 3: the form is filled in on site, guided by the manager. Raises `ConflictError`.
    """
    if case.channel != BY_CONSULTATION or stage.kind is not StageKind.PROMISED:
        return
    if task.holder is Holder.MANAGER and not form_is_complete(case):
        raise ConflictError("用水申请表尚未填写完整，请先补全并提交申请表，再办结此任务。")


def form_for_customer(customer_id: str, case: Case) -> Application:
    """Returns the form of a customer's own case. Raises `NotFoundError` for any other."""
    if case.customer_id != customer_id:
        raise NotFoundError
    return db.session.get_one(Application, case.application_id)


def form_for_manager(staff: Colleague, case: Case, now: datetime) -> Application:
    """Returns the form of a case for its manager or who acts for them. Raises `NotAllowedError` for other
    staff.
    """
    if staff.id != case.manager_id and staff.id != acting.acts_for(case.manager_id, now):
        raise NotAllowedError("仅该工单的客户管家可查看和填写申请表。用水需求请在您的任务中查看。")
    return db.session.get_one(Application, case.application_id)


def _opinions(case: Case) -> list[Opinion]:
    program = city.program(case.program_key)
    stages = {stage.key: stage for stage in program.stages if stage.only_by_consultation}
    rows = db.session.execute(
        select(Task, Staff.name)
        .outerjoin(Staff, Staff.id == Task.assignee_id)
        .where(Task.case_id == case.id, Task.stage_key.in_(stages))
        .order_by(Task.opened_at, Task.department, Task.id)
    )
    return [
        Opinion(
            department=city.department_name(task.department),
            task_id=task.id,
            task_name=stages[task.stage_key].task(task.key).name,
            assignee_name=name,
            due_at=task.due_at,
            completed_at=task.completed_at,
            opinion=task.outputs if task.state == TaskState.DONE else None,
        )
        for task, name in rows
    ]
