"""Documents of a case, for staff: upload, list, download link, request."""

from typing import Any

from apiflask import APIBlueprint

from app.domain.document_kinds import Uploader
from app.services.cases import access
from app.services.cases.withdraw_document import withdraw_document
from app.services.documents import document_access, document_requests
from app.services.history.timeline import by_staff
from miniprogram_api.flask_app import takes_file
from miniprogram_api.guards import me
from miniprogram_api.idempotency import answers_anew
from miniprogram_api.problems import OFTEN
from miniprogram_api.schemas.documents import DocumentOut, DocumentRequestIn, DocumentsOut, LinkOut, UploadIn
from miniprogram_api.uploads import link_signer, receive_file

documents = APIBlueprint("staff_documents", __name__, url_prefix="/api/v1/staff/cases", tag="staff")


@documents.get("/<public_id:case_id>/documents")
@documents.output(DocumentsOut)
@documents.doc(summary="工单资料")
def list_documents(case_id: str) -> dict[str, Any]:
    """Lists all documents of a case, and those that the customer was asked for."""
    case = access.staff_case(me(), case_id)
    return {"items": document_access.for_staff(case), "asked": document_access.asked_documents(case)}


@documents.post("/<public_id:case_id>/documents")
@takes_file
@documents.input(UploadIn, location="form_and_files", arg_name="form")
@documents.output(DocumentOut, status_code=201)
@documents.doc(summary="上传资料（现场照片、图纸、过程资料）", responses=OFTEN | {503: "资料暂时无法存取"})
def upload(case_id: str, form: dict[str, Any]) -> dict[str, Any]:
    """Uploads a document to a case, such as a site photo or a drawing.

    PDF, DWG, DXF, JPEG, PNG or HEIC, at most 20 MB. The type is taken from the content, not from the name.
    Refused with `document_refused`.
    """
    member = me()
    return receive_file(lambda: access.staff_case(member, case_id), form, Uploader.STAFF, by_staff(member.id))


@documents.delete("/<public_id:case_id>/documents/<public_id:document_id>")
@documents.output({}, status_code=204)
@documents.doc(summary="撤回本人上传且尚未使用的资料", responses={409: "资料已使用，不能撤回"})
def withdraw(case_id: str, document_id: str) -> str:
    """Withdraws a document that the caller brought, until it is used; its bytes are deleted.

    Refused with `not_found` for a document of anybody else, and with `conflict` when the case is over, the
    document was sent in the conversation or shows a meter, or a task was completed with it.
    """
    withdraw_document(access.staff_case(me(), case_id), document_id, by_staff(me().id))
    return ""


@documents.post("/<public_id:case_id>/documents/<public_id:document_id>/link")
@answers_anew
@documents.output(LinkOut, status_code=201)
@documents.doc(summary="资料下载链接（5分钟内有效，查看留痕）")
def create_link(case_id: str, document_id: str) -> Any:
    """Returns a download link for a document, valid for five minutes.

    A POST, because each read is recorded.
    """
    case = access.staff_case(me(), case_id)
    return link_signer().link(document_access.one_for_staff(me(), case, document_id))


@documents.post("/<public_id:case_id>/document-requests")
@documents.input(DocumentRequestIn)
@documents.output(DocumentsOut, status_code=201)
@documents.doc(summary="请客户提供资料（不得超出承诺的份数）")
def request_document(case_id: str, json_data: dict[str, str]) -> dict[str, Any]:
    """Asks the customer for a document.

    Only a document that the program lists, each once; otherwise `document_not_allowed`. The request appears
    in the customer's ledger.
    """
    case = access.staff_case(me(), case_id)
    document_requests.ask_for_document(case, json_data["document"], by_staff(me().id))
    return {"items": document_access.for_staff(case), "asked": document_access.asked_documents(case)}
