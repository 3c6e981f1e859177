"""What withdrawing and refusing share: the case ends, and its figures are kept."""

from collections.abc import Sequence
from datetime import datetime

from app.core.db import db
from app.models import Case, CaseState
from app.services.cases.flow.case_flow import CaseFlow
from app.services.cases.views import progress
from app.services.history.timeline import By
from app.services.installation import city


def end_case(case: Case, flow: CaseFlow, state: CaseState, by: By, now: datetime) -> Sequence[str]:
    """Ends a case before water-on and stores its figures. Returns the holders of its open tasks, to notify
    them.
    """
    holders = sorted({task.assignee_id for task in flow.open_tasks() if task.assignee_id is not None})
    flow.end(by, now)
    case.state = state
    case.closed_at = now
    case.calendar_version = city.working_time().version
    db.session.flush()
    case.figures = progress.case_figures(case.id)
    return holders
