"""Entering a stop afterwards. Only supervisors may, since it changes figures that people have seen."""

from dataclasses import dataclass
from datetime import datetime

from app.core import clock
from app.core.ids import new_id
from app.domain.errors import ConflictError, FieldsError, NotAllowedError
from app.models import Case, Stop
from app.services.cases import access
from app.services.cases.clock.stops import StopLine, allowed_reason, open_stop, present_stop
from app.services.cases.flow.case_flow import CaseFlow
from app.services.history.timeline import by_staff
from app.services.people.staffing import Colleague


@dataclass(frozen=True, slots=True)
class PastStop:
    """A stop that began in the past (aware instants). Without an end it is open; a start is required."""

    reason_key: str
    party: str
    evidence: str
    started_at: datetime | None
    ended_at: datetime | None


def enter_stop(case: Case, staff: Colleague, given: PastStop) -> StopLine:
    """Enters a stop that began, and may have ended, before now.

    Raises `NotAllowedError` for anybody but a supervisor, `StopNotAllowedError` for a reason that the
    program does not list, `FieldsError` for times before the case was opened, in the future or out of
    order, `ConflictError` when no promised stage was open then or a stop for the same reason is open.
    """
    if not staff.is_supervisor:
        raise NotAllowedError("补记暂停须由督办人员办理，请联系督办人员。")
    access.lock_case(case)
    flow = CaseFlow.load(case)
    reason = allowed_reason(flow.program, given.reason_key)
    now = clock.now()
    started_at = _checked_start(case, given, now)
    if not flow.promised_stage_ran(started_at, given.ended_at or now):
        raise ConflictError("该时段没有计时中的环节，无需补记暂停。")
    if given.ended_at is None and flow.promised_stage is None:
        raise ConflictError("目前没有计时中的环节，请填写暂停的结束时间。")
    if given.ended_at is None and open_stop(case.id, given.reason_key) is not None:
        raise ConflictError(f"已因“{reason.name}”暂停计时，请勿重复操作。")
    row = Stop(
        id=new_id(),
        case_id=case.id,
        reason_key=given.reason_key,
        party=given.party,
        evidence=given.evidence,
        started_at=started_at,
        ended_at=given.ended_at,
        entered_at=now,
        staff_id=staff.id,
    )
    flow.enter_retroactive_stop(row, by_staff(staff.id), now)
    flow.publish()
    return present_stop(case, row)


def _checked_start(case: Case, given: PastStop, now: datetime) -> datetime:
    if given.started_at is None:
        raise FieldsError([_fault("started_at", "请填写暂停的开始时间。")])
    faults = []
    if given.started_at < case.opened_at:
        faults.append(_fault("started_at", "开始时间不能早于报装受理时间。"))
    if given.started_at > now:
        faults.append(_fault("started_at", "开始时间不能晚于现在。"))
    if given.ended_at is not None and given.ended_at > now:
        faults.append(_fault("ended_at", "结束时间不能晚于现在。"))
    if given.ended_at is not None and given.ended_at <= given.started_at:
        faults.append(_fault("ended_at", "结束时间应晚于开始时间，请重新填写。"))
    if faults:
        raise FieldsError(faults)
    return given.started_at


def _fault(field: str, message: str) -> dict[str, str]:
    return {"field": field, "code": "invalid", "message": message}
