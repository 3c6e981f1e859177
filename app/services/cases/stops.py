"""Stopping and resuming a case's clock, for the reasons its program allows."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from app.core import clock
from app.core.db import db
from app.core.ids import new_id
from app.domain.errors import AlreadyDoneError, ConflictError, NotFoundError, StopNotAllowedError
from app.models import Case, Stop
from app.services import city
from app.services.cases import access
from app.services.cases.flow import CaseFlow
from app.services.timeline import by_staff


@dataclass(frozen=True, slots=True)
class StopLine:
    """A stop as staff see it; `automatic` when a task of the program holds it."""

    id: str
    reason: str
    party: str
    evidence: str
    started_at: datetime
    ended_at: datetime | None
    automatic: bool


def stop(case: Case, staff_id: str, reason_key: str, party: str, evidence: str) -> StopLine:
    """Stop the clock now. `party` is who the time belongs to; `evidence` says what shows it.

    Raises `StopNotAllowedError` for a reason that the program does not list, `ConflictError` when no
    promised stage is running or the same reason is already open.
    """
    access.lock(case)
    flow = CaseFlow.load(case)
    try:
        reason = flow.program.stop_reason(reason_key)
    except KeyError as fault:
        allowed = [{"key": known.key, "name": known.name} for known in flow.program.stop_reasons]
        names = "、".join(known["name"] for known in allowed)
        raise StopNotAllowedError(
            f"{flow.program.name}只能因以下原因暂停计时：{names}。", allowed=allowed
        ) from fault
    if flow.promised_stage is None:
        raise ConflictError("目前没有计时中的环节，无需暂停。")
    if open_stop(case.id, reason_key) is not None:
        raise ConflictError(f"已因“{reason.name}”暂停计时，请勿重复操作。")
    row = Stop(
        id=new_id(),
        case_id=case.id,
        reason_key=reason_key,
        party=party,
        evidence=evidence,
        started_at=clock.now(),
        staff_id=staff_id,
    )
    flow.stop(row, by_staff(staff_id), row.started_at)
    flow.publish()
    return present(case, row)


def resume(case: Case, staff_id: str, stop_id: str) -> StopLine:
    """End a stop now. Raises `NotFoundError`, `AlreadyDoneError`, or `ConflictError` when a task holds it."""
    access.lock(case)
    flow = CaseFlow.load(case)
    row = db.session.scalar(select(Stop).where(Stop.id == stop_id, Stop.case_id == case.id))
    if row is None:
        raise NotFoundError
    if row.ended_at is not None:
        raise AlreadyDoneError("该暂停已结束。")
    if row.task_id is not None:
        raise ConflictError("该暂停会在对应任务办结后自动结束，请先办结任务。")
    flow.resume(row, by_staff(staff_id), clock.now())
    flow.publish()
    return present(case, row)


def open_stop(case_id: str, reason_key: str) -> Stop | None:
    """The running stop of a case for one reason, if there is one."""
    return db.session.scalar(
        select(Stop).where(Stop.case_id == case_id, Stop.reason_key == reason_key, Stop.ended_at.is_(None))
    )


def present(case: Case, row: Stop) -> StopLine:
    """A stop of a case in words."""
    return StopLine(
        id=row.id,
        reason=city.program(case.program_key).stop_reason(row.reason_key).name,
        party=row.party,
        evidence=row.evidence,
        started_at=row.started_at,
        ended_at=row.ended_at,
        automatic=row.task_id is not None,
    )


def of_case(case: Case) -> list[StopLine]:
    """Every stop of a case, in order."""
    rows = db.session.scalars(select(Stop).where(Stop.case_id == case.id).order_by(Stop.started_at))
    return [present(case, row) for row in rows]
