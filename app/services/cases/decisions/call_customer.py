"""When no message reaches a customer, the manager gets the task of calling them."""

from app.core import clock
from app.core.db import db
from app.models import Case, CaseState
from app.services.cases.flow.case_flow import CaseFlow

HAPPENING = "customer_unreached"


def ask_to_call(case_id: str) -> bool:
    """Makes sure that the case's manager has an open call task.

    Returns False when the case has ended or its program has no such task.
    """
    case = db.session.get(Case, case_id)
    if case is None or case.state in (CaseState.CLOSED, CaseState.WITHDRAWN, CaseState.REFUSED):
        return False
    flow = CaseFlow.load(case)
    asked = flow.ensure_triggered(HAPPENING, clock.now())
    flow.publish()
    return asked
