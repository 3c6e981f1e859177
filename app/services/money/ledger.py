"""The zero-paper ledger of a case: documents, trips and yuan asked of the customer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import insert, select

from app.core import clock
from app.core.db import db
from app.domain.errors import NotToBeAskedError
from app.models import Case, LedgerEntry, LedgerKind
from app.services.installation import city

_LONGEST = 200

# What the program never asks, as the end of a sentence.
_NEVER: Mapping[str, str] = {
    LedgerKind.DOCUMENT: "不向客户索要任何资料",
    LedgerKind.TRIP: "不要求客户跑腿",
    LedgerKind.PAYMENT_FEN: "不向客户收取任何费用",
}


@dataclass(frozen=True, slots=True)
class Ledger:
    """Documents and trips counted, money in fen."""

    documents: int
    trips: int
    payment_fen: int
    utility_cost_fen: int
    entries: Sequence[LedgerEntry]


def enter_asked(case: Case, kind: str, quantity: int, what: str) -> None:
    """Enters something asked of the customer, or borne by the utility.

    Raises `NotToBeAskedError` for what the case's program promises never to ask.
    """
    program = city.program(case.program_key)
    if kind in program.free_of:
        raise NotToBeAskedError(f"{program.name}{_NEVER[kind]}，请勿向客户提出。")
    _add(case, kind, quantity, what)


def enter_reported(case: Case, kind: str, quantity: int, what: str) -> None:
    """Enters what the customer reports at the return visit, including what should never have been
    asked.

    The ledger shows a broken promise and does not hide it.
    """
    _add(case, kind, quantity, what)


def enter_correction(case: Case, kind: str, difference: int, what: str) -> None:
    """Enters the difference of a corrected number; it may be negative."""
    if difference > 0:
        enter_asked(case, kind, difference, what)
    elif difference < 0:
        _add(case, kind, difference, what)


def customer_ledger(case_id: str) -> Ledger:
    """The ledger as the customer sees it, without what the utility bore."""
    whole = case_ledger(case_id)
    asked = [entry for entry in whole.entries if entry.kind != LedgerKind.UTILITY_COST_FEN]
    return replace(whole, utility_cost_fen=0, entries=asked)


def case_ledger(case_id: str) -> Ledger:
    """The whole ledger of a case that the caller was allowed to see."""
    entries = db.session.scalars(
        select(LedgerEntry).where(LedgerEntry.case_id == case_id).order_by(LedgerEntry.id)
    ).all()

    def total(kind: LedgerKind) -> int:
        return sum(entry.quantity for entry in entries if entry.kind == kind)

    return Ledger(
        documents=total(LedgerKind.DOCUMENT),
        trips=total(LedgerKind.TRIP),
        payment_fen=total(LedgerKind.PAYMENT_FEN),
        utility_cost_fen=total(LedgerKind.UTILITY_COST_FEN),
        entries=entries,
    )


def _add(case: Case, kind: str, quantity: int, what: str) -> None:
    db.session.connection().execute(
        _INSERT,
        {"case_id": case.id, "at": clock.now(), "kind": kind, "quantity": quantity, "what": what[:_LONGEST]},
    )


# Without the session, which would ask for the number of each entry.
_INSERT = insert(LedgerEntry)
