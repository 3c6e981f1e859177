"""Quotes and papers, for staff: issued for a task, read for a case."""

from typing import Any

from apiflask import APIBlueprint
from flask import Response

from app.services.cases import access
from app.services.money import quotes
from app.services.papers import paper_records
from app.services.tasks import claim_task
from app.services.tasks.issue_task_quote import issue_task_quote
from app.services.tasks.make_task_paper import make_task_paper
from miniprogram_api.guards import me
from miniprogram_api.pdf_response import PAPER_ANSWERS, pdf
from miniprogram_api.schemas.money import (
    PaperIn,
    PaperOut,
    PapersOut,
    QuoteIn,
    QuoteOut,
    QuotesOut,
)

money = APIBlueprint("staff_money", __name__, url_prefix="/api/v1/staff", tag="staff")


@money.post("/tasks/<public_id:task_id>/quotes")
@money.input(QuoteIn)
@money.output(QuoteOut, status_code=201)
@money.doc(summary="出具费用（一费制清单 / 概算）")
def issue_quote(task_id: str, json_data: dict[str, Any]) -> Any:
    """Issues the quote of a task.

    A new quote replaces the earlier one, and the customer chooses again. Amounts are in fen. Refused with
    `conflict` for a task without a quote, and with `no_price` when the price list has no price.
    """
    return issue_task_quote(me(), claim_task.visible_task(me(), task_id), json_data["measured"])


@money.post("/tasks/<public_id:task_id>/papers")
@money.input(PaperIn)
@money.output(PaperOut, status_code=201)
@money.doc(summary="生成任务所需的协议或合同，由客户确认")
def make_paper(task_id: str, json_data: dict[str, Any]) -> Any:
    """Creates the agreement or contract of a task as a PDF.

    A new version needs a new confirmation by the customer. Refused with `conflict` for a task without a
    paper, and with `invalid_fields`.
    """
    return make_task_paper(me(), claim_task.visible_task(me(), task_id), json_data["outputs"])


@money.get("/cases/<public_id:case_id>/quotes")
@money.output(QuotesOut)
@money.doc(summary="工单的费用方案")
def list_quotes(case_id: str) -> dict[str, Any]:
    """Lists the quotes of a case, newest first.

    Amounts are in fen.
    """
    return {"items": quotes.case_quotes(access.staff_case(me(), case_id).id)}


@money.get("/cases/<public_id:case_id>/papers")
@money.output(PapersOut)
@money.doc(summary="工单的协议与合同")
def list_papers(case_id: str) -> dict[str, Any]:
    """Lists the agreements and contracts of a case, all versions.

    With who confirmed which version when.
    """
    return {"items": paper_records.papers_of_case(access.staff_case(me(), case_id).id)}


@money.post("/cases/<public_id:case_id>/papers/<public_id:paper_id>/reads")
@money.doc(summary="阅读协议或合同（PDF，留痕）", responses=PAPER_ANSWERS)
def read_paper(case_id: str, paper_id: str) -> Response:
    """Returns an agreement or contract as a PDF.

    A POST, because each read is recorded. Refused with `paper_changed` when the stored file no longer matches
    its hash, and with `not_allowed` once the caller's work in the case is over: a paper names the customer.
    """
    case = access.staff_case(me(), case_id)
    access.require_contact_needed(me(), case)
    return pdf(paper_records.read_by_staff(me(), case, paper_id))
