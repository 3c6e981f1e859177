"""Refusing a case for one of the city's coded reasons (refusals.toml)."""

from app.core import clock
from app.domain.errors import FieldsError, NotAllowedError
from app.models import Case, CaseChangeKind, CaseState
from app.services.cases import responsibility
from app.services.cases.decisions import case_changes
from app.services.cases.decisions.end_case import end_case
from app.services.cases.flow.case_flow import CaseFlow
from app.services.history.timeline import by_staff
from app.services.installation import city
from app.services.people.staffing import Colleague


def refuse_case(case: Case, staff: Colleague, reason_key: str, words: str) -> None:
    """Ends a case as refused. The customer is told why and what they can do.

    A reason that the customer cannot remedy alone needs a supervisor. `words` are sent to the customer.
    Raises `FieldsError` for an unknown reason, `NotAllowedError`, `CaseEndedError`, `ConflictError`.
    """
    reasons = city.current().refusals
    reason = reasons.get(reason_key)
    if reason is None:
        names = "、".join(known.name for known in reasons.values())
        raise FieldsError(
            [{"field": "reason", "code": "unknown", "message": f"请从以下原因中选择：{names}。"}]
        )
    if reason.needs_supervisor and not staff.is_supervisor:
        raise NotAllowedError(f"以“{reason.name}”不予办理须由督办决定，请提交督办。")
    flow = CaseFlow.load(case)
    responsibility.require_under_way(case)
    by, now = by_staff(staff.id), clock.now()
    holders = end_case(case, flow, CaseState.REFUSED, by, now)
    case_changes.record_change(
        case, flow, CaseChangeKind.REFUSED, by, now, words, key=reason.key, detail={"holders": holders}
    )
    flow.publish()
