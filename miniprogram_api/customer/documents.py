"""A customer's documents: bringing one, seeing them, fetching one."""

from typing import Any

from apiflask import APIBlueprint

from app.domain.document_kinds import Uploader
from app.services.cases import access
from app.services.documents import document_access
from app.services.history.timeline import by_customer
from miniprogram_api.flask_app import takes_file
from miniprogram_api.guards import caller
from miniprogram_api.schemas.documents import DocumentOut, DocumentsOut, LinkOut, UploadIn
from miniprogram_api.uploads import links, receive

documents = APIBlueprint("customer_documents", __name__, url_prefix="/api/v1/customer/cases", tag="customer")


@documents.get("/<public_id:case_id>/documents")
@documents.output(DocumentsOut)
@documents.doc(summary="资料清单与需提供的资料")
def list_documents(case_id: str) -> dict[str, Any]:
    """What was asked for, and what is there."""
    case = access.of_customer(caller().subject_id, case_id)
    return {"items": document_access.for_customer(case), "asked": document_access.asked(case)}


@documents.post("/<public_id:case_id>/documents")
@takes_file
@documents.input(UploadIn, location="form_and_files", arg_name="form")
@documents.output(DocumentOut, status_code=201)
@documents.doc(summary="上传资料（PDF/DWG/DXF/JPEG/PNG/HEIC，20MB以内）")
def upload(case_id: str, form: dict[str, Any]) -> dict[str, Any]:
    """The type is told by the content, never by the name."""
    person = caller().subject_id
    return receive(lambda: access.of_customer(person, case_id), form, Uploader.CUSTOMER, by_customer(person))


@documents.get("/<public_id:case_id>/documents/<public_id:document_id>/link")
@documents.output(LinkOut)
@documents.doc(summary="资料下载链接（5分钟内有效）")
def link(case_id: str, document_id: str) -> Any:
    """For the owner of the case only."""
    case = access.of_customer(caller().subject_id, case_id)
    return links().link(document_access.one_for_customer(case, document_id))
