"""A customer's documents: upload, list, download link."""

from typing import Any

from apiflask import APIBlueprint

from app.domain.document_kinds import Uploader
from app.services.cases import access
from app.services.cases.withdraw_document import withdraw_document
from app.services.documents import document_access
from app.services.history.timeline import by_customer
from miniprogram_api.flask_app import takes_file
from miniprogram_api.guards import caller
from miniprogram_api.problems import OFTEN
from miniprogram_api.schemas.documents import DocumentOut, DocumentsOut, LinkOut, UploadIn
from miniprogram_api.uploads import link_signer, receive_file

documents = APIBlueprint("customer_documents", __name__, url_prefix="/api/v1/customer/cases", tag="customer")


@documents.get("/<public_id:case_id>/documents")
@documents.output(DocumentsOut)
@documents.doc(summary="资料清单与需提供的资料")
def list_documents(case_id: str) -> dict[str, Any]:
    """Lists the documents of a case that the customer may see, and those that were requested."""
    case = access.customer_case(caller().subject_id, case_id)
    return {"items": document_access.for_customer(case), "asked": document_access.asked_documents(case)}


@documents.post("/<public_id:case_id>/documents")
@takes_file
@documents.input(UploadIn, location="form_and_files", arg_name="form")
@documents.output(DocumentOut, status_code=201)
@documents.doc(
    summary="上传资料（PDF/DWG/DXF/JPEG/PNG/HEIC，20MB以内）", responses=OFTEN | {503: "资料暂时无法存取"}
)
def upload(case_id: str, form: dict[str, Any]) -> dict[str, Any]:
    """Uploads a document to a case.

    PDF, DWG, DXF, JPEG, PNG or HEIC, at most 20 MB. The type is taken from the content, not from the name.
    Refused with `document_refused` for another type, an unknown kind, a kind that only staff upload, or too
    many documents.
    """
    person = caller().subject_id
    return receive_file(
        lambda: access.customer_case(person, case_id), form, Uploader.CUSTOMER, by_customer(person)
    )


@documents.delete("/<public_id:case_id>/documents/<public_id:document_id>")
@documents.output({}, status_code=204)
@documents.doc(summary="撤回本人上传且尚未使用的资料", responses={409: "资料已使用，不能撤回"})
def withdraw(case_id: str, document_id: str) -> str:
    """Withdraws a document that the customer brought, until it is used; its bytes are deleted.

    Refused with `not_found` for a document of anybody else, and with `conflict` when the case is over, the
    document was sent in the conversation or shows a meter, or a task was completed with it.
    """
    withdraw_document(
        access.customer_case(caller().subject_id, case_id), document_id, by_customer(caller().subject_id)
    )
    return ""


@documents.get("/<public_id:case_id>/documents/<public_id:document_id>/link")
@documents.output(LinkOut)
@documents.doc(summary="资料下载链接（5分钟内有效）")
def create_link(case_id: str, document_id: str) -> Any:
    """Returns a download link for a document, valid for five minutes.

    Only for the owner of the case.
    """
    case = access.customer_case(caller().subject_id, case_id)
    return link_signer().link(document_access.one_for_customer(case, document_id))
