"""Handing a case to another manager with a written summary. The customer is told whom to call from now on."""

from datetime import datetime

from sqlalchemy import select

from app.core import clock
from app.core.db import db
from app.domain.errors import AlreadyDoneError, CaseEndedError, FieldsError
from app.domain.programs.tasks import Holder
from app.models import Case, CaseChangeKind, CaseHandover, CaseState, Staff
from app.services.cases.decisions import case_changes
from app.services.cases.flow.case_flow import CaseFlow
from app.services.history.timeline import By, staff_of
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
    proposal = end_proposal(case.id, by, now)
    old = db.session.get_one(Staff, case.manager_id)
    former = old if proposal is None else db.session.get_one(Staff, proposal.former_id)
    new = staffing.manager_of_number(number)
    if new is None or new.id == old.id:
        fault = "没有这位客户管家，请核对工号。" if new is None else "该客户已由这位客户管家负责。"
        raise FieldsError([{"field": "manager_number", "code": "invalid", "message": fault}])
    for task in flow.open_tasks():
        spec = flow.program.stage(task.stage_key).task(task.key)
        if spec.holder is Holder.SPECIALIST:
            continue
        if task.assignee_id == old.id or spec.holder is Holder.MANAGER:
            task.assignee_id = new.id
    case.manager_id = new.id
    responsible = (new.id, acting.acts_for(new.id, now))
    for task in flow.open_tasks():
        spec = flow.program.stage(task.stage_key).task(task.key)
        if spec.holder is Holder.SPECIALIST and task.assignee_id in responsible:
            flow.give_to_specialist(task, now)
    _record(case, flow, former, new, by, now, summary)
    # Visits of the old manager are revalidated: the new one, or somebody else, takes them.
    absences.revalidate_later(case_id=case.id)
    flow.publish()


def confirm(case: Case, by: By, summary: str) -> None:
    """Confirms the manager who was proposed when the former one left; now the customer is told.

    Raises `AlreadyDoneError` when nothing is proposed any more, `FieldsError` when a supervisor has the case
    because there was no manager to propose, `CaseEndedError`.
    """
    flow = CaseFlow.load(case)
    if case.closed_at is not None:
        raise CaseEndedError("该工单已结束，无需移交。")
    now = clock.now()
    proposal = end_proposal(case.id, by, now)
    if proposal is None:
        raise AlreadyDoneError("该移交已确认或已撤销，请刷新列表。")
    new = db.session.get_one(Staff, case.manager_id)
    if not new.is_manager:
        raise FieldsError(
            [{"field": "manager_number", "code": "required", "message": "暂无客户管家可承接，请指定一位。"}]
        )
    _record(case, flow, db.session.get_one(Staff, proposal.former_id), new, by, now, summary)
    flow.publish()


def pending(case_id: str) -> CaseHandover | None:
    """The hand-over of a case that waits for a supervisor. The case must be locked by whoever ends it."""
    return db.session.scalar(
        select(CaseHandover).where(CaseHandover.case_id == case_id, CaseHandover.ended_at.is_(None))
    )


def end_proposal(case_id: str, by: By, now: datetime) -> CaseHandover | None:
    """Ends the hand-over that waits for a supervisor, if there is one. Returns it."""
    found = pending(case_id)
    if found is not None:
        found.ended_at, found.ended_by = now, staff_of(by)
    return found


def _record(
    case: Case, flow: CaseFlow, former: Staff, new: Staff, by: By, now: datetime, summary: str
) -> None:
    case_changes.record_change(
        case,
        flow,
        CaseChangeKind.HANDED_OVER,
        by,
        now,
        summary,
        detail={"was": former.name, "now": new.name},
    )
