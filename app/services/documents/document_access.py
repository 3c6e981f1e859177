"""Who may see which document, and the short-lived link to its bytes."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from itsdangerous import BadData, URLSafeSerializer
from sqlalchemy import select

from app.core import clock
from app.core.db import db
from app.domain.errors import NotFoundError
from app.domain.file_types import ending_of
from app.models import Actor, Case, Document, DocumentRequest, Message
from app.services.history.access_log import record_reads
from app.services.installation import city
from app.services.people.staffing import Colleague

LINK_LIFETIME = timedelta(minutes=5)
NAMELESS = "picture"


@dataclass(frozen=True, slots=True)
class DocumentLine:
    """A document in a list."""

    id: str
    kind: str
    kind_name: str
    name: str
    media_type: str
    size: int
    sha256: str
    brought_by: str
    created_at: datetime
    withheld: bool


@dataclass(frozen=True, slots=True)
class AskedLine:
    """A document that the customer was asked for, and whether it is there."""

    key: str
    name: str
    asked_at: datetime
    delivered: bool


@dataclass(frozen=True, slots=True)
class Link:
    """An address that works until `expires_at`."""

    path: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Delivery:
    """Where the bytes of a document lie, and how they are handed out."""

    object_key: str
    media_type: str
    size: int
    name: str


class LinkSigner:
    """Signs links to documents with the installation's secret."""

    def __init__(self, secret_key: str) -> None:
        """The salt keeps a link from passing for a login."""
        self._serializer = URLSafeSerializer(secret_key, salt="document-link")

    def link(self, document: Document) -> Link:
        """A link to a document that the caller was allowed to see."""
        expires = clock.now() + LINK_LIFETIME
        return Link(self._path(document, expires, named=True), expires)

    def nameless(self, document: Document, lasts: timedelta) -> Link:
        """A link for WeChat's content check, which does not reveal the file name."""
        expires = clock.now() + lasts
        return Link(self._path(document, expires, named=False), expires)

    def _path(self, document: Document, expires: datetime, *, named: bool) -> str:
        return f"/api/v1/files/{self._serializer.dumps([document.id, int(expires.timestamp()), int(named)])}"

    def deliver(self, token: str) -> Delivery:
        """The document behind a link. Raises `NotFoundError` when it is forged or expired."""
        try:
            document_id, expires, named = self._serializer.loads(token)
        except (BadData, ValueError) as fault:
            raise NotFoundError("链接无效，请返回重新打开。") from fault
        if clock.now().timestamp() > expires:
            raise NotFoundError("链接已过期，请返回重新打开。")
        document = db.session.get(Document, document_id)
        if document is None or document.withheld_at is not None:
            # Deleted or withheld since the link was made.
            raise NotFoundError("该资料已不能查看，请返回刷新。")
        name = document.name if named else NAMELESS
        ending = ending_of(document.media_type)
        return Delivery(
            object_key=document.object_key,
            media_type=document.media_type,
            size=document.size,
            # The ending says what the bytes are, whatever the uploader's device called them.
            name=name if name.lower().endswith(ending) else name + ending,
        )


def line(row: Document) -> DocumentLine:
    """A document as its people see it."""
    return DocumentLine(
        id=row.id,
        kind=row.kind,
        kind_name=city.current().documents.kind(row.kind).name,
        name=row.name,
        media_type=row.media_type,
        size=row.size,
        sha256=row.sha256,
        brought_by=row.actor,
        created_at=row.created_at,
        withheld=row.withheld_at is not None,
    )


def for_customer(case: Case) -> list[DocumentLine]:
    """The documents the owner sees: their own, and those kinds of ours that the city shows them.

    Documents that WeChat's content check calls risky are left out.
    """
    return [line(row) for row in _rows(case.id) if _shown_to_customer(row)]


def for_staff(case: Case) -> list[DocumentLine]:
    """Every document of a case that concerns the caller."""
    return [line(row) for row in _rows(case.id)]


def drawings(case_id: str) -> list[DocumentLine]:
    """The drawings of a case, which say what is wanted and not by whom; withheld ones are left out."""
    rules = city.current().documents
    return [line(row) for row in _rows(case_id) if rules.kind(row.kind).drawing and row.withheld_at is None]


def asked_documents(case: Case) -> list[AskedLine]:
    """The documents that the customer was asked for, in order."""
    there = {row.kind for row in _rows(case.id)}
    names = {document.key: document.name for document in city.program(case.program_key).documents}
    rows = db.session.scalars(
        select(DocumentRequest).where(DocumentRequest.case_id == case.id).order_by(DocumentRequest.id)
    )
    return [
        AskedLine(
            key=row.document_key,
            name=names.get(row.document_key, row.document_key),
            asked_at=row.asked_at,
            # The form is filled in on the phone: no file is needed.
            delivered=row.document_key in there or row.staff_id is None,
        )
        for row in rows
    ]


def one_for_customer(case: Case, document_id: str) -> Document:
    """One document the owner may fetch. Raises `NotFoundError`."""
    document = _one(case.id, document_id)
    if not _shown_to_customer(document):
        raise NotFoundError
    return document


def one_for_staff(staff: Colleague, case: Case, document_id: str) -> Document:
    """One document of a case that concerns the caller; the read is recorded. Raises `NotFoundError`."""
    return _opened(staff, case.id, _one(case.id, document_id))


def document_in_conversation(staff: Colleague, conversation_id: str, document_id: str) -> Document:
    """One document sent in a conversation that the caller may read; the read is recorded.

    For invited departments, and for enquiries, which have no case. Raises `NotFoundError`.
    """
    document = db.session.scalar(
        select(Document)
        .join(Message, Message.document_id == Document.id)
        .where(Document.id == document_id, Message.conversation_id == conversation_id)
        .limit(1)
    )
    if document is None:
        raise NotFoundError
    return _opened(staff, document.case_id, document)


def _opened(staff: Colleague, case_id: str | None, document: Document) -> Document:
    if document.withheld_at is not None:
        raise NotFoundError("该图片未通过微信内容安全检测，不能打开。如需核实，请致电客户。")
    record_reads(staff.id, [case_id], f"document:{document.id}")
    return document


def _rows(case_id: str) -> list[Document]:
    return list(
        db.session.scalars(
            select(Document).where(Document.case_id == case_id).order_by(Document.created_at, Document.id)
        )
    )


def _one(case_id: str, document_id: str) -> Document:
    document = db.session.scalar(
        select(Document).where(Document.id == document_id, Document.case_id == case_id)
    )
    if document is None:
        raise NotFoundError
    return document


def _shown_to_customer(row: Document) -> bool:
    if row.withheld_at is not None:
        return False
    return row.actor == Actor.CUSTOMER or city.current().documents.kind(row.kind).shown_to_customer
