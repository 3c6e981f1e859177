"""The road-opening permit, step by step: only the authority's own time stops the clock.

Survey, preparation and handing in are the utility's work: they are counted, each with its own figure, since
the plan asks for them to shrink (三(三) of the city's document; 附件 1–3 备注). From papers handed in to
permit received the engine itself holds the stop.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from sqlalchemy import select

from app.core import clock
from app.core.db import db
from app.core.ids import new_id
from app.domain.errors import AlreadyDoneError, ConflictError, FieldsError, NotAllowedError
from app.domain.programs.definition import Party, StopReason
from app.domain.worktime import rounded
from app.models import Case, PermitStep, RoadPermitStep, Stop
from app.services.cases import access
from app.services.cases.flow.case_flow import CaseFlow
from app.services.cases.views.formatting import STEP_NAMES
from app.services.history.timeline import ENGINE, by_staff, note
from app.services.installation import city
from app.services.people.staffing import Colleague


@dataclass(frozen=True, slots=True)
class StepLine:
    """One step in words. `working_days`: since the step before it, up to now for the next step."""

    key: str
    name: str
    at: datetime | None
    working_days: str | None
    stops_clock: bool


@dataclass(frozen=True, slots=True)
class PermitLine:
    """The permit of a case. `needed` is false until its first step was entered; `waiting_for` is the next
    step.
    """

    needed: bool
    waiting_for: str | None
    steps: Sequence[StepLine]


def permit_of_case(case: Case) -> PermitLine:
    """Returns the permit with its own figures: plain working days, regardless of other stops."""
    line, now = city.working_time(), clock.now()
    instants = {PermitStep(row.step): row.at for row in _rows(case)}
    steps = []
    for before, step in pairwise([None, *PermitStep]):
        since = instants.get(before) if before else None
        until = instants.get(step, now)
        days = None if since is None else str(rounded(line.used(since, until)))
        steps.append(StepLine(step, STEP_NAMES[step], instants.get(step), days, step is PermitStep.RECEIVED))
    waiting = _next(instants) if instants else None
    return PermitLine(bool(instants), waiting, steps)


def enter_step(
    case: Case, staff: Colleague, step_key: str, given_at: datetime | None, evidence: str
) -> PermitLine:
    """Enters the next step of the permit; steps have a fixed order. `given_at` is aware, or None for now.

    A step may be dated earlier on the same day. An earlier day needs a supervisor, as with retroactive
    stops, except for the receipt of the permit, which can only give time back. Handing in stops the
    clock, receiving resumes it.

    Raises `NotAllowedError` for anybody but the program's department or a supervisor; `AlreadyDoneError`;
    `ConflictError` out of order or when no promised stage is open; `FieldsError` for a time in the future
    or before the previous step.
    """
    step, reason = PermitStep(step_key), _reason(case)
    if not (staff.is_supervisor or staff.department == reason.followed_by):
        department = city.department_name(reason.followed_by or "")
        raise NotAllowedError(f"道路挖掘（占用）审批由{department}登记，请联系{department}。")
    access.lock_case(case)
    flow = CaseFlow.load(case)
    rows = _rows(case)
    entered = {PermitStep(row.step): row for row in rows}
    _check_turn(entered, step)
    if flow.promised_stage is None and step is not PermitStep.RECEIVED:
        raise ConflictError("目前没有计时中的环节，无需登记审批步骤。")
    now = clock.now()
    at = given_at or now
    _check_time(case, staff, step, at, now, rows)
    row = RoadPermitStep(
        case_id=case.id,
        step=step,
        at=at,
        entered_at=now,
        staff_id=staff.id,
        evidence=evidence,
    )
    note(case.id, now, "permit_step", by_staff(staff.id), {"step": step})
    if step is PermitStep.HANDED_IN:
        row.stop_id = _stop(flow, case, reason, evidence, at, now)
    elif step is PermitStep.RECEIVED:
        _resume(flow, entered[PermitStep.HANDED_IN].stop_id, at, now)
    db.session.add(row)
    flow.publish()
    return permit_of_case(case)


def _reason(case: Case) -> StopReason:
    for reason in city.program(case.program_key).stop_reasons:
        if reason.followed_by is not None:
            return reason
    raise ConflictError("该业务没有需要登记的行政审批。")


def _stop(flow: CaseFlow, case: Case, reason: StopReason, evidence: str, at: datetime, now: datetime) -> str:
    running = db.session.scalar(
        select(Stop.id).where(Stop.case_id == case.id, Stop.reason_key == reason.key, Stop.ended_at.is_(None))
    )
    if running is not None:
        raise ConflictError(f"已因“{reason.name}”暂停计时，请先结束该暂停再登记递交。")
    stop = Stop(
        id=new_id(),
        case_id=case.id,
        reason_key=reason.key,
        party=Party.AUTHORITY.value,
        evidence=evidence,
        started_at=at,
        entered_at=None if at == now else now,
    )
    if at == now:
        flow.stop(stop, ENGINE, now)
    else:
        flow.enter_retroactive_stop(stop, ENGINE, now)
    db.session.flush()
    return stop.id


def _resume(flow: CaseFlow, stop_id: str | None, at: datetime, now: datetime) -> None:
    stop = db.session.get(Stop, stop_id) if stop_id else None
    # If a supervisor has struck the stop meanwhile, it is over; the permit's own dates stay.
    if stop is not None and stop.ended_at is None:
        flow.resume(stop, ENGINE, now, ended_at=at)


def _check_turn(entered: dict[PermitStep, RoadPermitStep], step: PermitStep) -> None:
    if step in entered:
        raise AlreadyDoneError(f"“{STEP_NAMES[step]}”已登记，无需重复操作。")
    expected = _next(entered)
    if expected is not step and expected is not None:
        raise ConflictError(f"请先登记“{STEP_NAMES[expected]}”。")


def _next(entered: dict[PermitStep, RoadPermitStep] | dict[PermitStep, datetime]) -> PermitStep | None:
    return next((step for step in PermitStep if step not in entered), None)


def _check_time(
    case: Case,
    staff: Colleague,
    step: PermitStep,
    at: datetime,
    now: datetime,
    rows: Sequence[RoadPermitStep],
) -> None:
    earliest = max((row.at for row in rows), default=case.opened_at)
    zone = city.working_time().zone
    if at > now:
        message = "时间不能晚于现在。"
    elif at < earliest:
        message = "时间不能早于上一步骤。" if rows else "时间不能早于报装受理时间。"
    elif (
        at.astimezone(zone).date() != now.astimezone(zone).date()
        and step is not PermitStep.RECEIVED
        and not staff.is_supervisor
    ):
        message = "只能登记当天的时间，补记以前的日期请联系督办人员。"
    else:
        return
    raise FieldsError([{"field": "at", "code": "invalid", "message": message}])


def _rows(case: Case) -> Sequence[RoadPermitStep]:
    return db.session.scalars(
        select(RoadPermitStep).where(RoadPermitStep.case_id == case.id).order_by(RoadPermitStep.at)
    ).all()
