"""Hand-overs that wait for a supervisor: listed, confirmed one by one or all at once, or given to another."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import aliased

from app.core.db import db
from app.domain.errors import AlreadyDoneError, NotAllowedError, NotFoundError
from app.models import Case, CaseHandover, Staff
from app.services.cases import access
from app.services.cases.decisions import hand_over
from app.services.cases.views.case_version import case_version
from app.services.history.timeline import by_staff
from app.services.people.staffing import Colleague

SUMMARY = "原客户管家离岗，由督办确认移交，请查阅工单记录后主动联系客户"


@dataclass(frozen=True, slots=True)
class HandoverLine:
    """A case that needs a supervisor's decision.

    `id` and `proposed_at` are None where nobody left lately but the case has no active manager; then a
    manager is chosen by an ordinary hand-over. `proposed_is_manager` is false where there was no manager
    to propose.
    """

    id: str | None
    case_id: str
    case_number: str
    case_version: int
    project_name: str
    former_number: str | None
    former_name: str | None
    proposed_number: str
    proposed_name: str
    proposed_is_manager: bool
    proposed_at: datetime | None


def handovers(staff: Colleague) -> Sequence[HandoverLine]:
    """Open cases with a manager who is proposed, or without an active manager, oldest first.

    Raises `NotAllowedError` but for supervisors.
    """
    if not staff.is_supervisor:
        raise NotAllowedError("移交由督办确认，请联系督办人员。")
    former, manager = aliased(Staff), aliased(Staff)
    rows = db.session.execute(
        select(CaseHandover, Case, former, manager)
        .select_from(Case)
        .join(manager, manager.id == Case.manager_id)
        .outerjoin(CaseHandover, (CaseHandover.case_id == Case.id) & CaseHandover.ended_at.is_(None))
        .outerjoin(former, former.id == CaseHandover.former_id)
        .where(
            Case.closed_at.is_(None),
            or_(CaseHandover.id.is_not(None), manager.active.is_(False), manager.is_manager.is_(False)),
        )
        .order_by(Case.opened_at, Case.id)
    )
    return [_line(*row) for row in rows]


def confirm(staff: Colleague, handover_id: str, number: str | None, summary: str | None) -> None:
    """Confirms the proposed manager, or gives the case to the manager with this staff number.

    The customer is told whom to call. Raises `NotFoundError` also for anybody but supervisors,
    `AlreadyDoneError`, `FieldsError` for a person who cannot take it.
    """
    if not staff.is_supervisor:
        raise NotFoundError
    found = db.session.get(CaseHandover, handover_id)
    if found is None:
        raise NotFoundError
    case = access.locked_case(found.case_id)
    db.session.refresh(found)
    if found.ended_at is not None:
        raise AlreadyDoneError("该移交已确认或已撤销，请刷新列表。")
    proposed = db.session.get_one(Staff, case.manager_id)
    if number is None or number == proposed.number:
        hand_over.confirm(case, by_staff(staff.id), summary or SUMMARY)
    else:
        hand_over.hand_over(case, by_staff(staff.id), number, summary or SUMMARY)


def confirm_all(staff: Colleague, departure_id: str | None) -> int:
    """Confirms every proposed manager, of one departure or of all. Returns how many.

    What another supervisor decides meanwhile is left alone, and so are cases that a supervisor has because
    there was no manager. Raises `NotAllowedError` but for supervisors.
    """
    if not staff.is_supervisor:
        raise NotAllowedError("移交由督办确认，请联系督办人员。")
    waiting = (
        select(Case.id)
        .join(CaseHandover, CaseHandover.case_id == Case.id)
        .join(Staff, Staff.id == Case.manager_id)
        .where(CaseHandover.ended_at.is_(None), Case.closed_at.is_(None), Staff.is_manager.is_(True))
    )
    if departure_id is not None:
        waiting = waiting.where(CaseHandover.departure_id == departure_id)
    confirmed = 0
    for case_id in sorted(db.session.scalars(waiting)):
        case = access.locked_case(case_id)
        proposal = hand_over.pending(case_id)
        if proposal is not None and case.closed_at is None:
            hand_over.confirm(case, by_staff(staff.id), SUMMARY)
            confirmed += 1
    return confirmed


def _line(found: CaseHandover | None, case: Case, former: Staff | None, manager: Staff) -> HandoverLine:
    return HandoverLine(
        id=None if found is None else found.id,
        case_id=case.id,
        case_number=case.number,
        case_version=case_version(case.id),
        project_name=case.project_name,
        former_number=None if former is None else former.number,
        former_name=None if former is None else former.name,
        proposed_number=manager.number,
        proposed_name=manager.name,
        proposed_is_manager=manager.is_manager and manager.active,
        proposed_at=None if found is None else found.proposed_at,
    )
