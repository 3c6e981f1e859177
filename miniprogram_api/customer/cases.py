"""A customer's cases: progress, timeline, ledger, confirmation, rating."""

from typing import Any

from apiflask import APIBlueprint
from flask import Response, jsonify

from app.services.cases import access
from app.services.cases.decisions import customer_decisions
from app.services.cases.views import case_queries, progress
from app.services.money import ledger
from miniprogram_api.cursors import instant_cursor, instant_key, next_cursor, number_cursor
from miniprogram_api.guards import caller
from miniprogram_api.schemas.customer import LedgerOut, ProgressOut, RatingIn
from miniprogram_api.schemas.shared import CasePageOut, PageIn, TimelineOut

cases = APIBlueprint("customer_cases", __name__, url_prefix="/api/v1/customer/cases", tag="customer")


@cases.get("")
@cases.input(PageIn, location="query")
@cases.output(CasePageOut)
@cases.doc(summary="我的报装")
def list_cases(query_data: dict[str, Any]) -> dict[str, Any]:
    """Lists the customer's cases, newest first.

    Includes cases that have ended.
    """
    limit = query_data["limit"]
    lines = case_queries.cases_of_customer(
        caller().subject_id, instant_cursor(query_data.get("cursor")), limit
    )
    return {
        "items": lines,
        "cursor": next_cursor(lines, limit, lambda line: instant_key(line.opened_at)),
    }


@cases.get("/<public_id:case_id>")
@cases.output(ProgressOut)
@cases.doc(summary="进度：轮到谁、下一步、各环节承诺与已用工作日")
def read_progress(case_id: str) -> Response:
    """Returns the progress of a case.

    Who has to act now, what comes next, and the promised and used working days of each stage. Working days
    are decimal strings, times are ISO 8601 with the city's offset.
    """
    return jsonify(progress.progress_for_owner(caller().subject_id, case_id))


@cases.get("/<public_id:case_id>/timeline")
@cases.input(PageIn, location="query")
@cases.output(TimelineOut)
@cases.doc(summary="办理记录")
def read_timeline(case_id: str, query_data: dict[str, Any]) -> dict[str, Any]:
    """Lists the events of a case in order.

    Paged by `cursor`, oldest first.
    """
    case = access.customer_case(caller().subject_id, case_id)
    lines = case_queries.case_history(
        case.id, number_cursor(query_data.get("cursor")) or 0, query_data["limit"]
    )
    return {"items": lines, "cursor": next_cursor(lines, query_data["limit"], lambda line: line.id)}


@cases.get("/<public_id:case_id>/ledger")
@cases.output(LedgerOut)
@cases.doc(summary="资料、跑腿、费用清单")
def read_ledger(case_id: str) -> Any:
    """Returns everything that was asked of the customer in a case, with its totals.

    Documents, trips to an office and payments; amounts are in fen.
    """
    return ledger.customer_ledger(access.customer_case(caller().subject_id, case_id).id)


@cases.post("/<public_id:case_id>/confirmation")
@cases.output(ProgressOut)
@cases.doc(summary="确认客户管家代填的申请")
def confirm_application(case_id: str) -> dict[str, Any]:
    """Confirms the application that the manager or a partner filled in for the customer.

    Replaces a signature on paper. Refused with `already_done` when it is confirmed, and with `conflict` while
    the form is incomplete.
    """
    customer_decisions.confirm_case(access.customer_case(caller().subject_id, case_id), caller().subject_id)
    return progress.progress_for_owner(caller().subject_id, case_id)


@cases.post("/<public_id:case_id>/rating")
@cases.input(RatingIn)
@cases.output(ProgressOut)
@cases.doc(summary="评价服务（1至5分）")
def rate_case(case_id: str, json_data: dict[str, Any]) -> dict[str, Any]:
    """Rates the service of a case from 1 to 5.

    Possible once, after the water is turned on. Refused with `conflict` before that, and with `already_done`
    the second time.
    """
    case = access.customer_case(caller().subject_id, case_id)
    customer_decisions.rate_case(case, caller().subject_id, json_data["rating"], json_data.get("remark"))
    return progress.progress_for_owner(caller().subject_id, case_id)
