"""What is held about a person, by kind: purpose, legal basis and term (terms.toml of the city)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from pathlib import Path

from app.domain.toml_reader import Source, Table, check_unique


class Start(StrEnum):
    """From when a term is counted."""

    DELETION = "deletion"
    END = "end"
    HANDLED = "handled"
    MADE = "made"


class DataKind(StrEnum):
    """Every kind of data about a person; the city has to give a term for each."""

    ACCOUNT = "account"
    CONSENTS = "consents"
    DRAFTS = "drafts"
    APPLICATIONS = "applications"
    PAPERS = "papers"
    PAYMENTS = "payments"
    DOCUMENTS = "documents"
    VISITS = "visits"
    MESSAGES = "messages"
    ENQUIRIES = "enquiries"
    ANSWERS = "answers"
    NOTICES = "notices"
    DELIVERIES = "deliveries"
    CALLBACKS = "callbacks"
    SESSIONS = "sessions"
    ACCESS_RECORDS = "access_records"
    WEBHOOKS = "webhooks"
    COPIES = "copies"


@dataclass(frozen=True, slots=True)
class DataTerm:
    """One kind of data; the texts are for the person whom it is about. `term` is counted from `start`."""

    kind: DataKind
    name: str
    purpose: str
    basis: str
    start: Start
    term: timedelta
    cite: str


_FROM: Mapping[Start, str] = {
    Start.DELETION: "您删除信息",
    Start.END: "办结",
    Start.HANDLED: "处理完毕",
    Start.MADE: "产生",
}


def term_in_words(term: DataTerm) -> str:
    """The term as a person reads it."""
    since = _FROM[term.start]
    return f"自{since}之日起保存{term.term.days}天" if term.term else f"{since}后立即删除"


def load_terms(folder: Path) -> Mapping[DataKind, DataTerm]:
    """Read terms.toml of a city's folder.

    :raises ConfigError: with every fault: an unknown kind, one without a term, one without a citation.
    """
    source = Source(folder / "terms.toml")
    rows = source.root.tables("terms")
    check_unique(rows, [row.text("key") for row in rows])
    found = {term.kind: term for term in map(_term, rows)}
    for kind in DataKind:
        if kind not in found:
            source.note(f"terms.{kind}", "this kind of data has no term")
    source.finish()
    return found


def _term(row: Table) -> DataTerm:
    days = row.whole("days")
    kind = row.choice("key", DataKind)
    return DataTerm(
        kind=kind,
        name=row.text("name"),
        purpose=row.text("purpose"),
        basis=row.text("basis"),
        start=row.choice("from", Start),
        term=timedelta(days=days or 0),
        cite=row.cite(),
    )
