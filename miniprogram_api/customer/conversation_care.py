"""Beside the messages of a conversation: its header, copies of it, requests to hurry, complaints."""

from collections.abc import Callable, Iterator
from typing import Any

from apiflask import APIBlueprint
from flask import Response, current_app, request
from flask.ctx import AppContext

from app.core.atomic import atomic, release_connection
from app.domain.limits import Limited
from app.services.cases import access
from app.services.conversations import open_conversation
from app.services.conversations.care import chases, complaints, export_conversation
from app.services.conversations.views import header
from app.services.history.timeline import by_customer
from app.services.operations import limits
from miniprogram_api.guards import caller
from miniprogram_api.pdf_response import PDF_ANSWER, pdf
from miniprogram_api.problems import OFTEN
from miniprogram_api.schemas.conversation_tools import (
    ChaseOut,
    ChasesOut,
    ComplaintOut,
    ComplaintsOut,
    PartIn,
    TextIn,
)
from miniprogram_api.schemas.conversations import CustomerConversationHeaderOut
from miniprogram_api.slow_clients import STREAMED

TEXT_ANSWER: dict[Any, Any] = {
    200: {"description": "文本", "content": {"text/plain": {"schema": {"type": "string"}}}}
}

care = APIBlueprint(
    "customer_conversation_care", __name__, url_prefix="/api/v1/customer/cases", tag="customer"
)


@care.get("/<public_id:case_id>/conversation")
@care.output(CustomerConversationHeaderOut)
@care.doc(summary="客户管家是谁、何时在岗、几条未读")
def read_header(case_id: str) -> Any:
    """Returns who answers the customer in a case, and how many messages are unread.

    `returns_at` says when the office opens again; it is null during office hours.
    """
    return header.header_for_owner(access.customer_case(caller().subject_id, case_id))


@care.get("/<public_id:case_id>/conversation.txt")
@care.doc(summary="下载沟通记录（文本）", responses=TEXT_ANSWER | OFTEN)
def download_text(case_id: str) -> Response:
    """Downloads the conversation of a case as plain text.

    Contains everything that the customer can see; recalled and withheld messages are left out.
    """
    person = caller().subject_id
    case = access.customer_case(person, case_id)
    heading = export_conversation.text_heading(case)
    _count_export(person)
    request.environ[STREAMED] = True
    return Response(_text(current_app.app_context, heading, case_id, person), mimetype="text/plain")


def _text(context: Callable[[], AppContext], heading: str, case_id: str, person: str) -> Iterator[str]:
    """The text page by page, each in a transaction of its own: nothing waits for a slow reader."""
    yield heading
    after: int | None = 0
    while after is not None:
        with context(), atomic(read_only=True):
            page, after = export_conversation.text_page(case_id, person, after)
        yield page


def _count_export(person: str) -> None:
    # Commits on its own, as the GET around it changes nothing.
    release_connection()
    with atomic():
        limits.count(Limited.CUSTOMER_EXPORT, person)


@care.get("/<public_id:case_id>/conversation.pdf")
@care.input(PartIn, location="query")
@care.doc(summary="下载沟通记录（PDF）", responses=PDF_ANSWER | OFTEN)
def download_pdf(case_id: str, query_data: dict[str, int]) -> Response:
    """Downloads the conversation of a case as a PDF.

    The content is the same as that of the text file. A long conversation has several parts of 200 messages;
    the first page of each says how many.
    """
    person = caller().subject_id
    access.customer_case(person, case_id)
    _count_export(person)
    case = access.customer_case(person, case_id)
    return pdf(export_conversation.as_pdf(case, person, query_data["part"]), f"conversation-{case.number}")


@care.get("/<public_id:case_id>/chases")
@care.output(ChasesOut)
@care.doc(summary="催办记录")
def list_chases(case_id: str) -> dict[str, Any]:
    """Lists the customer's requests to hurry (催办) in a case, newest first."""
    return {"items": chases.chases_of_case(access.customer_case(caller().subject_id, case_id))}


@care.post("/<public_id:case_id>/chases")
@care.output(ChaseOut, status_code=201)
@care.doc(summary="催办（每个环节每个工作日一次）")
def create_chase(case_id: str) -> Any:
    """Asks the utility to hurry (催办).

    Allowed once for each stage and working day; otherwise `already_done`. Refused with `case_ended` after the
    end of the case, and with `conflict` while no stage is open.
    """
    person = caller().subject_id
    return chases.chase(access.customer_case(person, case_id), person)


@care.get("/<public_id:case_id>/complaints")
@care.output(ComplaintsOut)
@care.doc(summary="投诉记录")
def list_complaints(case_id: str) -> dict[str, Any]:
    """Lists the complaints of a case, newest first."""
    return {
        "items": complaints.complaints_of_conversation(access.customer_case(caller().subject_id, case_id).id)
    }


@care.post("/<public_id:case_id>/complaints")
@care.input(TextIn)
@care.output(ComplaintOut, status_code=201)
@care.doc(summary="投诉（首问负责，限时答复）")
def create_complaint(case_id: str, json_data: dict[str, str]) -> Any:
    """Files a complaint.

    One person is responsible for it until it is closed. Refused with `conflict` while an earlier complaint of
    this conversation is open.
    """
    person = caller().subject_id
    conversation = open_conversation.conversation_of_case(access.customer_case(person, case_id))
    return complaints.complain(conversation, by_customer(person), json_data["text"])


@care.post("/<public_id:case_id>/complaints/<public_id:complaint_id>/closing")
@care.output(ComplaintOut)
@care.doc(summary="确认投诉已解决")
def close_complaint(case_id: str, complaint_id: str) -> Any:
    """Closes a complaint because the customer is satisfied.

    Refused with `already_done` when it is closed.
    """
    person = caller().subject_id
    case = access.customer_case(person, case_id)
    return complaints.close_by_owner(case.id, by_customer(person), complaint_id)
