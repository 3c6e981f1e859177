"""Correcting an output of a completed task: who, when, why; the old value is kept."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from app.core import clock
from app.core.db import db
from app.core.ids import new_id
from app.domain.errors import ChangedMeanwhileError, ConflictError, FieldsError
from app.domain.programs.definition import StageKind
from app.domain.programs.tasks import PLANNED_CALIBRE, OutputField, OutputKind, TaskSpec
from app.models import Case, CaseChange, CaseChangeKind, Task, TaskState
from app.services.cases import edit_conflicts
from app.services.cases.flow.case_flow import CaseFlow
from app.services.history.timeline import by_staff, note
from app.services.money import ledger
from app.services.people.staffing import Colleague
from app.services.scheduling import absences
from app.services.tasks import commitments
from app.services.tasks.gates.hold_plan import hold_plan
from app.services.tasks.gates.judge_outputs import Judge
from app.services.tasks.output_checks import checked_outputs, refuse_impossible

_LEDGER_KINDS = frozenset({OutputKind.FEN, OutputKind.INTEGER})


def correct_output(staff: Colleague, task: Task, key: str, value: Any, why: str, version: int) -> None:
    """Replaces an output; the ledger gets the difference.

    No time figure changes, since those come from events and not from entries. `version` is the task's as
    the caller saw it. Raises `ChangedMeanwhileError`, `ConflictError` for a task that is not completed,
    `FieldsError` for a field that cannot be corrected or an invalid value.
    """
    case = db.session.get_one(Case, task.case_id)
    flow = CaseFlow.load(case)
    db.session.refresh(task, with_for_update=True)
    if task.version != version:
        raise ChangedMeanwhileError(task.version, edit_conflicts.task_history(task))
    if task.state != TaskState.DONE or task.outputs is None:
        raise ConflictError("该任务尚未办结，请直接填写后办结。")
    stage = flow.program.stage(task.stage_key)
    spec = stage.task(task.key)
    field = _correctable(spec, key)
    before: Mapping[str, Any] = task.outputs
    # Only this value: the others were checked by the rules of their day.
    new = checked_outputs(replace(spec, outputs=(field,)), {key: value})
    after = {name: kept for name, kept in before.items() if name != key} | new
    if after.get(key) == before.get(key):
        raise _fault(key, "与原来填写的内容相同。")
    refuse_impossible(stage, {**flow.delivered(task.stage_key), task.key: after})
    judge = Judge(flow, stage, task)
    if faults := judge.refused_by(before, after):
        raise FieldsError(faults, detail="不能这样更正；如情况确有变化，请退回相关环节重新办理。")
    if field.agrees_with is not None:
        commitments.compare(case, spec, new, commitments.commitments_of(case, spec).known, judge.may_pass)
    now = clock.now()
    task.outputs = after
    _correct_ledger(case, field, before, after, reported=stage.kind is StageKind.RETURN_VISIT)
    db.session.add(
        CaseChange(
            id=new_id(),
            case_id=case.id,
            at=now,
            kind=CaseChangeKind.CORRECTED,
            actor=by_staff(staff.id).actor,
            actor_id=staff.id,
            key=key,
            words=why,
            detail={"name": field.name, "was": before.get(key), "now": after.get(key)},
            task_id=task.id,
        )
    )
    if key == PLANNED_CALIBRE:
        # Whoever comes may need another skill now.
        absences.revalidate_later(case_id=case.id)
    note(case.id, now, "entry_corrected", by_staff(staff.id), {"stage": task.stage_key, "task": task.key})
    if judge.would_hold(after):
        hold_plan(flow, task, now)
        flow.publish()


def _correctable(spec: TaskSpec, key: str) -> OutputField:
    field = next((field for field in spec.outputs if field.key == key), None)
    if field is None:
        raise _fault(key, "没有这一项，请核对后重新填写。")
    if field.kind is OutputKind.RATING:
        raise _fault(key, "评分由客户作出，不能更正。")
    if spec.program_switch is not None and (
        field.criterion or key in {spec.program_switch.field, spec.program_switch.reason}
    ):
        raise _fault(key, "工单已按该结论继续办理，不能更正。")
    return field


def _correct_ledger(
    case: Case, field: OutputField, before: Mapping[str, Any], after: Mapping[str, Any], *, reported: bool
) -> None:
    if field.ledger is None or field.kind not in _LEDGER_KINDS:
        return
    difference = int(after.get(field.key) or 0) - int(before.get(field.key) or 0)
    what = f"更正：{field.name}"
    if reported and difference > 0:
        ledger.enter_reported(case, field.ledger, difference, what)
    else:
        ledger.enter_correction(case, field.ledger, difference, what)


def _fault(key: str, message: str) -> FieldsError:
    return FieldsError([{"field": key, "code": "invalid", "message": message}])
