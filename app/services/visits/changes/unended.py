"""Visits that nobody ended: the jobs end them when their day is over, so that none blocks the next."""

from app.core import clock, eventbus
from app.core.db import db
from app.domain.events import VisitEndedByJobs
from app.models import Case, DueKind, Visit, VisitState
from app.services.cases import access
from app.services.history.timeline import ENGINE
from app.services.scheduling import reservations
from app.services.visits import appointments, visit_updates


def end_unended(visit: Visit) -> None:
    """Ends the visit if its day is over; before that it is looked at again then.

    Its task stays open: that somebody was there does not say that the work is done. One that nobody checked
    into is ended as not having taken place; whoever should have come is asked to tell what is so.
    """
    case = db.session.get_one(Case, visit.case_id)
    access.lock_case(case)
    db.session.refresh(visit)
    if visit.state != VisitState.CONFIRMED:
        return
    until = visit_updates.end_of_day(visit)
    if clock.now() < until:
        reservations.set_due([(visit.id, DueKind.END_OF_DAY.value, until)])
        return
    if appointments.somebody_came(visit.id):
        visit_updates.end_as_done(case, visit, ENGINE, "visit_ended_by_jobs")
    else:
        visit_updates.end_as_missed(case, visit)
    eventbus.publish(VisitEndedByJobs(visit.id))
