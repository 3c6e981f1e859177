"""Documents of a case as staff bring, see, fetch and ask for them."""

from typing import Any

from apiflask import APIBlueprint

from app.domain.document_kinds import Uploader
from app.services.cases import access
from app.services.documents import document_access, document_requests
from app.services.history.timeline import by_staff
from miniprogram_api.flask_app import takes_file
from miniprogram_api.guards import me
from miniprogram_api.schemas.documents import DocumentOut, DocumentRequestIn, DocumentsOut, LinkOut, UploadIn
from miniprogram_api.uploads import links, receive

documents = APIBlueprint("staff_documents", __name__, url_prefix="/api/v1/staff/cases", tag="staff")


@documents.get("/<public_id:case_id>/documents")
@documents.output(DocumentsOut)
@documents.doc(summary="工单资料")
def list_documents(case_id: str) -> dict[str, Any]:
    """All of them."""
    case = access.of_staff(me(), case_id)
    return {"items": document_access.for_staff(case), "asked": document_access.asked(case)}


@documents.post("/<public_id:case_id>/documents")
@takes_file
@documents.input(UploadIn, location="form_and_files", arg_name="form")
@documents.output(DocumentOut, status_code=201)
@documents.doc(summary="上传资料（现场照片、图纸、过程资料）")
def upload(case_id: str, form: dict[str, Any]) -> dict[str, Any]:
    """Step by step, so that nothing is missing at the end."""
    member = me()
    return receive(lambda: access.of_staff(member, case_id), form, Uploader.STAFF, by_staff(member.id))


@documents.post("/<public_id:case_id>/documents/<public_id:document_id>/link")
@documents.output(LinkOut, status_code=201)
@documents.doc(summary="资料下载链接（5分钟内有效，查看留痕）")
def link(case_id: str, document_id: str) -> Any:
    """A POST, because each read is recorded."""
    case = access.of_staff(me(), case_id)
    return links().link(document_access.one_for_staff(me(), case, document_id))


@documents.post("/<public_id:case_id>/document-requests")
@documents.input(DocumentRequestIn)
@documents.output(DocumentsOut, status_code=201)
@documents.doc(summary="请客户提供资料（不得超出承诺的份数）")
def ask(case_id: str, json_data: dict[str, str]) -> dict[str, Any]:
    """Only what the program lists, each once; it enters the zero-paper ledger."""
    case = access.of_staff(me(), case_id)
    document_requests.ask(case, json_data["document"], by_staff(me().id))
    return {"items": document_access.for_staff(case), "asked": document_access.asked(case)}
