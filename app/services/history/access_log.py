"""The record of who read personal data in full (PIPL 51, 54): written in the transaction of the read."""

from collections.abc import Iterable

from app.core import clock
from app.core.db import db
from app.models import AccessRecord


def record_reads(staff_id: str, case_ids: Iterable[str | None], field: str) -> None:
    """Record that a member of staff reads `field` of these cases now, each case once; None: no case."""
    now = clock.now()
    db.session.add_all(
        AccessRecord(staff_id=staff_id, case_id=case_id, field=field, at=now)
        for case_id in dict.fromkeys(case_ids)
    )
