"""Stored papers: bytes, hash, and whether the two still match."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from app.core.crypto import UnreadableError
from app.core.db import db
from app.domain.errors import NotFoundError, PaperChangedError
from app.models import Case, Paper
from app.services.history.access_log import record_reads
from app.services.installation import city
from app.services.people.staffing import Colleague


@dataclass(frozen=True, slots=True)
class PaperView:
    """A paper in a list; only the newest version of its kind (`in_force`) can be confirmed."""

    id: str
    kind: str
    name: str
    version: int
    number: str
    sha256: str
    in_force: bool
    created_at: datetime
    confirmed_at: datetime | None
    confirmed_name: str | None


def newest_paper(case_id: str, kind: str, *, lock: bool = False) -> Paper | None:
    """The version in force of one kind of paper; `lock` locks it until the transaction ends."""
    query = (
        select(Paper)
        .where(Paper.case_id == case_id, Paper.kind == kind)
        .order_by(Paper.version.desc())
        .limit(1)
    )
    return db.session.scalar(query.with_for_update() if lock else query)


def paper_of_case(case_id: str, paper_id: str) -> Paper:
    """A paper of a case that the caller was allowed to see. Raises `NotFoundError`."""
    row = db.session.scalar(select(Paper).where(Paper.id == paper_id, Paper.case_id == case_id))
    if row is None:
        raise NotFoundError
    return row


def papers_of_case(case_id: str) -> list[PaperView]:
    """Every version of every paper of a case, in the order they were made."""
    rows = db.session.scalars(
        select(Paper).where(Paper.case_id == case_id).order_by(Paper.created_at, Paper.version)
    ).all()
    latest = {row.kind: row.id for row in rows}
    return [present_paper(row, in_force=latest[row.kind] == row.id) for row in rows]


def present_paper(row: Paper, *, in_force: bool) -> PaperView:
    """One paper in words."""
    return PaperView(
        id=row.id,
        kind=row.kind,
        name=city.current().papers[row.kind].name,
        version=row.version,
        number=row.number,
        sha256=row.sha256,
        in_force=in_force,
        created_at=row.created_at,
        confirmed_at=row.confirmed_at,
        confirmed_name=row.confirmed_name,
    )


def paper_content(row: Paper) -> bytes:
    """The PDF, after its hash was recomputed.

    Raises `PaperChangedError` when it is not what was made, or not what the customer confirmed.
    """
    try:
        found = row.content
    except UnreadableError as fault:
        raise _changed(row) from fault
    if paper_hash(found) != row.sha256 or row.confirmed_sha256 not in {None, row.sha256}:
        raise _changed(row)
    return found


def read_by_staff(staff: Colleague, case: Case, paper_id: str) -> bytes:
    """The PDF for a member of staff who may know the customer; the read is recorded (PIPL 51)."""
    row = paper_of_case(case.id, paper_id)
    record_reads(staff.id, [case.id], f"paper.{row.kind}"[:64])
    return paper_content(row)


def paper_hash(found: bytes) -> str:
    """The SHA-256 of a paper, in hexadecimal."""
    return hashlib.sha256(found).hexdigest()


def _changed(row: Paper) -> PaperChangedError:
    name = city.current().papers[row.kind].name
    return PaperChangedError(
        f"《{name}》（{row.number}）与生成时不一致，已停止使用，请联系客户管家重新生成。"
    )
