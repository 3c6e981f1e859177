"""Handing a case to another manager with a written summary. The customer is told whom to call from now on."""

from app.core import clock
from app.core.db import db
from app.domain.errors import CaseEndedError, FieldsError
from app.domain.programs.tasks import Holder
from app.models import Case, CaseChangeKind, CaseState, Staff
from app.services.cases.decisions import case_changes
from app.services.cases.flow.case_flow import CaseFlow
from app.services.history.timeline import By
from app.services.people import acting, staffing
from app.services.scheduling import absences


def hand_over(case: Case, by: By, number: str, summary: str) -> None:
    """Makes the manager with this staff number responsible, including the old manager's open tasks.

    Possible after water-on too, since the manager accompanies a case long after. Raises `FieldsError`
    when no active manager has that number or it is the present one, `CaseEndedError`.
    """
    flow = CaseFlow.load(case)
    if case.state in {CaseState.WITHDRAWN, CaseState.REFUSED}:
        raise CaseEndedError("该工单已结束，无需移交。")
    now = clock.now()
    old = db.session.get_one(Staff, case.manager_id)
    new = staffing.manager_of_number(number)
    if new is None or new.id == old.id:
        fault = "没有这位客户管家，请核对工号。" if new is None else "该客户已由这位客户管家负责。"
        raise FieldsError([{"field": "manager_number", "code": "invalid", "message": fault}])
    holder = acting.holder_for(new.id, now)
    for task in flow.open_tasks():
        spec = flow.program.stage(task.stage_key).task(task.key)
        if task.assignee_id == old.id or spec.holder is Holder.MANAGER:
            task.assignee_id = holder
    case.manager_id = new.id
    case_changes.record_change(
        case, flow, CaseChangeKind.HANDED_OVER, by, now, summary, detail={"was": old.name, "now": new.name}
    )
    # Visits of the old manager are revalidated: the new one, or somebody else, takes them.
    absences.revalidate_later(case_id=case.id)
    flow.publish()
