"""What goes before a task: photos and papers brought, quote and choice, paper and confirmation."""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import select

from app.core import clock
from app.core.db import db
from app.domain.programs.tasks import TaskSpec
from app.models import Case, Customer, Quote, Staff, Task
from app.services.cases import plan_agreement, waterplan
from app.services.history.timeline import by_staff
from app.services.installation import city
from app.services.money.choose_option import choose_option
from app.services.papers.confirm_paper import confirm_paper
from app.services.people.staffing import Colleague
from app.services.tasks.issue_task_quote import issue_task_quote
from app.services.tasks.make_task_paper import make_task_paper
from demo.steps.attach_evidence import attach

# What `world.OUTPUTS` says for the present moment; where plans are agreed to; what one program alone asks
# of a task that two of them have.
NOW = "now"
PLACE = {"latitude_gcj02": 36.66, "longitude_gcj02": 117.02}
SHARED = frozenset({"site_conditions_met"})

# Outputs that the system knows by itself, so that nobody has to type them.
KNOWN = frozenset({"quoted_option", "paper_number"})


def prepare(number: str, task_id: str, outputs: Mapping[str, Any]) -> dict[str, Any]:
    """Do, by the services, whatever stands before completing this task with these outputs.

    `number`: of the member of staff who completes it. Returns the outputs to complete it with. To be called
    inside the application's context and a transaction.
    """
    task = db.session.get_one(Task, task_id)
    case = db.session.get_one(Case, task.case_id)
    staff = db.session.scalars(select(Staff).where(Staff.number == number)).one()
    spec = city.program_of(case.program_key, case.former_program_key).stage(task.stage_key).task(task.key)
    attach(case, spec, by_staff(staff.id))
    if spec.issues_quote is not None:
        issue_task_quote(
            Colleague.of(staff), task, {"main_metre": 100} if spec.issues_quote == "estimate" else {}
        )
    if spec.requires_choice:
        _choose(case, _wanted(spec, outputs))
    if spec.requires_plan_agreement:
        agree_to_plan(case, _owner(case))
    if spec.requires_paper is not None:
        terms = {
            field.key: outputs[field.key] for field in spec.outputs if field.in_paper and field.key in outputs
        }
        made = make_task_paper(Colleague.of(staff), task, terms)
        confirm_paper(case, _owner(case), made.id, made.sha256)
    return _with_what_is_asked(case, spec, outputs)


def show(number: str, task_id: str) -> None:
    """Bring the photos and papers that a task needs, by this member of staff; inside a transaction."""
    task = db.session.get_one(Task, task_id)
    case = db.session.get_one(Case, task.case_id)
    staff = db.session.scalars(select(Staff).where(Staff.number == number)).one()
    spec = city.program_of(case.program_key, case.former_program_key).stage(task.stage_key).task(task.key)
    attach(case, spec, by_staff(staff.id))


def _wanted(spec: TaskSpec, outputs: Mapping[str, Any]) -> Callable[[Mapping[str, Any]], bool]:
    """The option that the outputs name, else any."""
    key = next((field.key for field in spec.outputs if field.agrees_with == "quoted_option"), None)
    return lambda option: key is None or option["name"] == outputs.get(key, option["name"])


def _choose(case: Case, wanted: Callable[[Mapping[str, Any]], bool]) -> None:
    quote = _quote(case)
    option = next(option for option in quote.options if wanted(option))
    choose_option(case, _owner(case), quote.id, option["key"])


def agree_to_plan(case: Case, customer_id: str) -> None:
    """The customer confirms the water plan, unless they have."""
    plan = plan_agreement.fixed_plan(case)
    if plan is not None and not plan_agreement.is_agreed(plan, plan_agreement.newest_confirmation(plan)):
        waterplan.confirm_plan(case, customer_id, plan.version, PLACE)


def at_present(outputs: Mapping[str, Any]) -> dict[str, Any]:
    """The outputs with the present moment where `world.OUTPUTS` says `NOW`."""
    now = clock.now().isoformat()
    return {key: now if value == NOW else value for key, value in outputs.items()}


def _with_what_is_asked(case: Case, spec: TaskSpec, outputs: Mapping[str, Any]) -> dict[str, Any]:
    of_task = {field.key for field in spec.outputs}
    asked = {key: value for key, value in at_present(outputs).items() if key in of_task or key not in SHARED}
    for field in spec.outputs:
        if field.agrees_with in KNOWN:
            asked.pop(field.key, None)
        elif field.agrees_with == "quoted_amount":
            quote = _quote(case)
            chosen = [option for option in quote.options if quote.chosen_key in {None, option["key"]}]
            asked[field.key] = chosen[0]["total_fen"]
    return asked


def _quote(case: Case) -> Quote:
    return db.session.scalars(
        select(Quote).where(Quote.case_id == case.id).order_by(Quote.version.desc()).limit(1)
    ).one()


def _owner(case: Case) -> str:
    """The case's customer, or any when nobody has proved the phone yet."""
    return case.customer_id or db.session.scalars(select(Customer.id).limit(1)).one()
