"""Changing a visit: writing values, ending it, and what its confirmation sets in motion."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from random import SystemRandom
from typing import Any

from sqlalchemy import update

from app.core.db import db
from app.domain.errors import ConflictError
from app.models import Case, DueKind, Visit, VisitState
from app.services.history.timeline import By, note
from app.services.installation import city
from app.services.scheduling import reservations, working_hours
from app.services.visits import appointments

_RANDOM = SystemRandom()


_CODE_BELOW = 10**6


def update_visit(visit: Visit, **values: Any) -> None:
    """Writes values of a visit that stays live."""
    db.session.execute(
        update(Visit)
        .where(Visit.id == visit.id)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    db.session.refresh(visit)


def end_visit(visit: Visit, state: VisitState, values: Mapping[str, Any]) -> None:
    """Ends a live visit as `state` and writes `values`. The caller releases its time.

    Raises `ConflictError` when somebody else has ended, confirmed or expired it meanwhile.
    """
    if not reservations.end_booking(visit.id, state, VisitState(visit.state), values):
        raise ConflictError("该预约刚刚有变化，请查看后再操作。")
    db.session.refresh(visit)


def new_code() -> str:
    """A six-digit code to compare at the door."""
    return f"{_RANDOM.randrange(_CODE_BELOW):06d}"


def schedule_confirmed(case: Case, visit: Visit, by: By, now: datetime, kind: str) -> None:
    """Sets the reminders of a visit that is confirmed now, and adds its line to the history.

    No reminder is set for an instant that has passed: who books at noon gets no reminder of the evening
    before.
    """
    rules = city.current().visits
    evening = datetime.combine(
        working_hours.local_day(visit.starts_at) - timedelta(days=1), rules.evening_at, city.zone()
    )
    shortly = visit.starts_at - rules.shortly_before
    dues = [
        (visit.id, DueKind.EVENING_BEFORE.value, evening),
        (visit.id, DueKind.SHORTLY_BEFORE.value, shortly),
        (visit.id, DueKind.LATE.value, visit.starts_at + rules.late_after),
    ]
    reservations.set_due(due for due in dues if due[2] > now)
    note(
        case.id,
        now,
        kind,
        by,
        {"purpose": visit.purpose, "starts_at": appointments.history_time(visit.starts_at)},
    )
    if visit.after_due:
        note(case.id, now, "visit_after_due", by, {"purpose": visit.purpose})
