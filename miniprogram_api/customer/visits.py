"""A customer's visits: openings, hold, confirm, move, cancel."""

from typing import Any

from apiflask import APIBlueprint
from flask import Response, jsonify

from app.services.cases import access
from app.services.history.timeline import By, by_customer
from app.services.visits import appointments, required_visits
from app.services.visits.booking import cancel, confirm, find_openings, hold, reschedule, waitlist
from app.services.visits.day import no_show
from app.services.visits.views import arrival_pass, ics_file, visit_queries
from miniprogram_api.calendar_response import CALENDAR_ANSWER, calendar_file
from miniprogram_api.guards import caller
from miniprogram_api.openings_response import openings
from miniprogram_api.schemas.visits import (
    ArrivalPassOut,
    BookingsOut,
    CancelIn,
    HoldIn,
    MoveIn,
    NoShowIn,
    OpeningsOut,
    VisitOut,
    WaitIn,
)

visits = APIBlueprint("customer_visits", __name__, url_prefix="/api/v1/customer/cases", tag="customer")

GONE: dict[Any, Any] = {410: "保留时间已过，附最新可约时间"}


@visits.get("/<public_id:case_id>/visits")
@visits.output(BookingsOut)
@visits.doc(summary="我的预约与可预约事项")
def list_visits(case_id: str) -> Any:
    """The newest time first; nothing is ever taken out of it."""
    return visit_queries.of_case(_case(case_id))


@visits.get("/<public_id:case_id>/openings/<public_key:purpose>")
@visits.output(OpeningsOut)
@visits.doc(summary="可约时间", responses={409: "工单已结束"})
def list_openings(case_id: str, purpose: str) -> Response:
    """Of the next days; joint visits only where everybody is free."""
    case = _case(case_id)
    needed = required_visits.needed(case, purpose)
    return jsonify(openings(find_openings.offer(case, needed, find_openings.bookable())))


@visits.post("/<public_id:case_id>/visits")
@visits.input(HoldIn)
@visits.output(VisitOut, status_code=201)
@visits.doc(summary="选定时间（保留几分钟，确认后生效）")
def hold_time(case_id: str, json_data: dict[str, Any]) -> Any:
    """`hold_until` says until when it is to be confirmed."""
    case = _case(case_id, to_move=True)
    visit = hold.hold(case, json_data["purpose"], json_data["starts_at"], _me())
    return visit_queries.line(case, visit)


@visits.get("/<public_id:case_id>/visits/<public_id:visit_id>")
@visits.output(VisitOut)
@visits.doc(summary="一次预约")
def read_visit(case_id: str, visit_id: str) -> Any:
    """Live or past."""
    case = _case(case_id)
    return visit_queries.line(case, appointments.of_case(case, visit_id))


@visits.post("/<public_id:case_id>/visits/<public_id:visit_id>/confirmation")
@visits.output(VisitOut)
@visits.doc(summary="确认预约", responses=GONE)
def confirm_visit(case_id: str, visit_id: str) -> Any:
    """Within the hold."""
    case = _case(case_id, to_move=True)
    return visit_queries.line(case, confirm.confirm(case, visit_id, _me()))


@visits.post("/<public_id:case_id>/visits/<public_id:visit_id>/reschedule")
@visits.input(MoveIn)
@visits.output(VisitOut, status_code=201)
@visits.doc(summary="改期（选定新时间即生效，原预约保留为已改期）")
def move_visit(case_id: str, visit_id: str, json_data: dict[str, Any]) -> Any:
    """The answer is the new visit."""
    case = _case(case_id, to_move=True)
    moved = reschedule.by_customer(case, visit_id, json_data["starts_at"], _me(), json_data.get("reason"))
    return visit_queries.line(case, moved)


@visits.post("/<public_id:case_id>/visits/<public_id:visit_id>/cancellation")
@visits.input(CancelIn)
@visits.output(VisitOut)
@visits.doc(summary="取消预约")
def cancel_visit(case_id: str, visit_id: str, json_data: dict[str, Any]) -> Any:
    """Before the cut-off; a time that is only held, always."""
    case = _case(case_id, to_move=True)
    return visit_queries.line(case, cancel.by_customer(case, visit_id, _me(), json_data["reason"]))


@visits.post("/<public_id:case_id>/visits/<public_id:visit_id>/no-show")
@visits.input(NoShowIn)
@visits.output(VisitOut)
@visits.doc(summary="反映上门人员未到")
def report_no_show(case_id: str, visit_id: str, json_data: dict[str, Any]) -> Any:
    """Some time after the start, when nobody has checked in."""
    case = _case(case_id, to_move=True)
    return visit_queries.line(case, no_show.by_customer(case, visit_id, _me(), json_data["note"]))


@visits.get("/<public_id:case_id>/visits/<public_id:visit_id>/pass")
@visits.output(ArrivalPassOut)
@visits.doc(summary="到访码：核对来人的姓名、照片、工号", responses={409: "尚未开放或已结束"})
def read_pass(case_id: str, visit_id: str) -> Any:
    """From the day before on."""
    return arrival_pass.of_visit(_case(case_id), visit_id)


@visits.get("/<public_id:case_id>/visits/<public_id:visit_id>/calendar")
@visits.doc(summary="日历文件（ICS）", responses=CALENDAR_ANSWER)
def read_calendar_file(case_id: str, visit_id: str) -> Response:
    """A change has the same UID and a higher sequence number."""
    case = _case(case_id)
    return calendar_file(ics_file.of_visit(case, appointments.of_case(case, visit_id)))


@visits.post("/<public_id:case_id>/visit-waits")
@visits.input(WaitIn)
@visits.output(BookingsOut, status_code=201)
@visits.doc(summary="登记候补更早的时间")
def join_waitlist(case_id: str, json_data: dict[str, Any]) -> Any:
    """First in line is held what comes free, and told."""
    case = _case(case_id, to_move=True)
    waitlist.join(case, json_data["purpose"])
    return visit_queries.of_case(case)


@visits.delete("/<public_id:case_id>/visit-waits/<public_key:purpose>")
@visits.output(BookingsOut)
@visits.doc(summary="取消候补")
def leave_waitlist(case_id: str, purpose: str) -> Any:
    """Asked twice, it is the same."""
    case = _case(case_id)
    waitlist.leave(case.id, purpose)
    return visit_queries.of_case(case)


def _me() -> By:
    return by_customer(caller().subject_id)


def _case(case_id: str, *, to_move: bool = False) -> Any:
    return access.of_customer(caller().subject_id, case_id, to_move=to_move)
