"""Visits, for staff: calendars, check-in and completion, and bookings for customers."""

from typing import Any

from apiflask import APIBlueprint
from flask import Response, jsonify

from app.domain.area import Point
from app.services.cases import access
from app.services.history.timeline import by_staff
from app.services.visits import required_visits, visit_access
from app.services.visits.booking import cancel, find_openings, reschedule
from app.services.visits.booking.book_for_customer import book_for_customer
from app.services.visits.changes import join_visits
from app.services.visits.day import finish, no_show, running_late, visit_check_in
from app.services.visits.day.visit_check_in import CheckIn
from app.services.visits.views import ics_file, staff_calendars, visit_queries
from app.services.visits.views.staff_calendars import Days
from miniprogram_api.calendar_response import CALENDAR_ANSWER, calendar_file
from miniprogram_api.guards import me
from miniprogram_api.idempotency import answers_anew
from miniprogram_api.openings_response import openings
from miniprogram_api.schemas.staff_visits import (
    ArrivalIn,
    DaysIn,
    DelayIn,
    FinishIn,
    LoadsOut,
    StaffNoShowIn,
    StaffRescheduleIn,
    StaffVisitOut,
    StaffVisitsOut,
)
from miniprogram_api.schemas.visits import BookingsOut, CancelIn, HoldIn, JoinIn, OpeningsOut

visits = APIBlueprint("staff_visits", __name__, url_prefix="/api/v1/staff", tag="staff")


@visits.get("/visits")
@visits.input(DaysIn, location="query")
@visits.output(StaffVisitsOut)
@visits.doc(summary="我的上门日程（一天或几天）")
def list_mine(query_data: dict[str, Any]) -> dict[str, Any]:
    """Lists the caller's visits on one or several days, in order of time.

    Names, phone numbers and addresses are masked, positions null.
    """
    return {"items": staff_calendars.mine(me(), _days(query_data), in_full=False)}


@visits.post("/visits/day-reads")
@answers_anew
@visits.input(DaysIn)
@visits.output(StaffVisitsOut, status_code=201)
@visits.doc(summary="我的上门日程，含完整地址和电话（留痕）")
def read_mine_in_full(json_data: dict[str, Any]) -> dict[str, Any]:
    """Lists the caller's visits with full names, phone numbers and addresses.

    A POST, because each read is recorded. Cases in which the caller's work is over stay masked.
    """
    return {"items": staff_calendars.mine(me(), _days(json_data), in_full=True)}


@visits.get("/visits/department")
@visits.input(DaysIn, location="query")
@visits.output(StaffVisitsOut)
@visits.doc(summary="本部门上门日历")
def list_department(query_data: dict[str, Any]) -> dict[str, Any]:
    """Lists the visits of all members of the caller's department, in order of time.

    Names, phone numbers and addresses are masked, positions null.
    """
    return {"items": staff_calendars.of_department(me(), _days(query_data))}


@visits.get("/visits/load")
@visits.input(DaysIn, location="query")
@visits.output(LoadsOut)
@visits.doc(summary="每人上门工作量（客户管家、督办）")
def read_load(query_data: dict[str, Any]) -> dict[str, Any]:
    """Lists how many visits each member of the caller's department has, busiest first.

    A supervisor sees all departments. For managers and supervisors; otherwise `not_allowed`.
    """
    return {"items": staff_calendars.load(me(), _days(query_data))}


@visits.get("/cases/<public_id:case_id>/visits")
@visits.output(BookingsOut)
@visits.doc(summary="工单的预约与可预约事项")
def list_of_case(case_id: str) -> Any:
    """Lists the visits of a case, newest first, and what can be booked now.

    Includes cancelled and past visits. Addresses are masked, positions null.
    """
    return visit_queries.bookings_of_case(access.staff_case(me(), case_id), masked=True)


@visits.get("/cases/<public_id:case_id>/openings/<public_key:purpose>")
@visits.output(OpeningsOut)
@visits.doc(summary="可约时间（代客户预约，无提前量要求）", responses={409: "工单已结束"})
def list_openings(case_id: str, purpose: str) -> Response:
    """Lists the times that staff can book for a purpose of a case.

    Unlike for customers, no notice is needed. Refused with `purpose_not_needed`, and with `case_ended`.
    """
    case = access.staff_case(me(), case_id)
    needed = required_visits.require_needed(case, purpose)
    return jsonify(openings(find_openings.offer(case, needed, find_openings.bookable(by_staff=True))))


@visits.post("/cases/<public_id:case_id>/visits")
@visits.input(HoldIn)
@visits.output(StaffVisitOut, status_code=201)
@visits.doc(summary="代客户预约（来电或到厅，直接生效）")
def book_visit(case_id: str, json_data: dict[str, Any]) -> Any:
    """Books a visit for a customer who telephones or is present.

    The visit is confirmed at once. For the manager of the case or a supervisor; otherwise `not_allowed`.
    Refused with `slot_taken`, which lists other times, with `booked_already`, and with `purpose_not_needed`.
    """
    case = access.staff_case(me(), case_id)
    visit = book_for_customer(me(), case, json_data["purpose"], json_data["starts_at"])
    return staff_calendars.one(me(), case, visit)


@visits.get("/visits/<public_id:visit_id>")
@visits.output(StaffVisitOut)
@visits.doc(summary="一次上门")
def read_visit(visit_id: str) -> Any:
    """Returns one visit with its case, masked.

    `code` is shown to its visitors only.
    """
    return staff_calendars.one(me(), *visit_access.visible_visit(me(), visit_id))


@visits.get("/visits/<public_id:visit_id>/calendar")
@visits.doc(summary="日历文件（ICS）", responses=CALENDAR_ANSWER)
def read_calendar_file(visit_id: str) -> Response:
    """Downloads a visit as a calendar file (ICS) for the visitor's own calendar.

    The address is masked. Refused with `conflict` while the time is only reserved.
    """
    return calendar_file(ics_file.ics_of_visit(*visit_access.visible_visit(me(), visit_id), masked=True))


@visits.post("/visits/<public_id:visit_id>/arrival")
@visits.input(ArrivalIn)
@visits.output(StaffVisitOut)
@visits.doc(summary="登记到达（时间、地点）")
def check_in(visit_id: str, json_data: dict[str, Any]) -> Any:
    """Records that the caller has arrived at a visit.

    By each visitor, once, on the day of the visit. A note is needed without a position or far from the site.
    Refused with `not_allowed` for others, with `not_yet` on another day, with `already_done`, and with
    `invalid_fields` for a wrong code.
    """
    place = json_data["position"]
    position = None if place is None else Point(place["latitude_gcj02"], place["longitude_gcj02"])
    given = CheckIn(position, json_data.get("note"), json_data.get("code"))
    return staff_calendars.one(me(), *visit_check_in.check_in(me(), visit_id, given))


@visits.post("/visits/<public_id:visit_id>/delay")
@visits.input(DelayIn)
@visits.output(StaffVisitOut)
@visits.doc(summary="一键告知晚到")
def report_delay(visit_id: str, json_data: dict[str, Any]) -> Any:
    """Notifies the customer that the visitor comes later.

    A long delay offers the customer other times. Refused with `conflict` once a visitor has arrived.
    """
    return staff_calendars.one(me(), *running_late.announce_delay(me(), visit_id, json_data["minutes"]))


@visits.post("/visits/<public_id:visit_id>/no-show")
@visits.input(StaffNoShowIn)
@visits.output(StaffVisitOut)
@visits.doc(summary="登记一方未到")
def report_no_show(visit_id: str, json_data: dict[str, Any]) -> Any:
    """Records that the customer, or the visitor, was absent.

    Only a visitor who has checked in can report an absent customer; otherwise `not_yet`. Refused with
    `not_yet` until the city's waiting time after the start has passed.
    """
    absent = no_show.Absent(json_data["absent"])
    return staff_calendars.one(me(), *no_show.no_show_by_visitor(me(), visit_id, absent, json_data["note"]))


@visits.post("/visits/<public_id:visit_id>/completion")
@visits.input(FinishIn)
@visits.output(StaffVisitOut)
@visits.doc(summary="登记上门完成（可同时办结对应任务）")
def complete_visit(visit_id: str, json_data: dict[str, Any]) -> Any:
    """Completes a visit, and with `outputs` also its task.

    Without `outputs` the task stays open, and `proposed` holds the outputs that are known already. Refused
    with `not_yet` before check-in, and with `invalid_fields`.
    """
    return staff_calendars.one(me(), *finish.finish_visit(me(), visit_id, json_data["outputs"]))


@visits.post("/visits/<public_id:visit_id>/reschedule")
@visits.input(StaffRescheduleIn)
@visits.output(StaffVisitOut, status_code=201)
@visits.doc(summary="代客户改期")
def reschedule_for_customer(visit_id: str, json_data: dict[str, Any]) -> Any:
    """Moves a visit at the customer's request.

    Returns the new visit. For its visitors, the manager of the case and supervisors; otherwise `not_allowed`.
    Also possible shortly before the visit. Refused with `slot_taken`.
    """
    case = _concerned(visit_id)
    moved = reschedule.reschedule_by_staff(
        case, visit_id, json_data["starts_at"], by_staff(me().id), json_data["reason"]
    )
    return staff_calendars.one(me(), case, moved)


@visits.post("/visits/<public_id:visit_id>/joining")
@visits.input(JoinIn)
@visits.output(StaffVisitOut, status_code=201)
@visits.doc(summary="与同一客户同一天同一地点的另一项上门合并")
def join_for_customer(visit_id: str, json_data: dict[str, Any]) -> Any:
    """Moves a visit to the end of another one of the same customer, so that it is one trip.

    Returns the new visit. For those who come to both visits or answer for their cases, and supervisors;
    otherwise `not_allowed`. Refused with `conflict` when the two are on different days, at different places,
    or for purposes that can't be joined, and with `slot_taken`.
    """
    case = _concerned(visit_id)
    _concerned(json_data["visit_id"])
    moved = join_visits.join_by_staff(case, visit_id, json_data["visit_id"], by_staff(me().id))
    return staff_calendars.one(me(), case, moved)


@visits.post("/visits/<public_id:visit_id>/cancellation")
@visits.input(CancelIn)
@visits.output(StaffVisitOut)
@visits.doc(summary="代客户取消预约")
def cancel_for_customer(visit_id: str, json_data: dict[str, Any]) -> Any:
    """Cancels a visit at the customer's request.

    For its visitors, the manager of the case and supervisors; otherwise `not_allowed`. Also possible shortly
    before the visit.
    """
    case = _concerned(visit_id)
    return staff_calendars.one(
        me(), case, cancel.cancel_by_staff(case, visit_id, by_staff(me().id), json_data["reason"])
    )


def _concerned(visit_id: str) -> Any:
    """The case of a visit, if the caller comes to it or answers for the case."""
    case, visit = visit_access.visible_visit(me(), visit_id)
    visit_access.require_concerned(me(), case, visit)
    return case


def _days(given: dict[str, Any]) -> Days:
    return Days.of(given["first"], given["days"])
