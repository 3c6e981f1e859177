"""Withdrawing a case: by the customer, or by the manager at the customer's wish."""

from app.core import clock
from app.models import Case, CaseChangeKind, CaseState
from app.services.cases import responsibility
from app.services.cases.decisions import case_changes
from app.services.cases.decisions.end_case import end_case
from app.services.cases.flow.case_flow import CaseFlow
from app.services.history.timeline import By


def withdraw_case(case: Case, by: By, words: str) -> None:
    """Ends a case as withdrawn, any time before water-on.

    `words` may be empty: a customer owes no reason. Raises `CaseEndedError`, `ConflictError`.
    """
    flow = CaseFlow.load(case)
    responsibility.require_under_way(case)
    now = clock.now()
    holders = end_case(case, flow, CaseState.WITHDRAWN, by, now)
    case_changes.record_change(
        case, flow, CaseChangeKind.WITHDRAWN, by, now, words, detail={"holders": holders}
    )
    flow.publish()
