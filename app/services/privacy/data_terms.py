"""The terms of what the services keep: deleted by the jobs in bounded batches (the city's terms.toml)."""

from typing import Any

from sqlalchemy import delete, select

from app.core import clock
from app.core.db import db
from app.domain.data_terms import DataKind
from app.models import AccessRecord, DataCopy, Session
from app.services.installation import city
from app.services.privacy import ended_cases

CASES_AT_ONCE = 20


def delete_past_terms(limit: int) -> dict[DataKind, int]:
    """Deletes up to `limit` rows of each kind whose term is over; of cases at most 20. How many of which."""
    now, terms = clock.now(), city.current().terms
    rows: tuple[tuple[DataKind, Any, Any, Any], ...] = (
        (DataKind.SESSIONS, Session, Session.id, Session.expires_at),
        (DataKind.ACCESS_RECORDS, AccessRecord, AccessRecord.id, AccessRecord.at),
        (DataKind.COPIES, DataCopy, DataCopy.id, DataCopy.requested_at),
    )
    deleted = {
        kind: _delete(model, key, since < now - terms[kind].term, limit) for kind, model, key, since in rows
    }
    deleted[DataKind.APPLICATIONS] = ended_cases.erase_ended_cases(min(limit, CASES_AT_ONCE))
    deleted[DataKind.PAPERS] = ended_cases.delete_papers(min(limit, CASES_AT_ONCE))
    deleted[DataKind.PAYMENTS] = ended_cases.delete_payments(limit)
    return deleted


def _delete(model: Any, key: Any, over: Any, limit: int) -> int:
    ids = db.session.scalars(select(key).where(over).limit(limit)).all()
    if ids:
        db.session.execute(
            delete(model).where(key.in_(ids)), execution_options={"synchronize_session": False}
        )
    return len(ids)
