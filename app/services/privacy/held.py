"""Everything that is held about a customer, by kind, as they may see it and take it with them (PIPL 45).

What lies in tables of the business is gathered here. Whoever keeps data about people elsewhere, as the
notifications do, registers a source.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select

from app.core.db import db
from app.domain.data_terms import DataKind, term_in_words
from app.models import (
    Actor,
    Application,
    Case,
    Conversation,
    Customer,
    Document,
    Message,
    Paper,
    Payment,
    PrivacyConsent,
    Session,
    Visit,
)
from app.services.installation import city

Item = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Section:
    """Up to so many items of one kind, newest first; `total` counts them all."""

    kind: DataKind
    total: int
    items: Sequence[Item]


Source = Callable[[str, int], Section]
"""The section of a customer (id), with at most so many items."""

_sources: dict[DataKind, Source] = {}


def add_source(kind: DataKind, source: Source) -> None:
    """Names what gathers a kind that is kept above the services; naming it again replaces it."""
    _sources[kind] = source


def everything(customer_id: str, most: int) -> list[dict[str, Any]]:
    """Every kind with its purpose, basis and term, and up to `most` items of each."""
    found = {kind: source(customer_id, most) for kind, source in {**_OWN, **_sources}.items()}
    return [
        {
            "kind": term.kind.value,
            "name": term.name,
            "purpose": term.purpose,
            "basis": term.basis,
            "term": term_in_words(term),
            "cite": term.cite,
            "total": found[term.kind].total if term.kind in found else 0,
            "items": [_plain(item) for item in found[term.kind].items] if term.kind in found else [],
        }
        for term in city.current().terms.values()
    ]


def section(kind: DataKind, query: Select[*tuple[Any, ...]], order_by: Any, most: int) -> Section:
    """The rows of a query as items, named as its columns are."""
    total = db.session.scalar(select(func.count()).select_from(query.order_by(None).subquery())) or 0
    rows = db.session.execute(query.order_by(order_by).limit(most)).mappings()
    return Section(kind, total, [dict(row) for row in rows])


def _plain(item: Item) -> dict[str, Any]:
    zone = city.zone()
    return {
        key: value.astimezone(zone).isoformat() if isinstance(value, datetime) else value
        for key, value in item.items()
        if value is not None
    }


def _cases_of(customer_id: str) -> Select[str]:
    return select(Case.id).where(Case.customer_id == customer_id)


def _account(customer_id: str, most: int) -> Section:
    who = select(
        Customer.openid, Customer.unionid, Customer.service_openid, Customer.phone, Customer.created_at
    )
    return section(DataKind.ACCOUNT, who.where(Customer.id == customer_id), Customer.id, most)


def _consents(customer_id: str, most: int) -> Section:
    given = select(PrivacyConsent.version, PrivacyConsent.accepted_at)
    mine = given.where(PrivacyConsent.customer_id == customer_id)
    return section(DataKind.CONSENTS, mine, PrivacyConsent.id.desc(), most)


def _applications(kind: DataKind, condition: ColumnElement[bool]) -> Source:
    def source(customer_id: str, most: int) -> Section:
        query = (
            select(
                Case.number,
                Case.project_name,
                Application.program_key.label("program"),
                Application.answers,
                Application.created_at,
                Application.submitted_at,
                Case.rating,
                Case.rating_remark,
            )
            .outerjoin(Case, Case.application_id == Application.id)
            .where(Application.customer_id == customer_id, condition)
        )
        return section(kind, query, Application.created_at.desc(), most)

    return source


def _papers(customer_id: str, most: int) -> Section:
    query = select(Paper.number, Paper.kind, Paper.version, Paper.terms, Paper.created_at, Paper.confirmed_at)
    mine = query.where(Paper.case_id.in_(_cases_of(customer_id)))
    return section(DataKind.PAPERS, mine, Paper.created_at.desc(), most)


def _payments(customer_id: str, most: int) -> Section:
    query = select(Payment.amount_fen, Payment.receipt_number, Payment.received_at)
    mine = query.where(Payment.case_id.in_(_cases_of(customer_id)))
    return section(DataKind.PAYMENTS, mine, Payment.received_at.desc(), most)


def _documents(customer_id: str, most: int) -> Section:
    query = select(Document.kind, Document.name, Document.media_type, Document.size, Document.created_at)
    brought = (Document.actor == Actor.CUSTOMER) & (Document.actor_id == customer_id)
    mine = query.where(or_(Document.case_id.in_(_cases_of(customer_id)), brought))
    return section(DataKind.DOCUMENTS, mine, Document.created_at.desc(), most)


def _visits(customer_id: str, most: int) -> Section:
    query = select(Visit.purpose, Visit.state, Visit.starts_at, Visit.ends_at, Visit.reason)
    mine = query.where(Visit.case_id.in_(_cases_of(customer_id)))
    return section(DataKind.VISITS, mine, Visit.starts_at.desc(), most)


def _messages(customer_id: str, most: int) -> Section:
    return _said(DataKind.MESSAGES, Conversation.case_id.in_(_cases_of(customer_id)), most)


def _enquiries(customer_id: str, most: int) -> Section:
    mine = Conversation.case_id.is_(None) & (Conversation.customer_id == customer_id)
    return _said(DataKind.ENQUIRIES, mine, most)


def _said(kind: DataKind, where: ColumnElement[bool], most: int) -> Section:
    query = (
        select(Message.author, Message.kind, Message.content, Message.sent_at)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .where(where)
    )
    return section(kind, query, Message.sent_at.desc(), most)


def _sessions(customer_id: str, most: int) -> Section:
    query = select(Session.created_at, Session.expires_at, Session.revoked_at)
    return section(
        DataKind.SESSIONS, query.where(Session.subject_id == customer_id), Session.created_at.desc(), most
    )


_OWN: Mapping[DataKind, Source] = {
    DataKind.ACCOUNT: _account,
    DataKind.CONSENTS: _consents,
    DataKind.DRAFTS: _applications(DataKind.DRAFTS, Application.submitted_at.is_(None)),
    DataKind.APPLICATIONS: _applications(DataKind.APPLICATIONS, Application.submitted_at.is_not(None)),
    DataKind.PAPERS: _papers,
    DataKind.PAYMENTS: _payments,
    DataKind.DOCUMENTS: _documents,
    DataKind.VISITS: _visits,
    DataKind.MESSAGES: _messages,
    DataKind.ENQUIRIES: _enquiries,
    DataKind.SESSIONS: _sessions,
}
