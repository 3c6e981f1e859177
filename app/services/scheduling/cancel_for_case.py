"""Cancelling the visits of a case that ends or is sent back."""

from collections.abc import Collection

from sqlalchemy import delete, select

from app.core.db import db
from app.models import Visit, VisitState, VisitWait
from app.services.scheduling import reservations


def cancel_visits_of_case(case_id: str, stages: Collection[str] | None = None) -> list[str]:
    """Cancels the live visits of a case, or of these stages. Returns the ids of the confirmed ones.

    For a case that ends (`stages` is None) its places on the wait-list are removed too.
    """
    wanted = select(Visit.id, Visit.state).where(Visit.case_id == case_id, Visit.state.in_(reservations.LIVE))
    if stages is None:
        db.session.execute(delete(VisitWait).where(VisitWait.case_id == case_id))
    else:
        wanted = wanted.where(Visit.stage_key.in_(stages))
    ended = [
        (visit_id, state)
        for visit_id, state in db.session.execute(wanted).all()
        if reservations.end_booking(visit_id, VisitState.CANCELLED, VisitState(state), {})
    ]
    reservations.release_time([visit_id for visit_id, _ in ended])
    return [visit_id for visit_id, state in ended if state == VisitState.CONFIRMED]
