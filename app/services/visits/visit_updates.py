"""Changing a visit: writing values, ending it, and what its confirmation sets in motion."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from random import SystemRandom
from typing import Any

from sqlalchemy import update

from app.core import clock
from app.core.db import db
from app.domain.errors import ConflictError
from app.models import Case, DueKind, Visit, VisitState
from app.services.history.timeline import ENGINE, By, note
from app.services.installation import city
from app.services.scheduling import reservations, working_hours
from app.services.visits import appointments, work_before_visits

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
    was = VisitState(visit.state)
    if not reservations.end_booking(visit.id, state, was, values):
        raise ConflictError("该预约刚刚有变化，请查看后再操作。")
    db.session.refresh(visit)
    if was is VisitState.CONFIRMED and state is not VisitState.DONE:
        work_before_visits.set_due(db.session.get_one(Case, visit.case_id), visit.purpose, None)


def new_code() -> str:
    """A six-digit code to compare at the door."""
    return f"{_RANDOM.randrange(_CODE_BELOW):06d}"


def end_of_day(visit: Visit) -> datetime:
    """When a visit is ended that nobody ended: in the early morning after its day."""
    next_day = working_hours.local_day(visit.starts_at) + timedelta(days=1)
    return datetime.combine(next_day, city.current().visits.end_unended_at, city.zone())


def end_as_done(case: Case, visit: Visit, by: By, kind: str) -> None:
    """Ends a visit to which somebody came, with a line of this kind in the history. The case is locked."""
    end_visit(visit, VisitState.DONE, {})
    reservations.release_time([visit.id])
    note(case.id, clock.now(), kind, by, {"purpose": visit.purpose})


def end_as_missed(case: Case, visit: Visit) -> None:
    """Ends a visit that nobody checked into when its day is over. The case is locked.

    `no_show_of` stays open: that nobody checked in does not say which side was not there.
    """
    end_visit(visit, VisitState.NO_SHOW, {})
    reservations.release_time([visit.id])
    note(case.id, clock.now(), "visit_not_checked_in", ENGINE, {"purpose": visit.purpose})


def live_or_over(case: Case, purpose: str) -> Visit | None:
    """The live booking of a locked case for a purpose.

    One whose time is over and that somebody came to, or whose whole day is over, is ended here: that nobody
    has ended it yet must not keep the customer from booking again.
    """
    visit = appointments.live_visit(case.id, purpose)
    if visit is None or visit.state != VisitState.CONFIRMED:
        return visit
    now = clock.now()
    if visit.ends_at <= now and appointments.somebody_came(visit.id):
        end_as_done(case, visit, ENGINE, "visit_ended_by_jobs")
        return None
    if end_of_day(visit) <= now and not appointments.somebody_came(visit.id):
        end_as_missed(case, visit)
        return None
    return visit


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
        (visit.id, DueKind.UNENDED.value, visit.ends_at + rules.remind_unended),
        (visit.id, DueKind.END_OF_DAY.value, end_of_day(visit)),
    ]
    reservations.set_due(due for due in dues if due[2] > now)
    work_before_visits.set_due(case, visit.purpose, visit.starts_at)
    if shortly <= now:
        # Too late for the reminder that would tell of it.
        work_before_visits.tell_missing(visit)
    note(
        case.id,
        now,
        kind,
        by,
        {"purpose": visit.purpose, "starts_at": appointments.history_time(visit.starts_at)},
    )
    if visit.after_due:
        note(case.id, now, "visit_after_due", by, {"purpose": visit.purpose})
