"""What the API shows of a morning's message: everything it told, by case and importance."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import func, select, update

from app.core import clock
from app.core.db import db
from app.domain.errors import NotFoundError
from app.services.event_views import cases
from notifications.models import Notice, OutboxMessage


@dataclass(frozen=True, slots=True)
class DigestNotice:
    """One notice of a morning's message. `importance` is 1 (first) to 3."""

    id: str
    kind: str
    title: str
    body: str = field(repr=False)
    importance: int
    created_at: datetime
    read_at: datetime | None


@dataclass(frozen=True, slots=True)
class DigestCase:
    """The notices of one case, the most important first; an enquiry has neither number nor project."""

    case_id: str | None
    number: str | None
    project_name: str | None
    importance: int
    notices: Sequence[DigestNotice]


@dataclass(frozen=True, slots=True)
class Digest:
    """A morning's message: its cases, those with the most important notice first."""

    id: str
    body: str = field(repr=False)
    created_at: datetime
    read_at: datetime | None
    cases: Sequence[DigestCase]


def digest_of(staff_id: str, digest_id: str) -> Digest:
    """A morning's message to this person. Raises `NotFoundError` when it went to somebody else."""
    found = _own(staff_id, digest_id)
    rows = db.session.execute(
        select(
            Notice.case_id,
            Notice.id,
            Notice.kind,
            Notice.title,
            Notice.body,
            OutboxMessage.importance,
            Notice.created_at,
            Notice.read_at,
        )
        .join(OutboxMessage, OutboxMessage.notice_id == Notice.id)
        .where(OutboxMessage.digest_id == digest_id)
        .order_by(OutboxMessage.importance, Notice.seq)
    )
    by_case: dict[str, list[DigestNotice]] = {}
    for row in rows:
        notice = DigestNotice(
            row.id, row.kind, row.title, row.body, row.importance, row.created_at, row.read_at
        )
        by_case.setdefault(row.case_id, []).append(notice)
    names = cases.names(by_case)
    return Digest(
        found.id,
        found.body,
        found.created_at,
        found.read_at,
        [_case(case_id, names.get(case_id), notices) for case_id, notices in by_case.items()],
    )


def mark_digest_read(staff_id: str, digest_id: str) -> None:
    """Mark it and all of its notices as read; reading again keeps the first time. Raises `NotFoundError`."""
    _own(staff_id, digest_id)
    of_digest = select(OutboxMessage.notice_id).where(OutboxMessage.digest_id == digest_id)
    db.session.execute(
        update(Notice)
        .where(Notice.staff_id == staff_id, (Notice.id == digest_id) | Notice.id.in_(of_digest))
        .values(read_at=func.coalesce(Notice.read_at, clock.now()))
        .execution_options(synchronize_session=False)
    )


def _own(staff_id: str, digest_id: str) -> Notice:
    found = db.session.scalar(
        select(Notice).where(
            Notice.id == digest_id, Notice.staff_id == staff_id, Notice.kind == "morning_digest"
        )
    )
    if found is None:
        raise NotFoundError
    return found


def _case(case_id: str, name: cases.CaseName | None, notices: Sequence[DigestNotice]) -> DigestCase:
    return DigestCase(
        case_id or None,
        None if name is None else name.number,
        None if name is None else name.project_name,
        notices[0].importance,
        notices,
    )
