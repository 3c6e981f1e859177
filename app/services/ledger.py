"""The zero-paper ledger of a case: what was asked of the customer, and what it sums to."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from app.core.db import db
from app.models import LedgerEntry, LedgerKind


@dataclass(frozen=True, slots=True)
class Ledger:
    """Documents and trips counted, money in fen."""

    documents: int
    trips: int
    payment_fen: int
    entries: Sequence[LedgerEntry]


def of_case(case_id: str) -> Ledger:
    """The ledger of a case that the caller was allowed to see."""
    entries = db.session.scalars(
        select(LedgerEntry).where(LedgerEntry.case_id == case_id).order_by(LedgerEntry.id)
    ).all()

    def total(kind: LedgerKind) -> int:
        return sum(entry.quantity for entry in entries if entry.kind == kind)

    return Ledger(
        documents=total(LedgerKind.DOCUMENT),
        trips=total(LedgerKind.TRIP),
        payment_fen=total(LedgerKind.PAYMENT_FEN),
        entries=entries,
    )
