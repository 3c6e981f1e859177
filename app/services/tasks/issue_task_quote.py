"""Issuing the quote of a task: by whoever holds the task that tells the customer a sum."""

from collections.abc import Mapping

from app.core.db import db
from app.domain.errors import ConflictError
from app.models import Case, Task
from app.services.installation import city
from app.services.money.issue_quote import issue_quote
from app.services.money.quotes import QuoteView
from app.services.people.staffing import Colleague
from app.services.tasks.claim_task import require_held


def issue_task_quote(staff: Colleague, task: Task, measured: Mapping[str, int]) -> QuoteView:
    """Issues a quote. Issuing again replaces it, and the customer must choose again.

    Raises `AlreadyDoneError`, `ConflictError` when somebody else has the task or it tells no sum, and as
    `issue_quote.issue` does.
    """
    require_held(staff, task)
    case = db.session.get_one(Case, task.case_id)
    pricing = (
        city.program_of(case.program_key, case.former_program_key)
        .stage(task.stage_key)
        .task(task.key)
        .issues_quote
    )
    if pricing is None:
        raise ConflictError("该任务不需要出具费用。")
    return issue_quote(case, staff.id, pricing, measured)
