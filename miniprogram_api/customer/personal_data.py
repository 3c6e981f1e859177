"""The customer's rights over their data: see, correct, take a copy, withdraw consent, delete (PIPL 44-47)."""

from typing import Any

from apiflask import APIBlueprint
from flask import Response

from app.services.cases import access
from app.services.cases.rights import correct_contact
from app.services.privacy import data_copies, erasure, held, reads
from miniprogram_api.cursors import next_cursor, number_cursor
from miniprogram_api.guards import caller
from miniprogram_api.pdf_response import pdf
from miniprogram_api.schemas.personal_data import (
    ContactIn,
    ContactOut,
    CopyFormatIn,
    CopyOut,
    ErasureOut,
    HeldOut,
    ReadsOut,
)
from miniprogram_api.schemas.shared import PageIn

personal_data = APIBlueprint(
    "customer_personal_data", __name__, url_prefix="/api/v1/customer", tag="customer"
)

ITEMS_SHOWN = 50

_FILE: dict[Any, Any] = {
    200: {
        "description": "JSON 或 PDF",
        "content": {
            "application/json": {"schema": {"type": "object"}},
            "application/pdf": {"schema": {"type": "string", "format": "binary"}},
        },
    }
}


@personal_data.get("/personal-data")
@personal_data.output(HeldOut)
@personal_data.doc(summary="查看我的信息")
def see_personal_data() -> dict[str, Any]:
    """Lists everything that is held about the customer, by kind.

    Each kind has its purpose, legal basis and term, and its 50 newest items; a copy has up to
    20,000 of each. `total` counts them all.
    """
    return {"kinds": held.everything(caller().subject_id, ITEMS_SHOWN)}


@personal_data.get("/personal-data/reads")
@personal_data.input(PageIn, location="query")
@personal_data.output(ReadsOut)
@personal_data.doc(summary="谁查看过我的信息")
def list_reads(query_data: dict[str, Any]) -> dict[str, Any]:
    """Lists who has read the customer's data in full, newest first.

    By role, department and time, without the names of staff.
    """
    limit = query_data["limit"]
    lines = reads.reads_of_customer(caller().subject_id, number_cursor(query_data.get("cursor")), limit)
    return {"items": lines, "cursor": next_cursor(lines, limit, lambda line: line.id)}


@personal_data.post("/personal-data/copies")
@personal_data.output(CopyOut, status_code=202)
@personal_data.doc(summary="申请我的信息副本")
def request_copy() -> dict[str, Any]:
    """Asks for a copy of everything that is held about the customer.

    The jobs make it, as JSON and as a PDF; one a day.
    """
    return _present(data_copies.request_copy(caller().subject_id))


@personal_data.get("/personal-data/copies/<public_id:copy_id>")
@personal_data.output(CopyOut)
@personal_data.doc(summary="副本是否已生成")
def read_copy_state(copy_id: str) -> dict[str, Any]:
    """Returns whether a copy is ready."""
    return _present(data_copies.copy_of_customer(caller().subject_id, copy_id))


@personal_data.get("/personal-data/copies/<public_id:copy_id>/file")
@personal_data.input(CopyFormatIn, location="query")
@personal_data.doc(summary="下载副本（JSON或PDF）", responses={**_FILE, 409: "副本尚未生成"})
def download_copy(copy_id: str, query_data: dict[str, str]) -> Response:
    """Returns a copy as JSON or as a PDF.

    Refused with `not_yet` until it is made.
    """
    readable = query_data["format"] == "pdf"
    found = data_copies.content(data_copies.copy_of_customer(caller().subject_id, copy_id), readable=readable)
    if readable:
        return pdf(found, "personal-data")
    return Response(found, mimetype="application/json")


@personal_data.patch("/cases/<public_id:case_id>/contact")
@personal_data.input(ContactIn)
@personal_data.output(ContactOut)
@personal_data.doc(summary="更正联系人、电话或地址")
def correct(case_id: str, json_data: dict[str, Any]) -> dict[str, Any]:
    """Corrects the contact, phone or address of a case after submission.

    Booked crews, the search and the look-up follow; papers keep what was agreed to. Address and position are
    given together. Refused with `invalid_fields`, which lists every fault.
    """
    who = caller().subject_id
    return correct_contact.correct_contact(access.customer_case(who, case_id, to_move=True), who, json_data)


@personal_data.delete("/consents")
@personal_data.output(ErasureOut)
@personal_data.doc(summary="撤回同意")
def withdraw_consent() -> Any:
    """Withdraws the consent to the privacy policy.

    Nothing new can be begun or submitted until it is given again; what was done before stays valid.
    """
    return erasure.withdraw_consent(caller().subject_id)


@personal_data.delete("/personal-data")
@personal_data.output(ErasureOut)
@personal_data.doc(summary="删除我的信息")
def delete_personal_data() -> Any:
    """Deletes the account with everything that no law asks to keep, and ends every login.

    Returns what was deleted, and what is kept with its reason and term. At the end of its term it is deleted.
    """
    return erasure.erase_account(caller().subject_id)


def _present(row: Any) -> dict[str, Any]:
    return {"id": row.id, "state": data_copies.state(row), "requested_at": row.requested_at}
