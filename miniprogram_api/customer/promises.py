"""How a customer checks the promises: clock pauses and disputes, clock receipt, road permit."""

from typing import Any

from apiflask import APIBlueprint
from flask import Response, jsonify

from app.services.cases import access
from app.services.cases.clock import clock_receipt, road_permit, stop_reviews, stops
from miniprogram_api.guards import caller
from miniprogram_api.pdf_response import PDF_ANSWER, pdf
from miniprogram_api.schemas.clock_receipt import ReceiptOut
from miniprogram_api.schemas.promises import DisputeIn, PermitOut, StopRecordOut, StopRecordsOut

promises = APIBlueprint("customer_promises", __name__, url_prefix="/api/v1/customer/cases", tag="customer")


@promises.get("/<public_id:case_id>/stops")
@promises.output(StopRecordsOut)
@promises.doc(summary="暂停计时记录：原因、责任方、凭据、起止时间")
def list_stops(case_id: str) -> dict[str, Any]:
    """Lists the clock pauses (停钟) of a case in order.

    Each with reason, responsible party, evidence, start and end. Includes revoked pauses, which count in no
    figure.
    """
    return {"items": stops.stops_of_case(access.customer_case(caller().subject_id, case_id))}


@promises.post("/<public_id:case_id>/stops/<public_id:stop_id>/dispute")
@promises.input(DisputeIn)
@promises.output(StopRecordOut)
@promises.doc(summary="对一段暂停计时提出异议")
def dispute_stop(case_id: str, stop_id: str, json_data: dict[str, str]) -> Any:
    """Disputes a clock pause; a supervisor decides.

    Refused with `already_done` for a revoked pause, and with `conflict` while an earlier dispute is
    undecided.
    """
    case = access.customer_case(caller().subject_id, case_id)
    return stop_reviews.dispute_stop(case, caller().subject_id, stop_id, json_data["text"])


@promises.get("/<public_id:case_id>/receipt")
@promises.output(ReceiptOut)
@promises.doc(summary="计时清单：逐日列出计入与未计入的时间")
def read_receipt(case_id: str) -> Response:
    """Returns the clock receipt of a case: which time counted, day by day.

    Shares of a day are working days as decimal strings; the `…_exact` fields are fractions that add up to the
    totals.
    """
    return jsonify(clock_receipt.receipt_of_case(access.customer_case(caller().subject_id, case_id)))


@promises.get("/<public_id:case_id>/receipt.pdf")
@promises.doc(summary="计时清单（PDF）", responses=PDF_ANSWER)
def read_receipt_pdf(case_id: str) -> Response:
    """Returns the clock receipt of a case as a PDF."""
    case = access.customer_case(caller().subject_id, case_id)
    return pdf(clock_receipt.pdf(case), f"receipt-{case.number}")


@promises.get("/<public_id:case_id>/road-permit")
@promises.output(PermitOut)
@promises.doc(summary="道路挖掘（占用）审批进度")
def read_road_permit(case_id: str) -> Any:
    """Returns the progress of the road-opening permit of a case.

    The dated steps from need to approval, each with the working days it took.
    """
    return road_permit.permit_of_case(access.customer_case(caller().subject_id, case_id))
