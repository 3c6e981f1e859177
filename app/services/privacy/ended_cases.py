"""Ended cases whose term is over: every personal value goes, the figures of the work stay.

Which columns hold personal data is not listed here: every encrypted column of every table that leads to a
case is emptied, so that a new one is reached without anybody thinking of it. Papers and payments have longer
terms.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, Table, delete, select, type_coerce, update
from sqlalchemy.types import TypeEngine

from app.core import clock, crypto
from app.core.db import db
from app.domain.data_terms import DataKind
from app.models import Application, Case, Conversation, Document, Meter, Paper, PartnerCase, Payment
from app.services.conversations.care import retention
from app.services.documents import deletion
from app.services.installation import city
from app.services.privacy import key_rotation

GONE = "已删除"
_LONGER = frozenset({"papers", "payments"})


def erase_ended_cases(limit: int) -> int:
    """Empties up to `limit` cases that ended longer ago than their term. Returns how many."""
    before = clock.now() - city.current().terms[DataKind.APPLICATIONS].term
    cases = db.session.scalars(
        select(Case)
        .where(Case.closed_at < before, Case.erased_at.is_(None))
        .order_by(Case.closed_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    if cases:
        _erase(cases)
    return len(cases)


def delete_papers(limit: int) -> int:
    """Empties up to `limit` papers of cases that ended longer ago than the term of papers."""
    papers = db.session.scalars(
        select(Paper)
        .join(Case, Case.id == Paper.case_id)
        .where(Case.closed_at < _before(DataKind.PAPERS), Paper.sha256 != "")
        .limit(limit)
    ).all()
    for paper in papers:
        paper.content, paper.terms, paper.confirmed_name = b"", {}, None
        paper.sha256, paper.confirmed_sha256 = "", None
    return len(papers)


def delete_payments(limit: int) -> int:
    """Deletes up to `limit` payments of cases that ended longer ago than the term of payments."""
    ids = db.session.scalars(
        select(Payment.id)
        .join(Case, Case.id == Payment.case_id)
        .where(Case.closed_at < _before(DataKind.PAYMENTS))
        .limit(limit)
    ).all()
    db.session.execute(delete(Payment).where(Payment.id.in_(ids)))
    return len(ids)


def _before(kind: DataKind) -> datetime:
    return clock.now() - city.current().terms[kind].term


def _erase(cases: Sequence[Case]) -> None:
    ids = [case.id for case in cases]
    retention.delete_all(
        db.session.scalars(select(Conversation.id).where(Conversation.case_id.in_(ids))).all()
    )
    documents = db.session.scalars(select(Document.id).where(Document.case_id.in_(ids))).all()
    db.session.execute(update(Meter).where(Meter.photo_id.in_(documents)).values(photo_id=None))
    deletion.delete_documents(documents)
    for encrypted in key_rotation.columns():
        condition = None if encrypted.table.name in _LONGER else _leads_to(encrypted.table, ids)
        if condition is not None:
            db.session.execute(
                update(encrypted.table).where(condition).values({encrypted.column: _empty(encrypted.column)})
            )
    db.session.execute(update(PartnerCase).where(PartnerCase.case_id.in_(ids)).values(consultation=None))
    for case in cases:
        application = db.session.get_one(Application, case.application_id, populate_existing=True)
        application.answers = _emptied(case)
        application.sources, application.phone_hash, application.customer_id = {}, None, None
        case.project_name, case.phone_hash, case.lookup_hash = GONE, "", ""
        case.customer_id, case.rating_remark, case.erased_at = None, None, clock.now()
    db.session.flush()


def _emptied(case: Case) -> dict[str, Any]:
    """What every reader of a form relies on."""
    named = dict.fromkeys(("project_name", "contact_name", "address"), GONE)
    return {**named, "contact_phone": "", "district": case.district}


def _leads_to(table: Table, case_ids: Sequence[str], seen: frozenset[str] = frozenset()) -> Any:
    """The condition for the rows that belong to these cases; None for a table that leads to none."""
    if table.name == "cases":
        return table.c.id.in_(case_ids)
    if table.name == "applications":
        return table.c.id.in_(select(Case.application_id).where(Case.id.in_(case_ids)))
    if "case_id" in table.c:
        return table.c.case_id.in_(case_ids)
    for column in table.c:
        for key in column.foreign_keys:
            parent = key.column.table
            if parent.name in seen or parent.name in {"cases", "applications"}:
                continue
            above: ColumnElement[bool] | None = _leads_to(parent, case_ids, seen | {table.name})
            if above is not None:
                return column.in_(select(key.column).where(above))
    return None


def _empty(column: Column[Any]) -> Any:
    if column.nullable:
        return None
    kind: TypeEngine[Any] = column.type
    if isinstance(kind, crypto.EncryptedJson):
        return type_coerce({}, kind)
    return b"" if isinstance(kind, crypto.EncryptedBytes) else ""
