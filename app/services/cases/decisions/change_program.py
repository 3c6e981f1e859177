"""A case that is not eligible for its program continues in another one; nothing is typed twice (二(二))."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from app.core.db import db
from app.domain.errors import FieldsError
from app.domain.programs.tasks import ProgramSwitch, TaskSpec
from app.models import Application, Case, CaseChangeKind
from app.services.cases import submit
from app.services.cases.decisions import case_changes
from app.services.cases.flow.case_flow import CaseFlow
from app.services.history.timeline import By
from app.services.installation import city

FROM_PROGRAM = "program"


def decides_against(spec: TaskSpec, outputs: Mapping[str, Any]) -> str | None:
    """The reason for which a task's outputs decide against the program, or None.

    Raises `FieldsError` for a refusal without a reason, and for an approval with an unmet criterion.
    """
    if spec.program_switch is None:
        return None
    names = {field.key: field.name for field in spec.outputs}
    if outputs.get(spec.program_switch.field) != spec.program_switch.value:
        unmet = [field for field in spec.outputs if field.criterion and outputs.get(field.key) is not True]
        if unmet:
            raise FieldsError(
                [
                    {"field": field.key, "code": "unmet", "message": f"不符合条件：“{field.name}”。"}
                    for field in unmet
                ],
                detail=f"有条件未满足，请核对，或将“{names[spec.program_switch.field]}”改为不符合。",
            )
        return None
    reason = outputs.get(spec.program_switch.reason)
    if not reason:
        fault = f"请填写“{names[spec.program_switch.reason]}”，将告知客户。"
        raise FieldsError([{"field": spec.program_switch.reason, "code": "required", "message": fault}])
    return str(reason)


def change_program(
    case: Case, flow: CaseFlow, program_switch: ProgramSwitch, reason: str, by: By, now: datetime
) -> None:
    """Continues the case in another program: same number, same manager, answers carried over."""
    former = flow.program
    program = city.program(program_switch.program)
    application = db.session.get_one(Application, case.application_id)
    asked = {field.key for field in city.current().forms[program.form].fields}
    carried = {key: value for key, value in application.answers.items() if key in asked}
    application.answers = {**program_switch.answers, **carried}
    application.sources = dict.fromkeys(program_switch.answers, FROM_PROGRAM) | {
        key: source for key, source in application.sources.items() if key in carried
    }
    application.program_key = program.key
    detail = {"was": former.key, "now": program.key}
    case_changes.record_change(case, flow, CaseChangeKind.PROGRAM_CHANGED, by, now, reason, detail=detail)
    flow.change_program(program, by, now)
    submit.ask_for_form(case)
