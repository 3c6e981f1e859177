"""Confirming a paper on the phone: the customer sends the hash of what was shown."""

import hmac

from app.core import clock, eventbus
from app.core.db import db
from app.domain.errors import AlreadyDoneError, ConflictError
from app.domain.events import PaperConfirmed
from app.models import Application, Case
from app.services.history.timeline import by_customer, note
from app.services.papers import paper_records
from app.services.papers.paper_records import PaperView


def confirm_paper(case: Case, customer_id: str, paper_id: str, sha256: str) -> PaperView:
    """Confirms the version in force; name, time and hash are stored.

    Raises `NotFoundError`, `ConflictError` when another version replaced it or the hash differs,
    `AlreadyDoneError` the second time, and `PaperChangedError`.
    """
    kind = paper_records.paper_of_case(case.id, paper_id).kind
    row = paper_records.newest_paper(case.id, kind, lock=True)
    if row is None or row.id != paper_id:
        raise ConflictError("该文件已有新版本，请返回列表阅读新版本后确认。")
    if row.confirmed_at is not None:
        raise AlreadyDoneError("您已确认过该文件，无需重复操作。")
    paper_records.paper_content(row)
    if not hmac.compare_digest(row.sha256, sha256.lower()):
        raise ConflictError("您阅读的文件与当前版本不一致，请重新打开文件阅读后确认。")
    now = clock.now()
    row.confirmed_at = now
    row.confirmed_by = customer_id
    row.confirmed_name = db.session.get_one(Application, case.application_id).answers["contact_name"]
    row.confirmed_sha256 = row.sha256
    note(
        case.id, now, "paper_confirmed", by_customer(customer_id), {"paper": row.kind, "version": row.version}
    )
    db.session.flush()
    eventbus.publish(PaperConfirmed(case.id, row.id, row.created_by))
    return paper_records.present_paper(row, in_force=True)
