"""Quotes and papers of a customer's case: read, choose, confirm on the phone."""

from typing import Any

from apiflask import APIBlueprint
from flask import Response

from app.services.cases import access
from app.services.money import quotes
from app.services.money.choose_option import choose_option
from app.services.papers import confirm_paper as confirmation
from app.services.papers import paper_records
from miniprogram_api.guards import caller
from miniprogram_api.pdf_response import PAPER_ANSWERS, pdf
from miniprogram_api.schemas.money import (
    PaperConfirmationIn,
    PaperOut,
    PapersOut,
    QuoteChoiceIn,
    QuoteOut,
    QuotesOut,
)

money = APIBlueprint("customer_money", __name__, url_prefix="/api/v1/customer/cases", tag="customer")


@money.get("/<public_id:case_id>/quotes")
@money.output(QuotesOut)
@money.doc(summary="费用方案")
def list_quotes(case_id: str) -> dict[str, Any]:
    """Lists the quotes of a case, newest first.

    Only the newest is in force and can be chosen from. Amounts are in fen.
    """
    return {"items": quotes.case_quotes(access.customer_case(caller().subject_id, case_id).id)}


@money.post("/<public_id:case_id>/quote-choice")
@money.input(QuoteChoiceIn)
@money.output(QuoteOut)
@money.doc(summary="选择费用方案")
def choose_quote_option(case_id: str, json_data: dict[str, str]) -> Any:
    """Chooses an option of the quote in force.

    Records name and time. The choice can be changed until the task that waits for it is completed. Refused
    with `conflict` for an outdated quote or after that, and with `invalid_fields` for an unknown option.
    """
    case = access.customer_case(caller().subject_id, case_id)
    return choose_option(case, caller().subject_id, json_data["quote_id"], json_data["option"])


@money.get("/<public_id:case_id>/papers")
@money.output(PapersOut)
@money.doc(summary="协议与合同")
def list_papers(case_id: str) -> dict[str, Any]:
    """Lists the agreements and contracts of a case, all versions.

    Only the newest version of each kind is in force.
    """
    return {"items": paper_records.papers_of_case(access.customer_case(caller().subject_id, case_id).id)}


@money.get("/<public_id:case_id>/papers/<public_id:paper_id>/content")
@money.doc(summary="阅读协议或合同（PDF）", responses=PAPER_ANSWERS)
def read_paper(case_id: str, paper_id: str) -> Response:
    """Returns an agreement or contract as a PDF.

    Confirm it with the SHA-256 of these bytes. Refused with `paper_changed` when the stored file no longer
    matches its hash.
    """
    case = access.customer_case(caller().subject_id, case_id)
    return pdf(paper_records.paper_content(paper_records.paper_of_case(case.id, paper_id)))


@money.post("/<public_id:case_id>/papers/<public_id:paper_id>/confirmation")
@money.input(PaperConfirmationIn)
@money.output(PaperOut)
@money.doc(summary="在手机上确认协议或合同")
def confirm_paper(case_id: str, paper_id: str, json_data: dict[str, str]) -> Any:
    """Confirms an agreement or contract on the phone.

    Records name, time and hash. A new version needs a new confirmation. Refused with `conflict` when there is
    a newer version or the hash differs, and with `already_done` when it is confirmed.
    """
    case = access.customer_case(caller().subject_id, case_id)
    return confirmation.confirm_paper(case, caller().subject_id, paper_id, json_data["sha256"])
