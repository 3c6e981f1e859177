"""Stopping and resuming a case's clock, for the reasons its program allows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from app.core import clock
from app.core.db import db
from app.core.ids import new_id
from app.domain.errors import AlreadyDoneError, ConflictError, NotFoundError, StopNotAllowedError
from app.domain.programs.definition import Program, StopReason
from app.models import Case, Stop, StopReview
from app.services.cases import access
from app.services.cases.flow.case_flow import CaseFlow
from app.services.history.timeline import by_staff
from app.services.installation import city

PARTY_NAMES = {"customer": "客户", "authority": "行政审批部门", "utility": "水务公司"}


@dataclass(frozen=True, slots=True)
class ReviewLine:
    """A review of a stop. `objection` is empty when a supervisor reviewed it without a dispute."""

    id: str
    objection: str | None
    raised_at: datetime
    ruling: str | None
    grounds: str | None
    ruled_at: datetime | None


@dataclass(frozen=True, slots=True)
class StopLine:
    """A stop in words. `automatic`: held by the engine. `entered_at`: set when it was entered afterwards."""

    id: str
    reason: str
    party: str
    party_name: str
    evidence: str
    started_at: datetime
    ended_at: datetime | None
    automatic: bool
    entered_at: datetime | None
    struck_at: datetime | None
    reviews: Sequence[ReviewLine]


def stop_clock(case: Case, staff_id: str, reason_key: str, party: str, evidence: str) -> StopLine:
    """Stops the clock now. `party`: to whom the time belongs. `evidence`: what proves it.

    Raises `StopNotAllowedError` for a reason that the program does not list, `ConflictError` when no
    promised stage is open or the same reason is open already.
    """
    access.lock_case(case)
    flow = CaseFlow.load(case)
    reason = allowed_reason(flow.program, reason_key)
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
    return present_stop(case, row)


def allowed_reason(program: Program, key: str) -> StopReason:
    """Returns the program's stop reason with that key. Raises `StopNotAllowedError` with the allowed ones."""
    try:
        return program.stop_reason(key)
    except KeyError as fault:
        allowed = [{"key": known.key, "name": known.name} for known in program.stop_reasons]
        names = "、".join(known["name"] for known in allowed)
        raise StopNotAllowedError(
            f"{program.name}只能因以下原因暂停计时：{names}。", allowed=allowed
        ) from fault


def resume_clock(case: Case, staff_id: str, stop_id: str) -> StopLine:
    """Ends a stop now. Raises `NotFoundError`, `AlreadyDoneError`, `ConflictError` if the engine holds it."""
    access.lock_case(case)
    flow = CaseFlow.load(case)
    row = db.session.scalar(select(Stop).where(Stop.id == stop_id, Stop.case_id == case.id))
    if row is None:
        raise NotFoundError
    if row.ended_at is not None:
        raise AlreadyDoneError("该暂停已结束。")
    if row.task_id is not None:
        raise ConflictError("该暂停会在对应任务办结后自动结束，请先办结任务。")
    if row.staff_id is None:
        raise ConflictError("该暂停会在登记审批批准后自动结束，请登记“收到批准”。")
    flow.resume(row, by_staff(staff_id), clock.now())
    flow.publish()
    return present_stop(case, row)


def open_stop(case_id: str, reason_key: str) -> Stop | None:
    """The open stop of a case for one reason, if any."""
    return db.session.scalar(
        select(Stop).where(Stop.case_id == case_id, Stop.reason_key == reason_key, Stop.ended_at.is_(None))
    )


def present_stop(case: Case, row: Stop, reviews: Sequence[ReviewLine] = ()) -> StopLine:
    """A stop of a case in words, with its reviews in order."""
    return StopLine(
        id=row.id,
        reason=city.program(case.program_key).stop_reason(row.reason_key).name,
        party=row.party,
        party_name=PARTY_NAMES[row.party],
        evidence=row.evidence,
        started_at=row.started_at,
        ended_at=row.ended_at,
        automatic=row.staff_id is None,
        entered_at=row.entered_at,
        struck_at=row.struck_at,
        reviews=reviews,
    )


def stops_of_case(case: Case) -> list[StopLine]:
    """All stops of a case in the order they began, including struck ones, with their reviews."""
    rows = db.session.scalars(
        select(Stop).where(Stop.case_id == case.id).order_by(Stop.started_at, Stop.id)
    ).all()
    reviews: dict[str, list[ReviewLine]] = {row.id: [] for row in rows}
    for said in db.session.scalars(
        select(StopReview)
        .where(StopReview.stop_id.in_(reviews))
        .order_by(StopReview.raised_at, StopReview.id)
    ):
        reviews[said.stop_id].append(
            ReviewLine(said.id, said.objection, said.raised_at, said.ruling, said.grounds, said.ruled_at)
        )
    return [present_stop(case, row, reviews[row.id]) for row in rows]


def stop_line(case: Case, row: Stop) -> StopLine:
    """One stop of a case with its reviews."""
    return next(line for line in stops_of_case(case) if line.id == row.id)
