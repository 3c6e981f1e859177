"""A customer's visits: openings, hold, confirm, move, cancel."""

from typing import Any

from apiflask import APIBlueprint
from flask import Response, jsonify

from app.services.cases import access
from app.services.timeline import by_customer
from app.services.visits import appointments, confirm, hold, needs, offering, queries
from miniprogram_api.guards import caller
from miniprogram_api.openings import openings
from miniprogram_api.schemas.visits import BookingsOut, HoldIn, OpeningsIn, OpeningsOut, VisitOut

visits = APIBlueprint("customer_visits", __name__, url_prefix="/api/v1/customer/cases", tag="customer")

GONE = {410: "保留时间已过，附最新可约时间"}


@visits.get("/<public_id:case_id>/visits")
@visits.output(BookingsOut)
@visits.doc(summary="我的预约与可预约事项")
def list_visits(case_id: str) -> Any:
    """The newest time first; nothing is ever taken out of it."""
    return queries.of_case(_case(case_id))


@visits.get("/<public_id:case_id>/openings")
@visits.input(OpeningsIn, location="query")
@visits.output(OpeningsOut)
@visits.doc(summary="可约时间")
def list_openings(case_id: str, query_data: dict[str, Any]) -> Response:
    """Of the next days; joint visits only where everybody is free."""
    case = _case(case_id)
    needed = needs.needed(case, query_data["purpose"])
    return jsonify(openings(offering.offer(case, needed, offering.bookable())))


@visits.post("/<public_id:case_id>/visits")
@visits.input(HoldIn)
@visits.output(VisitOut, status_code=201)
@visits.doc(summary="选定时间（保留几分钟，确认后生效）")
def hold_time(case_id: str, json_data: dict[str, Any]) -> Any:
    """`hold_until` says until when it is to be confirmed."""
    case = _case(case_id)
    visit = hold.hold(case, json_data["purpose"], json_data["starts_at"], by_customer(caller().subject_id))
    return queries.line(case, visit)


@visits.get("/<public_id:case_id>/visits/<public_id:visit_id>")
@visits.output(VisitOut)
@visits.doc(summary="一次预约")
def read_visit(case_id: str, visit_id: str) -> Any:
    """Live or past."""
    case = _case(case_id)
    return queries.line(case, appointments.of_case(case, visit_id))


@visits.post("/<public_id:case_id>/visits/<public_id:visit_id>/confirmation")
@visits.output(VisitOut)
@visits.doc(summary="确认预约", responses=GONE)
def confirm_visit(case_id: str, visit_id: str) -> Any:
    """Within the hold."""
    case = _case(case_id)
    return queries.line(case, confirm.confirm(case, visit_id, by_customer(caller().subject_id)))


def _case(case_id: str) -> Any:
    return access.of_customer(caller().subject_id, case_id)
