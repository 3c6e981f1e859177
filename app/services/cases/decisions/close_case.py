"""Closing a case after the rated return visit. Its figures are kept as computed."""

from datetime import datetime

from app.core.db import db
from app.domain.events import CaseClosed
from app.models import Case, CaseState
from app.services.cases.flow.case_flow import CaseFlow
from app.services.cases.views import progress
from app.services.history.timeline import ENGINE, note
from app.services.installation import city


def close_case(case: Case, flow: CaseFlow, now: datetime) -> None:
    """Closes the case and stores its figures with the calendar version used."""
    db.session.flush()
    case.state = CaseState.CLOSED
    case.closed_at = now
    case.calendar_version = city.working_time().version
    case.figures = progress.case_figures(case.id)
    note(case.id, now, "case_closed", ENGINE)
    flow.add_event(CaseClosed(case.id))
