"""Making the paper of a task, with the values that will stand in it: by whoever holds the task."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from app.core.db import db
from app.domain.errors import ConflictError
from app.models import Case, Task
from app.services.cases.flow.case_flow import CaseFlow
from app.services.metering import hung_meters
from app.services.papers import paper_records
from app.services.papers.make_paper import make_paper
from app.services.papers.paper_records import PaperView
from app.services.people.staffing import Colleague
from app.services.tasks import commitments
from app.services.tasks.claim_task import require_held
from app.services.tasks.gates.judge_outputs import Judge
from app.services.tasks.output_checks import checked_outputs


def make_task_paper(staff: Colleague, task: Task, given: Mapping[str, Any]) -> PaperView:
    """Makes the paper of this task. Making it again needs a new confirmation.

    `given`: the outputs that stand in the paper. Raises `AlreadyDoneError`, `ConflictError` when somebody
    else has the task or it requires no paper, `FieldsError`, `ChoiceNeededError`.
    """
    require_held(staff, task)
    case = db.session.get_one(Case, task.case_id)
    flow = CaseFlow.load(case)
    stage = flow.program.stage(task.stage_key)
    spec = stage.task(task.key)
    if spec.requires_paper is None:
        raise ConflictError("该任务不需要协议或合同。")
    stated = replace(spec, outputs=tuple(field for field in spec.outputs if field.in_paper))
    judge = Judge(flow, stage, task)
    terms = checked_outputs(stated, given, judge=judge.own)
    # The customer must not see a contract about a meter that cannot be hung.
    commitments.compare(case, stated, terms, {}, judge.may_pass)
    hung_meters.refuse_used(case.id, terms)
    row = make_paper(case, spec.requires_paper, terms, staff.id)
    return paper_records.present_paper(row, in_force=True)
