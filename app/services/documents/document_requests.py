"""Asking the customer for a document: only one on the program's list, each only once."""

from sqlalchemy import insert, select

from app.core import clock
from app.core.db import db
from app.domain.errors import DocumentNotAllowedError
from app.domain.programs.definition import Document as ListedDocument
from app.models import Case, DocumentRequest, LedgerKind
from app.services.history.timeline import By, note
from app.services.installation import city
from app.services.money import ledger


def ask_for_document(case: Case, document_key: str, by: By) -> None:
    """Asks for a document and enters it in the zero-paper ledger.

    Raises `DocumentNotAllowedError` for one that is not on the program's list or was asked for already:
    asking for more than the promised number is a defect.
    """
    program = city.program(case.program_key)
    listed = next((document for document in program.documents if document.key == document_key), None)
    if listed is None:
        names = "、".join(document.name for document in program.documents)
        allowed = f"只能要求提供：{names}" if names else "不得要求客户提供任何资料"
        raise DocumentNotAllowedError(f"{program.name}{allowed}。")
    already = db.session.scalar(
        select(DocumentRequest.id).where(
            DocumentRequest.case_id == case.id, DocumentRequest.document_key == document_key
        )
    )
    if already is not None:
        raise DocumentNotAllowedError(f"“{listed.name}”已要求过一次，不得重复要求客户提供。")
    enter_request(case, listed, by)


def enter_request(case: Case, listed: ListedDocument, by: By) -> None:
    """Records that a listed document is asked for, in a case whose row exists.

    Raises `NotToBeAskedError`.
    """
    ledger.enter_asked(case, LedgerKind.DOCUMENT, 1, listed.name)
    now = clock.now()
    db.session.connection().execute(
        _INSERT, {"case_id": case.id, "document_key": listed.key, "staff_id": by.id, "asked_at": now}
    )
    note(case.id, now, "document_asked", by, {"document": listed.key})


# Every submission does this: without the session, which would read the row's number back.
_INSERT = insert(DocumentRequest)
