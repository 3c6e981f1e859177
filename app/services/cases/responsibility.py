"""Who is responsible for a case and may decide about it: its manager, who acts for them, supervisors."""

from app.core import clock
from app.domain.errors import CaseEndedError, ConflictError, NotAllowedError
from app.models import Case, CaseState
from app.services.people import acting
from app.services.people.staffing import Colleague


def require_responsible(staff: Colleague, case: Case) -> None:
    """Raises `NotAllowedError` for staff who only work on tasks of the case."""
    if staff.is_supervisor or staff.id in {case.manager_id, acting.acts_for(case.manager_id, clock.now())}:
        return
    raise NotAllowedError("仅本工单的客户管家或督办可办理此项，请联系客户管家。")


def require_under_way(case: Case) -> None:
    """Raises `CaseEndedError` for an ended case, `ConflictError` after water-on."""
    if case.state != CaseState.OPEN:
        raise CaseEndedError("该工单已结束，无需办理。")
    if case.water_on_at is not None:
        raise ConflictError("已挂表通水，不能再撤回、退回或不予办理。")
