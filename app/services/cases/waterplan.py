"""The water plan of a case: fixed on site, shown, and confirmed on the customer's phone (三(二))."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from app.core import clock
from app.core.db import db
from app.core.ids import new_id
from app.domain.errors import AlreadyDoneError, ChangedMeanwhileError, ConflictError
from app.domain.events import PlanConfirmed
from app.domain.programs.tasks import OutputField, OutputKind
from app.models import Case, PlanConfirmation, Task, TaskState
from app.services.cases import edit_conflicts, plan_agreement, responsibility
from app.services.cases.flow.case_flow import CaseFlow
from app.services.history.timeline import by_customer, note
from app.services.installation import city

SURVEY, PLAN = "network_survey", plan_agreement.PLAN


@dataclass(frozen=True, slots=True)
class PlanItem:
    """One recorded value, with its name and as it is displayed."""

    key: str
    name: str
    value: str


@dataclass(frozen=True, slots=True)
class WaterPlan:
    """The facts about the mains, the fixed plan, and the customer's confirmation.

    `version` identifies the plan shown; None until one is fixed. `agreed` is what the customer confirmed;
    a later correction does not change it, and needs another confirmation. `refused_at` and `refusal_reason`:
    the customer's recorded refusal of the plan as it stands.
    """

    survey: list[PlanItem]
    plan: list[PlanItem]
    version: int | None
    confirmed_at: datetime | None
    location: dict[str, Any] | None
    agreed: list[PlanItem]
    refused_at: datetime | None
    refusal_reason: str | None


def water_plan(case: Case) -> WaterPlan:
    """Returns the plan of the current round of its stage."""
    plan = plan_agreement.fixed_plan(case)
    kept = plan_agreement.newest_confirmation(plan)
    refused = plan_agreement.refusal_of(plan)
    return WaterPlan(
        survey=_items(case, SURVEY, _delivered(_done(case, SURVEY))),
        plan=_items(case, PLAN, _delivered(plan)),
        version=plan.version if plan else None,
        confirmed_at=kept.confirmed_at if kept else None,
        location=kept.location if kept else None,
        agreed=_items(case, PLAN, kept.plan) if kept else [],
        refused_at=refused.refused_at if refused else None,
        refusal_reason=refused.reason if refused else None,
    )


def confirm_plan(case: Case, customer_id: str, version: int, location: Mapping[str, float]) -> None:
    """Confirms the plan, with time and place (GCJ-02). The confirmed content is stored as it was.

    `version` is the plan that was shown. Raises `ConflictError` before there is a plan,
    `ChangedMeanwhileError` when it has changed, `AlreadyDoneError`, `CaseEndedError`.
    """
    flow = CaseFlow.load(case)
    responsibility.require_under_way(case)
    plan = plan_agreement.fixed_plan(case)
    if plan is None:
        raise ConflictError("用水方案尚未确定，确定后请您确认。")
    if plan_agreement.is_agreed(plan, plan_agreement.newest_confirmation(plan)):
        raise AlreadyDoneError("您已确认过用水方案，无需重复操作。")
    if plan.version != version:
        raise ChangedMeanwhileError(plan.version, edit_conflicts.task_history(plan))
    now = clock.now()
    db.session.add(
        PlanConfirmation(
            id=new_id(),
            case_id=case.id,
            task_id=plan.id,
            customer_id=customer_id,
            confirmed_at=now,
            plan=dict(_delivered(plan)),
            location=dict(location),
        )
    )
    note(case.id, now, "plan_confirmed", by_customer(customer_id))
    flow.add_event(PlanConfirmed(case.id, plan.id))
    flow.publish()


def _done(case: Case, key: str) -> Task | None:
    """The completed task of the current round, if any."""
    task = db.session.scalar(
        select(Task).where(Task.case_id == case.id, Task.key == key).order_by(Task.round.desc()).limit(1)
    )
    return task if task is not None and task.state == TaskState.DONE else None


def _delivered(task: Task | None) -> Mapping[str, Any]:
    return (task.outputs if task else None) or {}


def _items(case: Case, task_key: str, delivered: Mapping[str, Any]) -> list[PlanItem]:
    program = city.program(case.program_key)
    spec = next(task for stage in program.stages for task in stage.tasks if task.key == task_key)
    return [
        PlanItem(field.key, field.name, _spelled(field, delivered[field.key]))
        for field in spec.outputs
        if field.key in delivered
    ]


def _spelled(field: OutputField, value: Any) -> str:
    if field.kind is OutputKind.CHOICE:
        return next((choice.name for choice in field.choices if choice.key == value), str(value))
    return str(value)
