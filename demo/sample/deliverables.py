"""What people of the sample do before a task, and deliver by it: photos, quotes, papers, outputs."""

from collections.abc import Mapping
from typing import Any

from app.core import clock
from app.core.db import db
from app.domain.programs.tasks import TaskSpec
from app.models import Application, Case, Task
from app.services.cases import plan_agreement, waterplan
from app.services.history.timeline import by_staff
from app.services.installation import city
from app.services.money import quotes
from app.services.money.choose_option import choose_option
from app.services.papers.confirm_paper import confirm_paper
from app.services.people.staffing import Colleague
from app.services.tasks.issue_task_quote import issue_task_quote
from app.services.tasks.make_task_paper import make_task_paper
from app.services.tasks.task_queries import TaskLine
from demo.steps.attach_evidence import attach

# What is taken from the drawings for an estimate: metres of main.
_MEASURED = {"main_metre": 100}
# Numbers that no two cases may share.
_NUMBERED = frozenset({"receipt_number", "meter_serial"})
_HARMLESS: Mapping[str, Any] = {
    "text": "演示内容",
    "integer": 1,
    "decimal": "1",
    "boolean": True,
    "fen": 0,
}


def prepare(
    staff: Colleague, task: Task, customer_id: str | None, outputs: Mapping[str, Any]
) -> dict[str, str | int]:
    """Do whatever stands before completing this task, inside the caller's transaction.

    The customer takes the first option of a quote. Returns the outputs of which the system knows the value,
    to be delivered instead of the given ones. Raises `LookupError` when a customer has to act who has not
    logged in.
    """
    case = db.session.get_one(Case, task.case_id)
    spec = city.program(case.program_key).stage(task.stage_key).task(task.key)
    known: dict[str, str | int] = _promised(case, spec)
    attach(case, spec, by_staff(staff.id))
    if spec.issues_quote is not None:
        issued = issue_task_quote(staff, task, _MEASURED if spec.issues_quote == "estimate" else {})
        if spec.requires_choice:
            choose_option(case, _present(customer_id), issued.id, issued.options[0]["key"])
    if spec.requires_plan_agreement:
        _agree_to_plan(case, _present(customer_id))
    if spec.requires_paper is not None:
        made = make_task_paper(staff, task, terms(case, task, outputs))
        confirm_paper(case, _present(customer_id), made.id, made.sha256)
        known |= dict.fromkeys(_keys(spec, "paper_number"), made.number)
    quote = quotes.quote_in_force(case.id)
    told = None if quote is None else quotes.only_sum(quote)
    if told is not None:
        known |= dict.fromkeys(_keys(spec, "quoted_amount"), told.total_fen)
        known |= dict.fromkeys(_keys(spec, "quoted_option"), told.option)
    return known


def terms(case: Case, task: Task, outputs: Mapping[str, Any]) -> dict[str, Any]:
    """The outputs of a task that stand in its paper."""
    spec = city.program(case.program_key).stage(task.stage_key).task(task.key)
    return {
        field.key: outputs[field.key] for field in spec.outputs if field.in_paper and field.key in outputs
    }


def _promised(case: Case, spec: TaskSpec) -> dict[str, str | int]:
    """The outputs that must be the sum of what the form says."""
    answers = db.session.get_one(Application, case.application_id).answers
    return {
        field.key: sum(answers.get(name) or 0 for name in field.gate.equals)
        for field in spec.outputs
        if field.gate.equals
    }


def _agree_to_plan(case: Case, customer_id: str) -> None:
    plan = plan_agreement.fixed_plan(case)
    if plan is not None and not plan_agreement.is_agreed(plan, plan_agreement.newest_confirmation(plan)):
        place = db.session.get_one(Application, case.application_id).answers["location"]
        waterplan.confirm_plan(case, customer_id, plan.version, place)


def _keys(spec: TaskSpec, agreement: str) -> list[str]:
    return [field.key for field in spec.outputs if field.agrees_with == agreement]


def _present(customer_id: str | None) -> str:
    if customer_id is None:
        raise LookupError("nobody has logged in to choose or to confirm")
    return customer_id


def deliverables(task: TaskLine, given: Mapping[str, Any], rating: int) -> dict[str, Any]:
    """What a task delivers: what is given for it, else something harmless of its kind."""
    delivered: dict[str, Any] = {}
    for output in task.outputs:
        key, kind = output["key"], output["kind"]
        if key in given:
            delivered[key] = given[key]
        elif key in _NUMBERED:
            delivered[key] = f"演示-{task.case_number}"
        elif kind == "rating":
            delivered[key] = rating
        elif not output["required"]:
            continue
        elif kind == "datetime":
            delivered[key] = clock.now().isoformat()
        elif kind == "choice":
            delivered[key] = output["choices"][0]["key"]
        else:
            delivered[key] = _HARMLESS[kind]
    return delivered
