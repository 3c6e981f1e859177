"""Whether the customer agreed to the water plan as it stands, or declined to, with the reason (附件 1–3)."""

from sqlalchemy import select

from app.core import clock
from app.core.db import db
from app.core.ids import new_id
from app.domain.errors import AlreadyDoneError, ChangedMeanwhileError, ConflictError, PlanAgreementNeededError
from app.domain.events import PlanRefused
from app.models import Case, PlanConfirmation, PlanRefusal, Task, TaskState
from app.services.cases import edit_conflicts, responsibility
from app.services.cases.flow.case_flow import CaseFlow
from app.services.history.timeline import By, note
from app.services.people.staffing import Colleague

PLAN = "confirm_plan"


def fixed_plan(case: Case) -> Task | None:
    """The completed task of the current round that fixed the plan, if any."""
    task = db.session.scalar(
        select(Task).where(Task.case_id == case.id, Task.key == PLAN).order_by(Task.round.desc()).limit(1)
    )
    return task if task is not None and task.state == TaskState.DONE else None


def newest_confirmation(plan: Task | None) -> PlanConfirmation | None:
    """What the customer last agreed to, as it was then."""
    if plan is None:
        return None
    return db.session.scalar(
        select(PlanConfirmation)
        .where(PlanConfirmation.task_id == plan.id)
        .order_by(PlanConfirmation.confirmed_at.desc(), PlanConfirmation.id.desc())
        .limit(1)
    )


def is_agreed(plan: Task, kept: PlanConfirmation | None) -> bool:
    """Whether the customer agreed to the plan as it stands; a corrected one needs a new agreement."""
    return kept is not None and kept.plan == (plan.outputs or {})


def refusal_of(plan: Task | None) -> PlanRefusal | None:
    """The recorded refusal of the plan as it stands."""
    if plan is None:
        return None
    return db.session.scalar(
        select(PlanRefusal).where(PlanRefusal.task_id == plan.id, PlanRefusal.plan_version == plan.version)
    )


def require_agreement(case: Case) -> None:
    """Raises `PlanAgreementNeededError` without an agreement to, or a recorded refusal of, the plan."""
    plan = fixed_plan(case)
    if plan is None or is_agreed(plan, newest_confirmation(plan)) or refusal_of(plan) is not None:
        return
    raise PlanAgreementNeededError(
        "客户尚未确认用水方案，请提醒客户打开小程序确认；客户不确认的，请客户管家登记原因。"
    )


def refuse_by_customer(case: Case, by: By, version: int, reason: str) -> None:
    """Records that the customer does not agree to the plan that was shown (`version`), and why.

    Raises `ConflictError` before there is a plan, `ChangedMeanwhileError`, `AlreadyDoneError`,
    `CaseEndedError`.
    """
    flow = CaseFlow.load(case)
    responsibility.require_under_way(case)
    plan = fixed_plan(case)
    if plan is None:
        raise ConflictError("用水方案尚未确定，确定后再登记。")
    if plan.version != version:
        raise ChangedMeanwhileError(plan.version, edit_conflicts.task_history(plan))
    if is_agreed(plan, newest_confirmation(plan)):
        raise AlreadyDoneError("客户已确认用水方案，无需登记。")
    if refusal_of(plan) is not None:
        raise AlreadyDoneError("已登记客户不确认用水方案的原因，无需重复登记。")
    now = clock.now()
    db.session.add(
        PlanRefusal(
            id=new_id(),
            case_id=case.id,
            task_id=plan.id,
            plan_version=plan.version,
            reason=reason,
            actor=by.actor,
            actor_id=by.id,
            refused_at=now,
        )
    )
    note(case.id, now, "plan_refused", by)
    flow.add_event(PlanRefused(case.id, plan.id))
    flow.publish()


def refuse_by_staff(staff: Colleague, case: Case, by: By, version: int, reason: str) -> None:
    """The manager, who acts for them, or a supervisor records the customer's refusal.

    Raises `NotAllowedError` for others, and as `refuse_by_customer` does.
    """
    responsibility.require_responsible(staff, case)
    refuse_by_customer(case, by, version, reason)
