"""Completing a task: its outputs are checked and recorded, and the case moves on."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from app.core import clock
from app.domain.errors import (
    FieldsError,
)
from app.domain.events import ReturnVisitUnreached, WaterOn
from app.domain.programs import return_visits
from app.domain.programs.definition import Stage, StageKind
from app.domain.programs.return_visits import Unreached
from app.domain.programs.tasks import OutputKind, TaskSpec
from app.models import Case, Task
from app.services.cases import early_service
from app.services.cases.decisions import change_program, rating
from app.services.cases.decisions.close_case import close_case
from app.services.cases.flow.case_flow import CaseFlow
from app.services.history import arrivals
from app.services.history.timeline import By, by_staff, note
from app.services.money import ledger
from app.services.people.staffing import Colleague
from app.services.tasks import commitments, evidence
from app.services.tasks.claim_task import require_held
from app.services.tasks.gates.hold_plan import hold_plan
from app.services.tasks.gates.judge_outputs import Judge
from app.services.tasks.output_checks import checked_outputs, refuse_impossible
from app.services.tasks.return_visit import contact_tries

WATER_ON = "water_on"


def complete_task(staff: Colleague, task: Task, given: Mapping[str, Any], version: int | None = None) -> None:
    """Completes a task with its required outputs, and moves the case on.

    Raises `AlreadyDoneError`, `ConflictError` when somebody else has it or the form of a case in early
    service is incomplete, `FieldsError` with everything that is missing or differs, `ChoiceNeededError`
    and `PaperNeededError` until the customer has done their part on the phone, `NotToBeAskedError`.
    `version` is the task's as the caller saw it.
    """
    case = require_held(staff, task, version)
    flow = CaseFlow.load(case)
    stage = flow.program.stage(task.stage_key)
    spec = stage.task(task.key)
    by, now = by_staff(staff.id), clock.now()
    if spec.unreached is not None and given.get(spec.unreached.field) == spec.unreached.value:
        _end_unreached(flow, task, spec, spec.unreached, given, by)
        return
    bound = commitments.commitments_of(case, spec)
    judge = Judge(flow, stage, task)
    outputs = _checked_outputs(flow, stage, task, bound, judge, given)
    is_return_visit = stage.kind is StageKind.RETURN_VISIT and spec.opened_by is None
    told = dict(outputs)
    if is_return_visit:
        _resolve_rating(case, spec, outputs, by)
    _record(flow, task, spec, outputs, staff, bound)
    _enter_in_ledger(case, stage, spec, outputs)
    against = change_program.decides_against(spec, outputs)
    if against is not None and spec.program_switch is not None:
        flow.mark_done(task, by, now)
        change_program.change_program(case, flow, spec.program_switch, against, by, now)
    else:
        flow.complete(task, by, now)
    # A rating of the mini-program was looked into when it was given.
    if return_visits.raised(spec.concerns, told):
        flow.ensure_triggered(rating.CONCERN, now)
    if judge.would_hold(outputs):
        hold_plan(flow, task, now)
    if is_return_visit:
        close_case(case, flow, now)
    flow.publish()


def _end_unreached(
    flow: CaseFlow, task: Task, spec: TaskSpec, rule: Unreached, given: Mapping[str, Any], by: By
) -> None:
    """Ends a return visit that reached nobody: no answers, no rating, the tries instead.

    Raises `FieldsError` for answers beside it, or while the tries are too few.
    """
    kept = [
        field
        for field in spec.outputs
        if field.key == rule.field or (field.kind is OutputKind.TEXT and not field.required)
    ]
    names = {field.key: field.name for field in spec.outputs if field not in kept}
    faults = [
        {"field": key, "code": "invalid", "message": f"未联系上客户时不填写“{names[key]}”，请清空。"}
        for key, value in given.items()
        if key in names and value not in (None, "")
    ]
    if faults:
        raise FieldsError(faults)
    outputs = checked_outputs(replace(spec, outputs=tuple(kept)), given)
    contact_tries.require_enough(task, rule)
    task.outputs = outputs
    now = clock.now()
    flow.complete(task, by, now)
    note(flow.case.id, now, "customer_unreached", by)
    flow.add_event(ReturnVisitUnreached(flow.case.id))
    close_case(flow.case, flow, now)
    flow.publish()


def _checked_outputs(
    flow: CaseFlow,
    stage: Stage,
    task: Task,
    bound: commitments.Commitments,
    judge: Judge,
    given: Mapping[str, Any],
) -> dict[str, Any]:
    """The typed outputs, completed by what is known, checked as a whole.

    Raises as `complete` does.
    """
    spec = stage.task(task.key)
    typed = {key: value for key, value in given.items() if value not in (None, "")}
    known = bound.completed({**arrivals.proposed(task, spec), **typed})
    lacking = [*evidence.missing(task, spec), *judge.held()]
    outputs = checked_outputs(spec, known, lacking, judge.own)
    commitments.compare(flow.case, spec, outputs, bound.known, judge.may_pass)
    refuse_impossible(stage, {**flow.delivered(task.stage_key), task.key: outputs})
    early_service.require_form(flow.case, stage, spec)
    return outputs


def _record(
    flow: CaseFlow,
    task: Task,
    spec: TaskSpec,
    outputs: dict[str, Any],
    staff: Colleague,
    bound: commitments.Commitments,
) -> None:
    """Writes the outputs and what the task's milestones bring: a payment, a meter, water-on."""
    commitments.record_milestones(task, spec, outputs, staff.id, bound.paper)
    task.outputs = outputs
    if WATER_ON in spec.milestones:
        flow.case.water_on_at = clock.now()
        flow.add_event(WaterOn(flow.case.id))


def _resolve_rating(case: Case, spec: TaskSpec, outputs: dict[str, Any], by: By) -> None:
    """Fills in the rating: the one given in the mini-program, else the one told to the visitor."""
    field = next(field for field in spec.outputs if field.kind is OutputKind.RATING)
    told = outputs.get(field.key)
    if case.rating is not None:
        outputs[field.key] = case.rating
    elif told is None:
        raise FieldsError(
            [{"field": field.key, "code": "required", "message": "客户尚未评价，请请客户打分（1至5分）。"}]
        )
    else:
        rating.keep_rating(case, told, None, by)


def _enter_in_ledger(case: Case, stage: Stage, spec: TaskSpec, outputs: Mapping[str, Any]) -> None:
    for field in spec.outputs:
        quantity = outputs.get(field.key)
        if field.ledger and quantity:
            entered = ledger.enter_reported if stage.kind is StageKind.RETURN_VISIT else ledger.enter_asked
            entered(case, field.ledger, int(quantity), f"{spec.name}：{field.name}")
