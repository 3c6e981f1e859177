"""Disputes of stops and rulings on them. A stop that is struck counts in no figure."""

from datetime import datetime

from sqlalchemy import select

from app.core import clock, eventbus
from app.core.db import db
from app.core.ids import new_id
from app.domain.errors import AlreadyDoneError, ConflictError, NotAllowedError, NotFoundError
from app.domain.events import StopDisputed, StopRuled
from app.models import Case, Ruling, Stop, StopReview
from app.services.cases import access
from app.services.cases.clock.stops import StopLine, stop_line
from app.services.cases.flow.case_flow import CaseFlow
from app.services.cases.views import progress
from app.services.history.timeline import By, by_customer, by_staff, note
from app.services.installation import city
from app.services.people.staffing import Colleague


def dispute_stop(case: Case, customer_id: str, stop_id: str, objection: str) -> StopLine:
    """Records why the customer objects to a stop of their case.

    Raises `NotFoundError` for a stop of another case, `AlreadyDoneError` for a struck one,
    `ConflictError` while an earlier dispute is undecided. After a ruling it can be disputed again, since
    a justified stop may last too long.
    """
    stop = _locked(case, stop_id)
    if stop.struck_at is not None:
        raise AlreadyDoneError("该暂停已撤销，不再计入任何时限，您无需操作。")
    if _undecided(stop) is not None:
        raise ConflictError("您的异议已收到，督办人员正在核查，请等待结果。")
    row = StopReview(
        id=new_id(), stop_id=stop.id, customer_id=customer_id, objection=objection, raised_at=clock.now()
    )
    db.session.add(row)
    _note(case, stop, "stop_disputed", by_customer(customer_id), row.raised_at)
    db.session.flush()
    eventbus.publish(StopDisputed(stop.id, row.id))
    return stop_line(case, stop)


def rule_on_stop(case: Case, staff: Colleague, stop_id: str, ruling: str, grounds: str) -> StopLine:
    """Rules on a stop: `upheld` or `struck`. Without a dispute only `struck` is possible.

    A struck stop is removed at once from every figure, due date and timer, and from the kept figures of a
    closed case. Raises `NotAllowedError` for anybody but a supervisor, `NotFoundError`,
    `AlreadyDoneError` for a struck stop, `ConflictError` when there is nothing to uphold.
    """
    if not staff.is_supervisor:
        raise NotAllowedError("暂停异议须由督办人员裁定，请联系督办人员。")
    stop = _locked(case, stop_id)
    if stop.struck_at is not None:
        raise AlreadyDoneError("该暂停已撤销，无需重复裁定。")
    now, struck = clock.now(), Ruling(ruling) is Ruling.STRUCK
    row = _undecided(stop)
    if row is None:
        if not struck:
            raise ConflictError("该暂停没有待裁定的异议。")
        row = StopReview(id=new_id(), stop_id=stop.id, raised_at=now)
        db.session.add(row)
    row.ruling, row.grounds, row.supervisor_id, row.ruled_at = ruling, grounds, staff.id, now
    flow = CaseFlow.load(case)
    flow.add_event(StopRuled(stop.id, row.id, struck=struck))
    if struck:
        flow.strike(stop, by_staff(staff.id), now)
        _correct_snapshot(case, by_staff(staff.id), now)
    else:
        _note(case, stop, "stop_upheld", by_staff(staff.id), now)
    flow.publish()
    return stop_line(case, stop)


def _correct_snapshot(case: Case, by: By, now: datetime) -> None:
    """Corrects the kept figures of a closed case after one of its stops was struck."""
    if case.closed_at is None:
        return
    db.session.flush()
    case.figures = progress.case_figures(case.id)
    case.calendar_version = city.working_time().version
    note(case.id, now, "figures_corrected", by)


def _locked(case: Case, stop_id: str) -> Stop:
    access.lock_case(case)
    stop = db.session.scalar(select(Stop).where(Stop.id == stop_id, Stop.case_id == case.id))
    if stop is None:
        raise NotFoundError
    return stop


def _undecided(stop: Stop) -> StopReview | None:
    return db.session.scalar(
        select(StopReview).where(StopReview.stop_id == stop.id, StopReview.ruled_at.is_(None))
    )


def _note(case: Case, stop: Stop, kind: str, by: By, at: datetime) -> None:
    note(case.id, at, kind, by, {"reason": stop.reason_key})
