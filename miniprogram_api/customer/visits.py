"""A customer's visits: openings, reservation, confirmation, rescheduling, cancellation, waiting list."""

from typing import Any

from apiflask import APIBlueprint
from flask import Response, jsonify

from app.services.cases import access
from app.services.history.timeline import By, by_customer
from app.services.visits import appointments, required_visits, waitlist
from app.services.visits.booking import cancel, confirm, find_openings, hold, reschedule
from app.services.visits.changes import join_visits
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
    JoinIn,
    NoShowIn,
    OpeningsOut,
    RescheduleIn,
    VisitOut,
    WaitlistIn,
)

visits = APIBlueprint("customer_visits", __name__, url_prefix="/api/v1/customer/cases", tag="customer")

GONE: dict[Any, Any] = {410: "保留时间已过，附最新可约时间"}


@visits.get("/<public_id:case_id>/visits")
@visits.output(BookingsOut)
@visits.doc(summary="我的预约与可预约事项")
def list_visits(case_id: str) -> Any:
    """Lists the visits of a case, newest first, and what can be booked now.

    Includes cancelled and past visits.
    """
    return visit_queries.bookings_of_case(_case(case_id))


@visits.get("/<public_id:case_id>/openings/<public_key:purpose>")
@visits.output(OpeningsOut)
@visits.doc(summary="可约时间", responses={409: "工单已结束"})
def list_openings(case_id: str, purpose: str) -> Response:
    """Lists the times that can be booked for a purpose.

    Of the next days, at least the city's notice ahead. For a joint visit all visitors are free. Refused with
    `purpose_not_needed` when the case needs no such visit now, and with `case_ended`.
    """
    case = _case(case_id)
    needed = required_visits.require_needed(case, purpose)
    return jsonify(openings(find_openings.offer(case, needed, find_openings.bookable())))


@visits.post("/<public_id:case_id>/visits")
@visits.input(HoldIn)
@visits.output(VisitOut, status_code=201)
@visits.doc(summary="选定时间（保留几分钟，确认后生效）")
def hold_time(case_id: str, json_data: dict[str, Any]) -> Any:
    """Reserves a time for a few minutes until the customer confirms it.

    `hold_until` says for how long. Another reservation for the same purpose is released. Refused with
    `slot_taken`, which lists other times, with `booked_already`, and with `purpose_not_needed`.
    """
    case = _case(case_id, to_move=True)
    visit = hold.hold_visit(case, json_data["purpose"], json_data["starts_at"], _me())
    return visit_queries.visit_line(case, visit)


@visits.get("/<public_id:case_id>/visits/<public_id:visit_id>")
@visits.output(VisitOut)
@visits.doc(summary="一次预约")
def read_visit(case_id: str, visit_id: str) -> Any:
    """Returns one visit of a case.

    Also one that is cancelled or past.
    """
    case = _case(case_id)
    return visit_queries.visit_line(case, appointments.visit_of_case(case, visit_id))


@visits.post("/<public_id:case_id>/visits/<public_id:visit_id>/confirmation")
@visits.output(VisitOut)
@visits.doc(summary="确认预约", responses=GONE)
def confirm_visit(case_id: str, visit_id: str) -> Any:
    """Confirms a reserved time.

    Refused with `hold_expired` (410) after `hold_until`, with other times, and with `already_done` when it is
    confirmed.
    """
    case = _case(case_id, to_move=True)
    return visit_queries.visit_line(case, confirm.confirm_visit(case, visit_id, _me()))


@visits.post("/<public_id:case_id>/visits/<public_id:visit_id>/reschedule")
@visits.input(RescheduleIn)
@visits.output(VisitOut, status_code=201)
@visits.doc(summary="改期（选定新时间即生效，原预约保留为已改期）")
def reschedule_visit(case_id: str, visit_id: str, json_data: dict[str, Any]) -> Any:
    """Moves a confirmed visit to another time, which is booked at once.

    Returns the new visit; the old one stays on record as rescheduled. Refused with `past_cut_off` shortly
    before the visit, with `slot_taken`, and with `conflict` once a visitor has arrived.
    """
    case = _case(case_id, to_move=True)
    moved = reschedule.reschedule_by_customer(
        case, visit_id, json_data["starts_at"], _me(), json_data.get("reason")
    )
    return visit_queries.visit_line(case, moved)


@visits.post("/<public_id:case_id>/visits/<public_id:visit_id>/joining")
@visits.input(JoinIn)
@visits.output(VisitOut, status_code=201)
@visits.doc(summary="与同一天同一地点的另一项上门合并（接在其后，一次上门）")
def join_visit(case_id: str, visit_id: str, json_data: dict[str, Any]) -> Any:
    """Moves a confirmed visit to the end of another one of the same customer, so that it is one trip.

    The other visit may belong to another case of the customer. Returns the new visit; the old one stays on
    record as rescheduled. Refused with `conflict` when the two are on different days, at different places, or
    for purposes that can't be joined, with `past_cut_off`, and with `slot_taken`.
    """
    case = _case(case_id)
    return visit_queries.visit_line(
        case, join_visits.join_by_customer(case, visit_id, json_data["visit_id"], _me())
    )


@visits.post("/<public_id:case_id>/visits/<public_id:visit_id>/cancellation")
@visits.input(CancelIn)
@visits.output(VisitOut)
@visits.doc(summary="取消预约")
def cancel_visit(case_id: str, visit_id: str, json_data: dict[str, Any]) -> Any:
    """Cancels a visit, or releases a time that is only reserved.

    A reserved time can always be released. Refused with `past_cut_off` shortly before a confirmed visit, and
    with `conflict` once a visitor has arrived.
    """
    case = _case(case_id, to_move=True)
    return visit_queries.visit_line(
        case, cancel.cancel_by_customer(case, visit_id, _me(), json_data["reason"])
    )


@visits.post("/<public_id:case_id>/visits/<public_id:visit_id>/no-show")
@visits.input(NoShowIn)
@visits.output(VisitOut)
@visits.doc(summary="反映上门人员未到")
def report_no_show(case_id: str, visit_id: str, json_data: dict[str, Any]) -> Any:
    """Reports that nobody came to a confirmed visit.

    Refused with `not_yet` until the city's waiting time after the start has passed, and with `conflict` when
    a visitor has checked in.
    """
    case = _case(case_id, to_move=True)
    return visit_queries.visit_line(
        case, no_show.no_show_by_customer(case, visit_id, _me(), json_data["note"])
    )


@visits.get("/<public_id:case_id>/visits/<public_id:visit_id>/pass")
@visits.output(ArrivalPassOut)
@visits.doc(summary="到访码：核对来人的姓名、照片、工号", responses={409: "尚未开放或已结束"})
def read_pass(case_id: str, visit_id: str) -> Any:
    """Returns who comes to a visit, and the code that both sides compare.

    Names, photos and staff numbers of the visitors. Available from the day before; earlier refused with
    `not_yet`.
    """
    return arrival_pass.pass_of_visit(_case(case_id), visit_id)


@visits.get("/<public_id:case_id>/visits/<public_id:visit_id>/calendar")
@visits.doc(summary="日历文件（ICS）", responses=CALENDAR_ANSWER)
def read_calendar_file(case_id: str, visit_id: str) -> Response:
    """Downloads a visit as a calendar file (ICS).

    A rescheduled visit keeps its UID and gets a higher SEQUENCE. Refused with `conflict` while the time is
    only reserved.
    """
    case = _case(case_id)
    return calendar_file(ics_file.ics_of_visit(case, appointments.visit_of_case(case, visit_id)))


@visits.post("/<public_id:case_id>/visit-waits")
@visits.input(WaitlistIn)
@visits.output(BookingsOut, status_code=201)
@visits.doc(summary="登记候补更早的时间")
def join_waitlist(case_id: str, json_data: dict[str, Any]) -> Any:
    """Puts the customer on the waiting list for an earlier time.

    The first in line gets a time that opens as a reservation, and is notified. Nobody is asked at night: the
    place in line stays, and until the morning others may book the time. A time that was declined or ran out
    is not offered again, and after a few offers without an answer the waiting ends. Refused with
    `already_done` when the customer is on the list, and with `purpose_not_needed` when the case needs no such
    visit now.
    """
    case = _case(case_id, to_move=True)
    waitlist.join_waitlist(case, json_data["purpose"])
    return visit_queries.bookings_of_case(case)


@visits.delete("/<public_id:case_id>/visit-waits/<public_key:purpose>")
@visits.output(BookingsOut)
@visits.doc(summary="取消候补")
def leave_waitlist(case_id: str, purpose: str) -> Any:
    """Takes the customer off the waiting list of a purpose.

    Repeating the call changes nothing.
    """
    case = _case(case_id)
    waitlist.leave_waitlist(case.id, purpose)
    return visit_queries.bookings_of_case(case)


def _me() -> By:
    return by_customer(caller().subject_id)


def _case(case_id: str, *, to_move: bool = False) -> Any:
    return access.customer_case(caller().subject_id, case_id, to_move=to_move)
